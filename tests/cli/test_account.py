"""`mailgate explain` in words, whole: tests/golden/explain/*.txt. Each is read here as somebody reads it who wonders what happened.

Renew them after a wanted change with MAILGATE_RENEW_GOLDEN=1, and read the difference before handing it in.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate.app.explainer import Explainer
from mailgate.app.stage import Received
from mailgate.gateway.telling import in_words, layout
from tests.cli.house import wicked
from tests.journeys.world import ANN, EVE, MAX, MONDAY, World
from tests.understand.writers import a_file, tnef

pytestmark = pytest.mark.database("sqlite")  # it only looks things up

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


def account_of(explainer: Explainer, name: str, raw: bytes, folder: Path) -> str:
    path = folder / f"{name}.eml"
    path.write_bytes(raw)
    [told] = explainer.tell([path])
    return in_words(path.name, told)


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
def test_an_account_reads_as_it_did(explainer: Explainer, nowhere: Path, name: str) -> None:
    raw = (MAILS / STORED[name]).read_bytes() if name in STORED else BUILT[name]
    compare(name, account_of(explainer, name, raw, nowhere))


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


def without_ids(account: str, world: World) -> str:
    """Letters are named by chance: here by number, of the same length."""
    for number, row in enumerate(sorted(world.store.letters_of(1), key=lambda row: row.letter.address), 1):
        account = account.replace(row.letter.id, f"LETTER{number:02}").replace(row.letter.id.lower(), f"letter{number:02}")
    return account


def test_accounts_beside_a_record_read_as_they_did_and_change_nothing(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.send(MAX, "support@example.org", "VPN drops", "It drops every ten minutes.", message_id="<vpn@example.com>")
        world.settle()
        acknowledged, noticed = world.letter(MAX), world.letter(ANN, "VPN drops")
        mails = {
            "the-requester-answers": answer(acknowledged, "Max <max@example.com>", "Since this morning it drops every minute."),
            "the-requester-closes": answer(acknowledged, "Max <max@example.com>", "close"),
            "a-stranger-answers": answer(acknowledged, f"Eve <{EVE}>", "Send it to me, please."),
            "an-agent-commands": answer(noticed, f"Ann Berg <{ANN}>", "#take\n#priority P2\n\nI look at it at once."),
            "an-agent-mistypes": answer(noticed, f"Ann Berg <{ANN}>", "#tkae\n#priority P9\n\nI look at it at once."),
            "an-agent-without-proof": forged(f"Ann Berg <{ANN}>", noticed.header("Subject"), "#resolve\n\nAll done."),
            "our-own-letter": acknowledged.data,
            "a-letter-of-ours-bounces": bounce(acknowledged),
        }
        before = world.events(1), world.store.letters_of(1), world.ticket(1)
        with Explainer(tmp_path / "config", clock=world.clock) as explainer:
            for name, raw in mails.items():
                account = account_of(explainer, name, raw, tmp_path)
                for secret in (acknowledged, noticed):
                    assert secret.reply_address.partition("@")[0].rpartition(".")[2] not in account
                    assert secret.header("Message-ID").partition("@")[0].rpartition(".")[2] not in account
                    assert secret.header("Subject").partition("]")[0].rpartition("-")[2] not in account
                compare(name, without_ids(account, world))
        assert (world.events(1), world.store.letters_of(1), world.ticket(1)) == before and len(world.tickets()) == 1


def test_no_golden_account_is_left_of_a_mail_that_is_gone() -> None:
    """And there are as many as are compared."""
    names = {path.stem for path in GOLDEN.glob("*.txt")}
    assert {*STORED, *BUILT} <= names and len(names) == len(STORED) + len(BUILT) + 8
