"""What may not leave with an agent's answer besides words (fault 99): what proves others, files of notes, certificates, cipher text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide import leaving
from mailgate.model import token
from mailgate.model.commands import Fault
from mailgate.model.mail import Attachment
from mailgate.model.ticket import Status, Visibility
from tests.compose import desk
from tests.decide.build import (
    ANN,
    BOB,
    MAX,
    MAX_AT,
    PIA,
    RING,
    a_file,
    a_letter,
    a_notice,
    an_agents,
    an_entry,
    entries,
    faults,
    outside,
    reply,
    was_refused,
)
from tests.exam import proofs

OF_BOB, OF_ANN, OF_MAX = a_notice(BOB), a_notice(ANN), a_letter(MAX)
FORMS = {
    "a colleague's address": reply(OF_BOB),
    "the agent's own address": reply(OF_ANN),
    "a colleague's action": f"support+{token.action_detail(RING, OF_BOB.id, 'close')}@example.org",
    "a notice's Message-ID": token.message_id(RING, 1042, OF_BOB.id, "example.org"),
    "a notice's anchor": token.anchor_id(RING, 1042, OF_BOB.id, "example.org"),
    "the bounce address of a notice": f"support+{token.bounce_detail(RING, OF_BOB.id)}@example.org",
    "a letter that nobody knows any more": f"support+{token.reply_detail(RING, '7Z7Z7Z7Z')}@example.org",
}  # fmt: skip


def says(text, html=None, **around):
    return an_agents(text, answers=OF_ANN, letters=(OF_BOB, OF_MAX), new_html=html, **around)


@pytest.mark.parametrize("what", FORMS)
def test_what_verifies_for_somebody_else_comes_back(what):
    decision = says(f"Hello Max,\n\nplease write to {FORMS[what]} next time.")
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", 3)]


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize(
    "written",
    [
        lambda form: f'<p>Hello</p><a href="mailto:{form.replace("+", "%2B").replace("@", "%40")}">me</a>',
        lambda form: f"<p>Hello</p><!-- {form} -->",
        lambda form: f"<p>Hello</p>{form[:14].replace('<', '&lt;')}<b>{form[14:].replace('>', '&gt;')}</b>",
        lambda form: "<p>Hello</p>" + "".join(f"&#{ord(sign)};" for sign in form),
        lambda form: f"<p title='{form.replace('<', '&lt;').replace('>', '&gt;')}'>Hello</p>",
        lambda form: "<p>Hello</p>" + "<wbr>".join(sign.replace("<", "&lt;").replace(">", "&gt;") for sign in form),
    ],
    ids=["link", "comment", "split by a tag", "entities", "title", "split everywhere"],
)  # fmt: skip
def test_so_it_does_where_only_the_html_holds_it(what, written):
    assert was_refused(says("Hello", written(FORMS[what])))


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize("written", ["{}", "x" * 70_000 + "{}", "From: a@b\r\nReferences: {}\r\n\r\nHello"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le"])
def test_so_it_does_where_a_file_holds_it(what, written, charset):
    decision = says("See the file.", in_files={"notes.dat": written.format(FORMS[what]).encode(charset)})
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", None)]


def test_beyond_the_first_mebibyte_a_file_is_not_searched():
    far = b" " * 2**20 + FORMS["a colleague's address"].encode()
    assert outside(says("See the file.", in_files={"notes.dat": far}))


def test_so_it_does_where_the_name_of_a_file_holds_it():
    name = Attachment(f"{reply(OF_BOB)}.txt", "text/plain", 3, "b" * 64, False, "", "2")
    assert was_refused(says("See the file.", attachments=(name,)))


def test_a_line_that_a_program_broke_hides_nothing():
    address = reply(OF_BOB)
    assert was_refused(says(f"Please write to {address[:20]}\n{address[20:]} next time."))


def test_the_readers_own_may_be_said_to_him_and_to_nobody_else():
    text = f"Please use {reply(OF_MAX)}, as in my last letter."
    assert [w.person.address for w in outside(says(text))] == [MAX_AT]
    assert was_refused(says(text, file=a_file(participants=(PIA,)))), "Pia could close the ticket as Max"


def test_a_note_may_hold_whatever_it_likes():
    assert entries(says(f"#note\nsee {reply(OF_BOB)}"))[0][0] == "internal"


def test_a_form_that_we_did_not_sign_is_text():
    assert outside(says("Your serial is 0123ABCD.0123456789ABCDEF, and support+0123abcd.0123456789abcdef@example.org is nobody."))


def test_without_the_key_ring_it_would_leave(monkeypatch):
    """That these tests can see what they look for: neither address stands in a notice that is known."""
    monkeypatch.setattr(leaving, "_faults_of_forms", lambda s: iter(()))
    assert outside(says(f"please write to {FORMS['a colleague' + chr(39) + 's address']}"))


# --- files of notes ------------------------------------------------------------------------------------------------------


def a_file_named(name="prices.pdf", sha="c" * 64, **more):
    return Attachment(
        **{"name": name, "type": "application/pdf", "size": 900, "sha256": sha, "inline": False, "content_id": "", "part": "2", **more}
    )


def with_a_note(*public, visibility=Visibility.INTERNAL, author=BOB, notices=()):
    note = an_entry(2, "our prices", visibility, author=author, attachments=(a_file_named(),))
    return a_file(entries=(note, *public), notices=notices)


@pytest.mark.parametrize("visibility", [Visibility.INTERNAL, Visibility.UNVERIFIED])
def test_a_file_of_a_note_comes_back(visibility):
    again = a_file_named("Price list.pdf", part="3")
    for text in ("Please see attached.", "#reply\nPlease see attached.", "#resolve\nPlease see attached.", ""):
        decision = an_agents(text, file=with_a_note(visibility=visibility, author=BOB), attachments=(again,))
        assert was_refused(decision) and faults(decision) == [("E_FILE", None)], text


def test_the_same_file_with_another_note_is_kept_inside():
    assert entries(an_agents("#note\nonce more", file=with_a_note(), attachments=(a_file_named(),)))[0][0] == "internal"


def test_a_file_that_the_requester_has_already_may_be_sent():
    public = an_entry(3, "here it is", attachments=(a_file_named(),))
    assert outside(an_agents("As you have it.", file=with_a_note(public), attachments=(a_file_named(),)))


def test_a_hidden_file_of_the_requesters_own_is_no_secret_to_him():
    rated = an_entry(2, "5", Visibility.INTERNAL, author=MAX, hidden=True, attachments=(a_file_named(),))
    assert outside(an_agents("Thank you.", file=a_file(entries=(rated,)), attachments=(a_file_named(),)))


def test_an_empty_file_is_no_file_of_a_note():
    note = an_entry(2, "x", Visibility.INTERNAL, author=BOB, attachments=(a_file_named(size=0),))
    assert outside(an_agents("See.", file=a_file(entries=(note,)), attachments=(a_file_named(size=0),)))


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja", "ar", "as it was"])
def test_said_again_on_purpose_it_leaves(language):
    """In the words of the refusal in each language."""
    told = 'Nothing was changed.\n- "prices.pdf", E_FILE, this file came with a note for colleagues'
    if language != "as it was":
        facts = {"faults": (Fault("E_UNKNOWN", 1, "#x", ""), Fault("E_FILE", None, "prices.pdf", "")), "files": ("prices.pdf", "other.pdf")}
        told = desk.text(desk.a_letter("commands_refused", "agent", language, facts=facts))
        assert was_refused(an_agents("#reply\nSee.", answers=a_notice(ANN, "commands_refused", answer_is=Visibility.INTERNAL),
            file=with_a_note(), attachments=(a_file_named(),), letter_text=told.replace("E_FILE", "E_QUOTE")))  # fmt: skip
    refused = a_notice(ANN, "commands_refused", answer_is=Visibility.INTERNAL)

    def again(text, *, answers=refused, said=told):
        return an_agents(text, answers=answers, file=with_a_note(), attachments=(a_file_named(),), letter_text=said)

    assert [w.person.address for w in outside(again("#reply\nPlease see the file."))] == [MAX_AT]
    assert was_refused(again("#reply\nPlease see the file.", answers=a_notice(ANN))), "not in the answer to the question"
    assert was_refused(again("#reply\nPlease see the file.", said="- E_QUOTE")), "he was never asked about this file"
    assert not outside(again("Please see the file.")), "without #reply"


def test_of_two_noted_files_with_one_name_neither_leaves_because_the_other_was_asked_about():
    """Pictures are called image001.png, all of them."""
    told = '- "image001.png", E_FILE, this file came with a note for colleagues'
    refused = a_notice(ANN, "commands_refused", answer_is=Visibility.INTERNAL)
    one, other = a_file_named("image001.png", "a" * 64), a_file_named("image001.png", "b" * 64, part="3")

    def again(*noted):
        note = an_entry(2, "our prices", Visibility.INTERNAL, author=BOB, attachments=noted)
        text = "#reply\nPlease see the file."
        return an_agents(text, answers=refused, file=a_file(entries=(note,)), attachments=(one,), letter_text=told)

    assert outside(again(one))
    assert was_refused(again(one, other))


# --- certificates, logos, cipher text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smime.p7s", "application/x-pkcs7-signature"), ("smime.p7s", "application/pkcs7-signature"),
        ("smime.p7s", "application/octet-stream"),
        ("signature.asc", "application/pgp-signature"), ("OpenPGP_signature", "application/octet-stream"),
        ("OpenPGP_0x12345678.asc", "application/pgp-keys"), ("SMIME.P7S", "application/binary"),
    ],
)  # fmt: skip
def test_a_certificate_never_leaves_and_alone_is_no_answer(name, kind):
    certificate = a_file_named(name, type=kind)
    decision = an_agents("Please restart.", attachments=(certificate,))
    assert [w.entry.attachments for w in outside(decision)] == [()]
    taken = an_agents("#take", attachments=(certificate,), file=a_file(Status.NEW))
    assert not outside(taken) and not entries(taken), "a signed command is no empty answer"


def test_a_picture_of_a_folded_signature_neither_travels_nor_answers():
    logo = a_file_named("logo.png", type="image/png", inline=True, content_id="logo", part="1.2")
    decision = an_agents("Please restart.", attachments=(logo,), folded=("1.2",))
    assert [w.entry.attachments for w in outside(decision)] == [()]
    assert not entries(an_agents("#take", attachments=(logo,), folded=("1.2",), file=a_file(Status.NEW)))


def test_the_logo_below_a_note_is_no_file_of_a_note():
    logo = a_file_named("logo.png", type="image/png", inline=True, content_id="logo", part="1.2")
    noted = an_agents("#note\nour prices", attachments=(logo,), folded=("1.2",))
    (note,) = noted.changes[0].entries
    assert note.attachments == ()
    answer = an_agents("Please restart.", who=ANN, file=a_file(entries=(replace(note, id=9),)), attachments=(logo,))
    assert outside(answer)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----", {}),
        ("#reply\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----", {}),
        ("#note\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----", {}),
        ("", {"content_type": "multipart/encrypted", "attachments": (a_file_named("encrypted.asc", type="application/octet-stream"),)}),
        ("", {"attachments": (a_file_named("version", type="application/pgp-encrypted"), a_file_named("encrypted.asc", part="3"))}),
        ("", {"content_type": "application/pkcs7-mime", "attachments": (a_file_named("smime.p7m", type="application/pkcs7-mime"),)}),
        ("", {"attachments": (a_file_named("smime.p7m", type="application/octet-stream"),)}),
        ("Sent securely", {"content_type": "multipart/encrypted"}),
    ],
)  # fmt: skip
def test_what_is_encrypted_comes_back_and_meets_no_promise(text, more):
    decision = an_agents(text, file=a_file(Status.NEW), **more)
    assert was_refused(decision) and faults(decision) == [("E_ENCRYPTED", None)]


def test_who_speaks_of_encryption_still_answers():
    assert outside(an_agents("Your mail begins with -----BEGIN PGP MESSAGE-----, which I cannot read."))
    assert outside(an_agents("Please restart.", quoted="> -----BEGIN PGP MESSAGE-----\n> hQEMA"))


def test_two_hundred_answers_written_as_mail_programs_write_let_no_proof_out():
    """The short form of `tests/exam/test_proofs.py`."""
    found = proofs.run(proofs.answers(7), 200)
    assert found["left"] == [] and len(set(found["back"])) >= 11
    assert proofs.run(proofs.answers(7, ring=proofs.STRANGE), 60)["back"] == []
    assert proofs.run(proofs.answers(7, letters=(proofs.OF_MAX.id,)), 60)["back"] == []


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("", {"content_type": "multipart/encrypted", "attachments": (a_file_named("encrypted.asc", type="application/octet-stream"),)}),
        ("", {"content_type": "multipart/encrypted", "attachments": (a_file_named("part-2.bin", type="application/octet-stream"),)}),
        ("", {"attachments": (a_file_named("version", type="application/pgp-encrypted"), a_file_named("encrypted.asc", part="3"))}),
        ("", {"content_type": "application/pkcs7-mime", "attachments": (a_file_named("smime.p7m", type="application/pkcs7-mime"),)}),
        ("", {"attachments": (a_file_named("smime.p7m", type="application/octet-stream"),)}),
    ],
)  # fmt: skip
def test_nobody_is_asked_to_attach_cipher_text_again(text, more):
    [refusal] = [w for w in an_agents(text, file=a_file(Status.NEW), **more).letters if w.event == "commands_refused"]
    assert refusal.kind.files == ()


def test_a_file_beside_an_encrypted_text_is_to_be_attached_again():
    text = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----"
    files = (a_file_named("plan.txt", type="text/plain"), a_file_named("msg.asc", part="3"))
    [refusal] = [w for w in an_agents(text, file=a_file(Status.NEW), attachments=files).letters if w.event == "commands_refused"]
    assert refusal.kind.files == ("plan.txt",)
