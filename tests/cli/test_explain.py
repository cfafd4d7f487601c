"""`mailgate explain`: one object a mail in the public form, in order, whatever the mail; and the same in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailgate.cli import app
from tests.cli.house import NOBODY, PLAIN, configured, lived_in, mailgate
from tests.fakes.dns_server import NameServer, text
from tests.fakes.signer import record, rsa_key, signed

pytestmark = pytest.mark.database("sqlite", because="explain only looks things up")

ADDRESS = {"name": str, "address": str}
#: The form of version 1 as the manual states it: a dict must have these keys and no others, a list holds such elements.
FORM: dict[str, Any] = {
    "version": int, "file": str, "message_id": (str, None), "date": (str, None), "subject": str, "from": ADDRESS, "reply_to": [ADDRESS],
    "to": [ADDRESS], "cc": [ADDRESS], "kind": str, "kind_because": str, "answer": bool, "answer_because": str, "text": str,
    "html": (str, None), "new_text": str, "quoted": str, "signature": str, "inline_answers": bool, "language": (str, None),
    "forwarded": ({"from": ADDRESS, "date": str, "subject": str, "message_id": (str, None), "form": str}, None),
    "attachments": [{"name": str, "type": str, "size": int, "sha256": str, "inline": bool}],
    "bounce": (
        {
            "message_id": (str, None),
            "reports": [
                {"recipient": str, "action": str, "status": (str, None), "reply_code": (str, None), "hard": bool, "reason": str},
            ],
        },
        None,
    ),
    "authentication": {"verdict": str, "domain": (str, None), "by": (str, None)},
    "thread": {"ticket": (int, None), "evidence": [dict]}, "commands": [dict], "defects": [str], "would": [str],
}  # fmt: skip

KINDS = {"written", "auto_reply", "bounce", "delivery_notice", "complaint", "list", "loop", "unreadable"}


def fits(found: Any, form: Any, place: str = "") -> None:
    if isinstance(form, tuple):
        if found is not None:
            fits(found, form[0], place)
    elif isinstance(form, dict):
        assert isinstance(found, dict) and set(found) == set(form), (place, found)
        for key, value in form.items():
            fits(found[key], value, f"{place}.{key}")
    elif isinstance(form, list):
        assert isinstance(found, list), (place, found)
        for one in found:
            fits(one, form[0], f"{place}[]")
    else:
        assert type(found) is form or (form is dict and isinstance(found, dict)), (place, found)


BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\r\nTo: support@example.org\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n"
)
PICTURE = (
    b"From: max@example.com\r\nTo: support@example.org\r\nSubject: see\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>See <b>this</b><script>x</script></p>\r\n"
    b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
)


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    (folder / "deeper" / "still").mkdir(parents=True)
    (folder / "b.eml").write_bytes(PLAIN)
    (folder / "a.eml").write_bytes(BOUNCE)
    (folder / "deeper" / "c.eml").write_bytes(PICTURE)
    (folder / "deeper" / "still" / "d.eml").write_bytes(NOBODY)
    (folder / "deeper" / "e.eml").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"no mail")
    return folder


def explained(*words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["explain", "--json", *words])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_has_exactly_the_public_form_for_every_mail(mails: Path) -> None:
    found = explained(str(mails))
    for one in found:
        fits(one, FORM, one["file"])
        assert one["version"] == 1 and one["kind"] in KINDS
    by_name = {Path(one["file"]).name: one for one in found}
    [report] = by_name["a.eml"]["bounce"]["reports"]
    assert (report["recipient"], report["action"], report["status"], report["reply_code"], report["hard"]) == (
        "gone@example.com", "failed", "5.1.1", "550", True,
    )  # fmt: skip
    plain = by_name["b.eml"]
    assert plain["new_text"].strip() == "It drops every ten minutes." and "All is well." in plain["quoted"]
    assert plain["answer"] is True and plain["from"] == {"name": "Max Muster", "address": "max@example.com"}
    [picture] = by_name["c.eml"]["attachments"]
    assert (picture["name"], picture["type"], picture["size"]) == ("a.png", "image/png", 8)
    assert "<b>this</b>" in by_name["c.eml"]["html"] and "script" not in by_name["c.eml"]["html"]


def test_folders_are_walked_and_the_order_is_that_of_the_paths(mails: Path) -> None:
    found = [
        os.path.relpath(one["file"], mails) for one in explained(str(mails / "deeper"), str(mails / "b.eml"), str(mails / "notes.txt"))
    ]
    assert found == ["deeper/c.eml", "deeper/e.eml", "deeper/still/d.eml", "b.eml", "notes.txt"]


def test_the_path_is_given_back_as_it_was_given(mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mails)
    assert [one["file"] for one in explained("b.eml", "./a.eml", "deeper")][:3] == ["b.eml", "./a.eml", "deeper/c.eml"]


def test_a_file_that_cannot_be_opened_is_told_as_such_and_the_next_is_read(mails: Path) -> None:
    (mails / "a.eml").unlink()
    (mails / "a.eml").symlink_to(mails / "a.eml")  # its name is there, and leads nowhere
    first, second = explained(str(mails))[:2]
    assert first["kind"] == "unreadable" and first["answer"] is False and "cannot be opened" in first["kind_because"]
    fits(first, FORM)
    assert second["message_id"] == "<vpn@example.com>"


@pytest.mark.parametrize(("form", "encoding"), [(["--json"], "ascii"), ([], "latin-1"), ([], "ascii")])
def test_neither_a_file_name_nor_the_outputs_charset_stops_it(tmp_path: Path, form: list[str], encoding: str) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/not-\xff-text.eml")).write_bytes(PLAIN.replace(b"It drops", "日本 It drops".encode()))
    done = subprocess.run(
        [sys.executable, "-m", "mailgate", "explain", *form, str(tmp_path)],
        cwd=tmp_path, capture_output=True, check=False, timeout=150,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"It drops every" in done.stdout
    if form:
        assert "日本" in json.loads(done.stdout.decode(encoding, "surrogateescape"))["text"]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["explain", str(tmp_path / "nothing.eml")])
    assert done.exit_code == 2 and "nothing.eml" in done.output


def test_a_mail_may_come_from_standard_input(mails: Path) -> None:
    for form in ([], ["--json"]):
        done = CliRunner().invoke(app, ["explain", *form, "-", str(mails / "a.eml")], input=PLAIN)
        assert done.exit_code == 0 and "VPN drops" in done.stdout and "gone@example.com" in done.stdout
    assert json.loads(done.stdout.splitlines()[0])["file"] == "-"


def test_words_tell_what_it_is_and_what_would_follow(mails: Path) -> None:
    done = CliRunner().invoke(app, ["explain", str(mails / "b.eml")])
    assert done.exit_code == 0
    for said in (
        "b.eml",
        "Max Muster <max@example.com>",
        "VPN drops",
        "Somebody wrote it",
        "A machine may answer it.",
        "| It drops every ten minutes.",
        "A new ticket would open",
        "acknowledgement",
    ):
        assert said in done.output, (said, done.output)


def test_it_works_in_a_checkout_whose_sample_configuration_nobody_uses(mails: Path) -> None:
    """Where ./config holds the samples, without keys."""
    done = mailgate("explain", "--json", str(mails / "b.eml"), folder=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "written"


def test_it_needs_neither_a_configuration_nor_a_database(mails: Path, tmp_path: Path) -> None:
    done = mailgate("explain", "--json", str(mails / "b.eml"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    house = configured(tmp_path)
    (house.config / "mailgate.db").unlink()
    assert [one["kind"] for one in explained("--config", str(house.config), str(mails / "b.eml"))] == ["written"]
    assert not (house.config / "mailgate.db").exists()


def test_with_the_record_it_knows_the_ticket_and_changes_nothing(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    with house.store() as store:
        letter = next(row.letter for row in store.outbox.of_ticket(1) if row.letter.address == "max@example.com")
    (tmp_path / "answer.eml").write_bytes(
        b"From: max@example.com\r\nTo: support@example.org\r\nSubject: Re\r\n"
        + f"In-Reply-To: {letter.message_id}\r\n\r\nIt drops again.\r\n".encode()
    )
    before = (house.config / "mailgate.db").read_bytes()
    [found] = explained("--config", str(house.config), str(tmp_path / "answer.eml"))
    assert found["thread"]["ticket"] == 1 and found["thread"]["evidence"]
    assert any("requester_wrote on ticket 1" in one for one in found["would"]), found["would"]
    assert (house.config / "mailgate.db").read_bytes() == before


def test_where_letters_are_held_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(PLAIN)
    for name, change, expected in (("sends", {}, False), ("holds", {'# letters = "send"': 'letters = "hold"'}, True)):
        (tmp_path / name).mkdir()
        output = configured(tmp_path / name, **change).run("explain", str(tmp_path / "a.eml")).output
        assert ("None of them would leave by itself" in output) is expected, name


STAMPED = b"Authentication-Results: mx.example.org; dmarc=%s header.from=example.com\r\n" + PLAIN


@pytest.mark.parametrize("said", ["pass", "fail", "none"])
def test_who_wrote_it_is_what_a_configured_server_says(tmp_path: Path, said: str) -> None:
    (tmp_path / "a.eml").write_bytes(STAMPED % said.encode())
    plain, trusting = tmp_path / "plain", tmp_path / "trusting"
    for folder, change in ((plain, {}), (trusting, {'# servers = ["mx.example.org"]': 'servers = ["mx.example.org"]'})):
        folder.mkdir()
        house = configured(folder, **change)
        told = json.loads(house.run("explain", "--json", str(tmp_path / "a.eml")).output)["authentication"]
        words = house.run("explain", str(tmp_path / "a.eml")).output
        if folder is plain:
            assert told == {"verdict": "none", "domain": None, "by": None}
            assert "nobody bears it out: no mail server is named whose word would count" in words
            assert "A verdict of mx.example.org stands in its header, but that is no server whose word counts here." in words
        else:
            assert told == {"verdict": said, "domain": None if said == "none" else "example.com", "by": "mx.example.org"}
            expected = {
                "pass": "example.com is authentic, says mx.example.org",
                "fail": "did not come from example.com, says mx.example.org",
                "none": "mx.example.org has looked and cannot say",
            }
            assert expected[said] in words


def test_dns_is_asked_only_when_that_is_wanted(tmp_path: Path) -> None:
    zone = {("s1._domainkey.example.com", "TXT"): text(record(rsa_key()))}
    (tmp_path / "a.eml").write_bytes(signed(PLAIN, "example.com", headers=("from", "subject", "to")))
    with NameServer(zone) as server:
        house = configured(tmp_path, **{"# dns = false ": f'dns = true\nresolver = ["{server.place}"]\n# '})
        told = json.loads(house.run("explain", "--json", str(tmp_path / "a.eml")).output)["authentication"]
        assert told["verdict"] == "none" and not server.asked
        told = json.loads(house.run("explain", "--dns", "--json", str(tmp_path / "a.eml")).output)["authentication"]
        assert told == {"verdict": "pass", "domain": "example.com", "by": "our own check"}


def test_what_explain_has_no_use_for_is_not_loaded(tmp_path: Path) -> None:
    """The first answer waits for all that is loaded; without a database, its library alone was a third of that."""
    (tmp_path / "a.eml").write_bytes(PLAIN)
    program = (
        "import sys; from mailgate.cli import app; app(['explain', '--json', sys.argv[1]], standalone_mode=False); "
        "sys.exit(', '.join({'sqlalchemy', 'aiosmtpd', 'apscheduler', 'chardet', 'dns'} & sys.modules.keys()) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.eml")], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["kind"] == "written"
