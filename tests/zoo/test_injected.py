"""Words of others in sixteen places, from the mail to the finished letter: none becomes a header, a recipient or a second letter.

Each payload stands in each place of a whole exchange: read, decided, written and handed to the relay. What leaves is looked at as bytes."""

from __future__ import annotations

import itertools
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from bench import measured
from mailgate.compose import data, headers, letters
from mailgate.compose.strict import check_bytes
from mailgate.model.brand import Brand
from mailgate.model.delivery import Delivered, Refused
from mailgate.model.policy import Policy
from mailgate.record.store import Store
from mailgate.send.envelope import words
from mailgate.settings import sample_policy
from mailgate.settings.forms import own_address
from tests.compose.test_injection import HEADERS, PAYLOADS
from tests.zoo.house import ANN, BOB, MAX, OPERATOR, SUPPORT, ZooHouse, without_breaker

pytestmark = pytest.mark.either_database

EVIL = "evil@example.net"
GONE = "gone@example.com"
COUNT = itertools.count(1)
#: Forty that could begin a line, a field or a part, and are short enough to stand in any field.
SHORT = [payload for payload in PAYLOADS if len(payload) < 200][:40]


def encoded(payload: str) -> str:
    return f"=?utf-8?b?{b64encode(payload.encode('utf-8', 'surrogatepass')).decode()}?="


def folded(payload: str) -> str:
    """As it can stand in a field of a mail that comes in: a line end is followed by a blank."""
    return re.sub(r"\r\n|\r|\n", "\r\n ", payload).replace("\x00", "")


def a_mail(**fields: str) -> bytes:
    """Max's mail with these fields in place of its own."""
    own = {"From": f"Max <{MAX}>", "To": SUPPORT, "Subject": "Lamp", "Message-ID": f"<lamp-{next(COUNT)}@example.com>"}
    all_ = {**own, **{name.replace("_", "-"): value for name, value in fields.items()}}
    body = all_.pop("Body", "It flickers.")
    head = "\r\n".join(f"{name}: {value}" for name, value in all_.items())
    return f"{head}\r\n\r\n{body}\r\n".encode("utf-8", "surrogatepass")


def comes_in(house: ZooHouse, raw: bytes) -> None:
    """It comes, an agent answers, and the requester writes once more."""
    house.hand_in(raw, MAX, SUPPORT)
    house.run()
    if notices := [one for one in house.sent if one.to == ANN and one.message["Auto-Submitted"]]:
        house.answer(ANN, notices[-1], "Which one?")
        house.run()
    if answers := [one for one in house.sent if one.to == MAX and one.reply_to.startswith("support+")]:
        house.answer(MAX, answers[-1], "The one in the hall.")
        house.run()


def _file(payload: str) -> bytes:
    name = quote(payload.encode("utf-8", "surrogatepass"))
    head = f"Content-Type: image/png\r\nContent-Disposition: attachment;\r\n filename*=utf-8''{name}"
    parts = f"--b\r\nContent-Type: text/plain\r\n\r\nSee file.\r\n--b\r\n{head}\r\n\r\nx\r\n--b--"
    return a_mail(Content_Type="multipart/mixed; boundary=b", Body=parts)


def _comment(house: ZooHouse, payload: str) -> None:
    house.turn(days=4)  # whoever rated is not asked again within three days
    comes_in(house, a_mail())
    notice = next(one for one in house.sent if one.to == ANN)
    house.answer(ANN, notice, "#resolve\nThere is a new one.")
    house.run()
    solution = [one for one in house.sent if one.to == MAX][-1]
    rating = re.search(r"support\+[0-9a-z]{8}\.1\.[0-9a-z]{16}@example\.org", str(solution.message.get_body(("html",)).get_content()))
    assert rating
    body = f"From: {MAX}\r\nTo: {rating[0]}\r\nSubject: 1\r\nMessage-ID: <rate-{next(COUNT)}@example.com>\r\n\r\n{payload}\r\n"
    house.hand_in(body.encode("utf-8", "surrogatepass"), MAX, rating[0])
    house.run()


def _refused(house: ZooHouse, payload: str) -> None:
    said = words(f"550 5.1.1 {payload}".encode("utf-8", "replace"))
    house.relay = lambda one: Refused(said) if one.recipient == MAX else Delivered("250 taken")
    comes_in(house, a_mail())
    notice = next(one for one in house.sent if one.to == ANN)
    house.answer(ANN, notice, "Is it the one in the hall?")
    house.run()
    assert any(one.to == ANN and "5.1.1" in one.text for one in house.sent), "the agent is told"


def _report(house: ZooHouse, payload: str) -> None:
    who = f"p{next(COUNT)}@example.com"  # an address that came back twice gets nothing automatic
    house.hand_in(a_mail(From=who), who, SUPPORT)
    house.run()
    letter = next(one for one in house.sent if one.to == who)
    said = f"smtp; 550 {folded(payload)}"
    fields = f"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; {who}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    fields += f"Diagnostic-Code: {said}"
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    body = f"--b\r\nContent-Type: text/plain\r\n\r\n{payload}\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{fields}\r\n\r\n"
    body += f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {letter.message['Message-ID']}\r\n\r\nx\r\n--b--"
    raw = a_mail(
        From="MAILER-DAEMON@mx.example.net",
        Subject="Undelivered",
        Message_ID=f"<dsn-{next(COUNT)}@mx.example.net>",
        Content_Type=kind,
        Body=body,
    )
    house.hand_in(raw, "", SUPPORT)
    house.run()


def _in_policy(change: Callable[[Policy, str], Policy]) -> Callable[[ZooHouse, str], None]:
    def run(house: ZooHouse, payload: str) -> None:
        house.gateway.adopt(change(house.policy, payload), "")
        comes_in(house, a_mail())

    return run


def _desk(policy: Policy, **changes: Any) -> Policy:
    return replace(policy, desks={"it": replace(policy.desks["it"], **changes)})


def _agent(policy: Policy, **changes: Any) -> Policy:
    return replace(policy, agents={**policy.agents, "ann": replace(policy.agents["ann"], **changes)})


def _group(policy: Policy, payload: str) -> Policy:
    return replace(policy, groups={**policy.groups, "it": replace(policy.groups["it"], name=payload)})


def _brand(payload: str) -> Brand:
    return Brand(name=payload, short=payload[:3], logo_alt=payload, footer=(payload, payload), legal=payload)


PLACES: dict[str, Callable[[ZooHouse, str], None]] = {
    "name": lambda house, v: comes_in(house, a_mail(From=f"{encoded(v)} <{MAX}>")),
    "subject": lambda house, v: comes_in(house, a_mail(Subject=encoded(v))),
    "display of an address": lambda house, v: comes_in(house, a_mail(To=f"{encoded(v)} <{SUPPORT}>", Cc=f"{encoded(v)} <pia@example.com>")),
    "file name": lambda house, v: comes_in(house, _file(v)),
    "text": lambda house, v: comes_in(house, a_mail(Body=v)),
    "comment": _comment,
    "language tag": lambda house, v: comes_in(house, a_mail(Content_Language=folded(v), Accept_Language=folded(v))),
    "own Message-ID": lambda house, v: comes_in(house, a_mail(Message_ID=f"<{folded(v)}@example.com>")),
    "cited Message-ID": lambda house, v: comes_in(house, a_mail(In_Reply_To=f"<{folded(v)}@example.com>")),
    "References": lambda house, v: comes_in(house, a_mail(References=f"<one@example.com> <{folded(v)}> {folded(v)}")),
    "Reply-To": lambda house, v: comes_in(house, a_mail(Reply_To=f"{encoded(v)} <{MAX}>, {folded(v)}")),
    "refusal": _refused,
    "report": _report,
    "desk": _in_policy(lambda policy, v: _desk(policy, name=v)),
    "brand": _in_policy(lambda policy, v: _desk(policy, brand=_brand(v))),
    "agent": _in_policy(lambda policy, v: _agent(policy, name=v)),
    "alias": _in_policy(lambda policy, v: _agent(policy, aliases=(own_address(f"{v}@example.org"),))),
    "group": _in_policy(_group),
}
#: Who may get letters in all of this. Reply-To is a destination that its author chooses.
PEOPLE = re.compile(rf"{MAX}|{ANN}|{BOB}|{OPERATOR}|pia@example\.com|p\d+@example\.com")


def injected(house: ZooHouse, place: str) -> list[str]:
    """What is wrong with the letters that left."""
    wrong = []
    for one in house.sent:
        if faults := check_bytes(one.data):
            wrong.append(f"{one.to}: {faults}")
        block = one.data.partition(b"\r\n\r\n")[0]
        names = [line.partition(b":")[0].decode() for line in block.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
        wrong += [f"{one.to}: {name}" for name in names if name not in HEADERS or names.count(name) > 1]
        to = [mailbox.addr_spec for mailbox in one.message["To"].addresses] if one.message["To"] else []
        if to != [one.to] or (place != "Reply-To" and not PEOPLE.fullmatch(one.to)):
            wrong.append(f"{one.to}: To is {to}")
        kinds = [part.get_content_type() for part in one.message.walk()]
        if kinds.count("text/plain") != 1 or kinds.count("text/html") > 1:
            wrong.append(f"{one.to}: {kinds}")
    return wrong


@pytest.fixture
def house(store: Store) -> Iterator[ZooHouse]:
    made = ZooHouse(store, without_breaker(sample_policy()))
    yield made
    made.close()


def tried(house: ZooHouse, place: str, payloads: Sequence[str] = SHORT) -> tuple[int, list[str]]:
    """Letters that were looked at (or whose payload was refused), and what was wrong with them."""
    looked_at, refused, wrong = 0, 0, list[str]()
    for payload in payloads:
        house.sent.clear()
        house.turn(days=1)
        house.relay = lambda one: Delivered("250 taken")
        try:
            PLACES[place](house, payload)
        except ValueError:
            refused += 1  # no file of a configuration can hold it, or `check` refuses it as an address
        looked_at += len(house.sent)
        wrong += [f"{payload!r}: {fault}" for fault in injected(house, place)]
    return looked_at + refused, wrong


@pytest.mark.parametrize("place", PLACES)
def test_what_others_write_becomes_no_header_no_recipient_and_no_part(house: ZooHouse, place: str) -> None:
    """(fault 102) Each place has payloads of its own here, each payload a place, and all places all of them in `make exam`."""
    mine = SHORT[list(PLACES).index(place) % 14 :: 14]
    looked_at, wrong = tried(house, place, mine)
    assert wrong == []
    assert looked_at >= len(mine), "letters were written all the same"


@pytest.mark.exam
@pytest.mark.timeout(0)
def test_forty_payloads_in_each_place_become_nothing(house: ZooHouse) -> None:
    looked_at, failed = 0, list[str]()
    for place in PLACES:
        house.gateway.adopt(house.policy, "")
        count, wrong = tried(house, place)
        looked_at, failed = looked_at + count, [*failed, *(f"{place}: {one}" for one in wrong)]
    measured.write("injections", n=len(SHORT) * len(PLACES), failed=len(failed), places=len(PLACES), letters=looked_at)
    assert failed == []


@pytest.mark.parametrize("place", ["desk"])
def test_without_our_checks_they_do(house: ZooHouse, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: values as they come, and nobody who looks at the finished bytes."""
    monkeypatch.setattr(headers, "safe", lambda text, where: text)
    monkeypatch.setattr(headers, "mailbox", lambda name, address: [f'"{name}"', f"<{address}>"])
    monkeypatch.setattr(data, "inline", lambda text: text)
    monkeypatch.setattr(letters, "inline", lambda text: text)
    monkeypatch.setattr(letters, "check_bytes", lambda *_: [])
    _, wrong = tried(house, place, SHORT[:8])
    assert any("Bcc" in fault for fault in wrong)
