"""Whatever verifies is found, wherever it stands and however a mail program wrote it (fault 99)."""

from __future__ import annotations

import pytest

from mailgate.model import token
from mailgate.model.token import Keyring, letter_of, signed_forms

RING = Keyring((b"the first key, which has 32 octets", b"an older key, which has 32 octets."))
OLD = Keyring(RING.keys[1:])
OTHER = Keyring((b"another house's key of 32 octets..",))
LETTER = "0A1B2C3D"

FORMS = {
    "reply": f"support+{token.reply_detail(RING, LETTER)}@example.org",
    "reply, by an older key": f"support+{token.reply_detail(OLD, LETTER)}@example.org",
    "take": f"support+{token.action_detail(RING, LETTER, 'take')}@example.org",
    "rate": f"support+{token.rating_detail(RING, LETTER, 4)}@example.org",
    "bounce": f"support+{token.bounce_detail(RING, LETTER)}@example.org",
    "Message-ID": token.message_id(RING, 1042, LETTER, "example.org"),
    "Message-ID of no ticket": token.message_id(RING, None, LETTER, "example.org"),
    "anchor": token.anchor_id(RING, 1042, LETTER, "example.org"),
    "anchor of no ticket": token.anchor_id(RING, None, LETTER, "example.org"),
    "ticket whose number has eight digits": token.message_id(RING, 12345678, LETTER, "example.org"),
    "check": token.check_id(RING, LETTER, "example.org"),
    "page": f"https://help.example.org/t/{token.page_detail(RING, LETTER)}",
    "rating page": f"https://help.example.org/r/{token.rating_detail(RING, LETTER, 2)}",
}  # fmt: skip
WRITTEN = {
    "alone": lambda form: form,
    "upper case": str.upper,
    "without its domain": lambda form: form.partition("@")[0].strip("<"),
    "among words": lambda form: f"please write to{form}.Thanks.",
    "percent signs": lambda form: "mailto:" + form.replace("+", "%2B").replace(".", "%2E").replace("@", "%40"),
    "broken in two lines": lambda form: f"{form[:20]}\n    {form[20:]}",
    "broken after a dot": lambda form: form.replace(".", ".\r\n"),
    "quoted-printable": lambda form: f"{form[:24]}=\r\n{form[24:]}",
    "soft hyphens": lambda form: "\u00ad".join(form),
    "blanks of no width": lambda form: "\u200b".join(form),
    "digits before it": lambda form: f"4711{form.strip('<')}",
}


def found(text: str, ring: Keyring = RING) -> set[str]:
    return {letter for form in signed_forms(text) if (letter := letter_of(ring, form)) is not None}


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_form_is_found_however_it_is_written(form):
    for how in WRITTEN:
        assert found(WRITTEN[how](FORMS[form])) == {LETTER}


@pytest.mark.parametrize("form", FORMS)
def test_what_another_key_signed_is_text(form):
    assert found(FORMS[form], OTHER) == set()


@pytest.mark.parametrize("form", FORMS)
def test_a_form_with_one_symbol_changed_is_text(form):
    mac = FORMS[form].partition("@")[0].rpartition(".")[2]
    changed = FORMS[form].replace(mac, mac[:-1] + ("0" if mac[-1] != "0" else "1"))
    assert found(changed) == set()


def test_ordinary_words_verify_for_nobody():
    text = (
        "Version 4.1.2 is on your machine now.\nSee https://help.example.org/a/b.html?x=1234567890abcdef and file.0123456789abcdef0123.txt"
    )
    assert found(text) == set()


def test_a_text_that_is_full_of_forms_costs_no_more_than_some():
    assert len(signed_forms("\n".join(f"{n:08d}.{n:016d}" for n in range(5000)))) == token.MOST_FORMS
