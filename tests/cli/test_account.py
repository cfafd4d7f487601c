"""`mailgate explain` in words, whole: tests/golden/explain/*.txt. Each is read here as somebody reads it who wonders what happened.

Renew them after a wanted change with MAILGATE_RENEW_GOLDEN=1, and read the difference before handing it in.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate.app.explainer import Explainer
from mailgate.app.stage import Received
from mailgate.explain import belonging, following, in_words, layout, words
from mailgate.model import sentences, token
from mailgate.model.events import EVENTS
from mailgate.model.evidence import EvidenceKind
from mailgate.model.letters import LETTERS
from mailgate.model.mail import Kind
from mailgate.model.policy import ProveBy
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, TimerKind, Visibility
from mailgate.model.token import Keyring
from mailgate.understand.kinds import classify
from tests.cli.house import wicked
from tests.journeys.world import ANN, EVE, MAX, MONDAY, World
from tests.understand.writers import a_file, tnef

pytestmark = pytest.mark.database("sqlite", because="it only looks things up")

GOLDEN = Path(__file__).parents[1] / "golden" / "explain"
MAILS = Path(__file__).parents[1] / "mails"

#: A name for each account, and its mail in `tests/mails`.
STORED: Mapping[str, str] = {
    "a-new-mail": "people/pastes-a-bounce.eml",
    "outlook-answer-html": "outlook-desktop-en.eml",
    "outlook-answer-plain": "outlook-plain-de.eml",
    "gmail-answer": "gmail-answer-de.eml",
    "answers-between-the-lines": "thunderbird-inline-de.eml",
    "signature-and-disclaimer": "replies/company-en.eml",
    "forward-in-the-text": "forwards/gmail-en.eml",
    "forward-attached": "forwards/attached-original.eml",
    "bounce-by-its-form": "dsn-user-unknown.eml",
    "bounce-in-free-words": "machines/exchange-german-html.eml",
    "late": "machines/exim-warning.eml",
    "out-of-office": "out-of-office-rfc3834.eml",
    "mailing-list": "mailing-list.eml",
    "spam-complaint": "spam-complaint.eml",
    "two-authors": "no-message-id-two-from.eml",
    "japanese": "iso-2022-jp-unlabelled.eml",
    "empty": "people/empty-mail.eml",
}

HEAD = b"From: Ann Hill <hill@example.com>\r\nTo: support@example.org\r\nMIME-Version: 1.0\r\n"
BUILT: Mapping[str, bytes] = {
    "tnef": HEAD
    + b'Subject: The plan\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nSee the plan.\r\n--b\r\n'
    + b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(tnef(a_file("plan.pdf", b"%PDF-1.4 the plan"), a_file("notes.txt", b"bring cake")))
    + b"--b--\r\n",
    "broken": HEAD
    + b"Subject: Angebot f\xfcr Sie\r\nmy own line\r\nMessage-ID: <broken@example.com>\r\n"
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nGr\xfc\xdfe aus K\xf6ln\r\n"
    + b'--b\r\nContent-Type: image/png; name="../../etc/logo.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0!!KGgo=\r\n',
    "wicked": wicked(),
    "no-mail-at-all": b"",
}


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which nobody has a configuration."""
    folder = tmp_path_factory.mktemp("nowhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("mailgate.app.explainer.places.configuration", _only_given)
        yield folder


def _only_given(given: Path | None = None) -> Path:
    """Whatever stands in /etc of whoever runs the tests."""
    if given is None:
        raise FileNotFoundError("no configuration")
    return given


@pytest.fixture(scope="module")
def explainer(nowhere: Path) -> Iterator[Explainer]:
    with Explainer(None, clock=lambda: MONDAY) as one:
        yield one


def account_of(explainer: Explainer, name: str, raw: bytes) -> str:
    [told] = explainer.tell([raw])
    return in_words(f"{name}.eml", told)


def compare(name: str, account: str) -> None:
    for line in account.split("\n"):
        assert layout.wide(line) <= layout.WIDTH, line
        assert line.isprintable() and line == line.rstrip(), line
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("MAILGATE_RENEW_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(account, encoding="utf-8")
    assert account == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*STORED, *BUILT])
def test_an_account_reads_as_it_did(explainer: Explainer, name: str) -> None:
    raw = (MAILS / STORED[name]).read_bytes() if name in STORED else BUILT[name]
    compare(name, account_of(explainer, name, raw))


# --- beside a record ----------------------------------------------------------------------------------------------------------


def answer(letter: Received, author: str, text: str) -> bytes:
    """As a mail program answers: to the address that the letter names, with In-Reply-To, and the letter quoted below."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = author, letter.reply_address, f"Re: {letter.header('Subject')}"
    mail["Message-ID"] = "<answer@example.com>"
    mail["In-Reply-To"] = letter.header("Message-ID")
    mail["References"] = f"{letter.header('References')} {letter.header('Message-ID')}".strip()
    quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
    mail.set_content(f"{text}\n\nOn Mon, 1 Jun 2026 at 10:00, {letter.header('From')} wrote:\n\n{quoted}\n")
    return mail.as_bytes(policy=SMTP)


def forged(author: str, subject: str, text: str) -> bytes:
    """Somebody knows the subject of the ticket and an agent's address, and nothing else."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = author, "support@example.org", f"Re: {subject}", "<claim@example.net>"
    mail.set_content(text)
    return mail.as_bytes(policy=SMTP)


def bounce(letter: Received) -> bytes:
    return (
        b"Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\r\nTo: support@example.org\r\n"
        b"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <report@mx.example.com>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNobody of that name is here.\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        b"Final-Recipient: rfc822; max@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        + f"Message-ID: {letter.header('Message-ID')}\r\nReferences: {letter.header('References')}\r\n".encode()
        + b"To: max@example.com\r\n\r\n--b--\r\n"
    )


def forward(letter: Received) -> bytes:
    """To the address of a letter about no ticket that was made for this agent."""
    raw = (MAILS / "forwards" / "gmail-en.eml").read_bytes()
    return raw.replace(b"To: support@example.org", f"To: {letter.reply_address}".encode(), 1)


def id_of(letter: Received) -> str:
    return letter.header("Message-ID").strip("<").partition("@")[0].split(".")[-2]


def without_ids(account: str, letters: Sequence[Received]) -> str:
    """Letters are named by chance: here by number, of the same length."""
    for number, letter in enumerate(letters, 1):
        account = account.replace(id_of(letter), f"letter{number:02}").replace(id_of(letter).upper(), f"LETTER{number:02}")
    return account


def test_accounts_beside_a_record_read_as_they_did_and_change_nothing(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        first = world.send(MAX, "support@example.org", "VPN drops", "It drops every ten minutes.", message_id="<vpn@example.com>")
        world.settle()
        acknowledged, noticed = world.letter(MAX), world.letter(ANN, "VPN drops")
        world.send(ANN, "support@example.org", "help", "#help", message_id="<help@example.org>")
        helped = world.letter(ANN, "#take")
        letters = (acknowledged, noticed, helped)
        mails = {
            "the-requester-answers": answer(acknowledged, "Max <max@example.com>", "Since this morning it drops every minute."),
            "the-requester-closes": answer(acknowledged, "Max <max@example.com>", "close"),
            "a-stranger-answers": answer(acknowledged, f"Eve <{EVE}>", "Send it to me, please."),
            "an-agent-commands": answer(noticed, f"Ann Berg <{ANN}>", "#take\n#priority P2\n\nI look at it at once."),
            "an-agent-mistypes": answer(noticed, f"Ann Berg <{ANN}>", "#tkae\n#priority P9\n\nI look at it at once."),
            "an-agent-without-proof": forged(f"Ann Berg <{ANN}>", noticed.header("Subject"), "#resolve\n\nAll done."),
            "an-agent-passes-a-mail-on": forward(helped),
            "our-own-letter": acknowledged.data,
            "a-letter-of-ours-bounces": bounce(acknowledged),
            "a-mail-that-was-read-already": first.as_bytes(policy=SMTP),
        }
        assert set(mails) == BESIDE
        before = world.events(1), world.store.outbox.of_ticket(1), world.ticket(1)
        with Explainer(tmp_path / "config", clock=world.clock) as explainer:
            for name, raw in mails.items():
                account = account_of(explainer, name, raw)
                for secret in letters:
                    assert secret.reply_address.partition("@")[0].rpartition(".")[2] not in account
                    assert secret.header("Message-ID").partition("@")[0].rpartition(".")[2] not in account
                    assert "[IT-" not in secret.header("Subject") or secret.header("Subject").rpartition("]")[0][-8:] not in account
                compare(name, without_ids(account, letters))
        assert (world.events(1), world.store.outbox.of_ticket(1), world.ticket(1)) == before and len(world.tickets()) == 1


BESIDE = {
    "the-requester-answers", "the-requester-closes", "a-stranger-answers", "an-agent-commands", "an-agent-mistypes",
    "an-agent-without-proof", "an-agent-passes-a-mail-on", "our-own-letter", "a-letter-of-ours-bounces", "a-mail-that-was-read-already",
}  # fmt: skip


def test_no_golden_account_is_left_of_a_mail_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*STORED, *BUILT, *BESIDE}


# --- its words ------------------------------------------------------------------------------------------------------------------


def test_there_are_words_for_whatever_may_happen() -> None:
    assert words.KINDS.keys() == set(Kind)
    assert sentences.NOUNS.keys() == set(Kind) and sentences.SIGNS.keys() == set(EvidenceKind)
    assert sentences.RULES.keys() == {name for _, name, _ in classify.RULES}
    assert sentences.SILENCE.keys() == {name for name, _ in classify.SILENCE}
    assert belonging.PROVED_BY.keys() == set(ProveBy)
    assert following.EVENTS.keys() <= EVENTS.keys() and following.STATUSES.keys() == set(Status)
    assert following.ENTRIES.keys() == set(Visibility) and following.TIMERS.keys() == set(TimerKind)
    assert all(kind.explained for kind in LETTERS.values())


def test_reasons_are_told_without_the_words_of_the_trade() -> None:
    for way in ProveBy:
        assert "token" not in words.plain(Reason(f"asks.{way.value}")), way
    assert words.plain(Reason("E_QUOTE")) == "this line comes from an internal message; take it out or use your own words"
    unowned = Reason.of("stray_report", Reason("a.auto_reply"), "x")
    assert words.plain(unowned) == "it is an automatic reply that belongs to no ticket of ours"
    never = Reason.of("never_left", Reason("a.bounce"), "X")
    assert words.plain(never) == "it is a bounce about a letter that never left: X"


RING = Keyring((b"k" * 32,))


@pytest.mark.parametrize(
    "secret",
    [
        f"support+{token.reply_detail(RING, 'ABCDEFGH')}@example.org",
        f"<mailto:support+{token.action_detail(RING, 'ABCDEFGH', 'close')}@example.org?subject=x>",
        f"support%2B{token.rating_detail(RING, 'ABCDEFGH', 5)}%40example.org",
        f"support+{token.bounce_detail(RING, 'ABCDEFGH')}@example.org".upper(),
        token.message_id(RING, 1042, "ABCDEFGH", "example.org"),
        token.message_id(RING, None, "ABCDEFGH", "example.org"),
        token.anchor_id(RING, 1042, "ABCDEFGH", "example.org"),
        token.check_id(RING, "ABCDEFGH", "example.org"),
        f"Re: {token.subject_token(RING, 'IT', 1042)} VPN",
    ],
)
def test_no_signature_of_ours_is_shown(secret: str) -> None:
    """(fault 124)"""
    [mac] = re.findall(r"(?<=[-.])[0-9A-Za-z]{16}(?=@|%40)|(?<=-)[0-9A-Z]{8}(?=\])", secret)
    for shown in (layout.seen(secret), layout.clipped(secret, 40), *layout.filled(f"x {secret} y"), *layout.excerpt(secret, 1)):
        assert mac not in shown and mac[:12] not in shown, shown
    assert "ABCDEFGH" in layout.seen(secret).upper() or "IT-1042" in layout.seen(secret)


def test_the_signature_of_a_subject_that_was_cut_within_it_is_not_shown_either() -> None:
    whole = token.subject_token(RING, "IT", 1042)
    for end in range(len("[IT-1042-") + 1, len(whole)):
        assert layout.seen(f"its subject is that of an absence notice (Auto: {whole[:end]})") == (
            "its subject is that of an absence notice (Auto: [IT-1042-...])"
        )


def test_what_is_no_token_is_shown_as_it_stands() -> None:
    for text in ("ann.berg@example.org", "[IT-1042]", "[IT-1042-SHORT]", "<CAF0000001@mail.example.com>", "abcdefgh.ijk@x.example"):
        assert layout.seen(text) == text


def test_lines_are_broken_between_words_and_words_only_where_they_must() -> None:
    lines = layout.filled("word " * 60 + "x" * 250 + " end")
    assert all(layout.wide(line) <= layout.WIDTH for line in lines)
    assert " ".join(lines).split()[:60] == ["word"] * 60 and "".join(" ".join(lines).split()).endswith("x" * 250 + "end")
    wide = layout.filled("\u65e5" * 200)
    assert all(layout.wide(line) <= layout.WIDTH for line in wide) and "".join("".join(wide).split()) == "\u65e5" * 200


def test_a_long_text_is_shown_by_its_beginning() -> None:
    assert layout.excerpt("a\nb\nc", 2) == ["    | a", "    | b", "      ... and 1 more line"]
    assert layout.clipped("\u65e5" * 50, 20) == "\u65e5" * 8 + "..."
    assert layout.excerpt("", 2) == [] == layout.filled("")


def test_a_mail_of_very_many_parts_folds_and_signs_is_told_in_few_lines(explainer: Explainer) -> None:
    """What a hostile mail makes long is cut: nobody scrolls through a thousand parts to the end."""
    many = HEAD + b'Subject: many\r\nContent-Type: multipart/mixed; boundary="b"\r\nReferences: '
    many += b" ".join(b"<%d@example.com>" % n for n in range(300)) + b"\r\n\r\n"
    many += b"--b\r\n\r\n" + b"> quoted\r\n\r\nnew\r\n\r\n" * 300
    many += b"".join(b"--b\r\nContent-Type: image/png; name=%d.png\r\n\r\nx\r\n" % n for n in range(900)) + b"--b--\r\n"
    account = account_of(explainer, "many", many)
    assert len(account.splitlines()) < 200
    for said in ("and more parts", "more pieces like these", "more lines", "none of them known"):
        assert said in account, said


def test_a_deep_mail_is_drawn_within_the_width(explainer: Explainer) -> None:
    deep = HEAD + b"Subject: deep\r\n"
    for n in range(60):
        deep += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        if n == 4:
            deep += b"Content-Type: application/x-" + b"a-long-name-" * 15 + b"; charset=" + b"long" * 30 + b"\r\n\r\nx\r\n--b4\r\n"
    account = account_of(explainer, "deep", deep + b"\r\nhello")
    assert all(layout.wide(line) <= layout.WIDTH for line in account.splitlines())
