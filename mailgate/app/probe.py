"""The letters of `mailgate check`: one to see whether the relay takes it, and two to ourselves to see what comes back, and how."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from mailgate.app import build_templates
from mailgate.app.program import build_relay, build_signer, relay_login, token_sources
from mailgate.compose.assemble import assemble
from mailgate.compose.writing import LetterWriter
from mailgate.gateway.writing import new_letter_id
from mailgate.model import token
from mailgate.model.delivery import Deferred, Delivered, Delivery
from mailgate.model.house_letters import RelayTest, RoundTrip
from mailgate.model.letter import Audience, Letter, LetterKind, LetterWanted
from mailgate.model.mail import Mail
from mailgate.model.person import Person
from mailgate.model.policy import Desk
from mailgate.record.rows import InboxRow
from mailgate.record.store import Store
from mailgate.send.dkim import Unsigned
from mailgate.settings import Settings
from mailgate.understand import read

#: The newest mails among which ours are looked for; more do not come between two looks.
LOOKED_AT = 200

Found = tuple[str, str, bool]  #: what was looked at, what was seen, and whether it is well


@dataclass(frozen=True, slots=True)
class Out:
    """A letter of ours on its way back, and what the relay said when it took it."""

    letter: Letter
    delivery: Delivery
    subaddress: bool  #: it went to an address with a token


@dataclass(frozen=True, slots=True)
class Back:
    """The same as it came in again."""

    row: InboxRow
    mail: Mail


def send_test(settings: Settings, address: str, now: datetime) -> Delivery:
    """Hands a test letter to the relay, past the outbox. Raises Unsealable for what is no address."""
    desk = next(iter(settings.policy.desks.values()))
    return _hand_over(settings, _letter(settings, RelayTest(), desk, address, new_letter_id(), now), now)


def send_roundtrip(settings: Settings, desk: Desk, now: datetime) -> list[Out]:
    """Writes to the desk's own address, and where it has subaddresses, to one with a token."""
    sent = []
    for subaddress in (False, True) if desk.subaddress == "plus" else (False,):
        id_ = new_letter_id()
        base, _, domain = token.split_address(desk.address)
        to = f"{base}+{token.reply_detail(settings.ring, id_)}@{domain}" if subaddress else desk.address
        letter = _letter(settings, RoundTrip(mark=token.check_id(settings.ring, id_, desk.domain)), desk, to, id_, now)
        sent.append(Out(letter, _hand_over(settings, letter, now), subaddress))
    return sent


def _letter(settings: Settings, kind: LetterKind, desk: Desk, address: str, id_: str, now: datetime) -> Letter:
    writing = LetterWriter(
        settings.policy, settings.ring, build_templates(settings), settings.relay.reverse_path_form, settings.operator, False
    )
    person = Person(id=0, name="", address=address)
    wanted = LetterWanted(kind, Audience.OPERATOR, person, None, desk.id, id=id_)
    return writing.seal(wanted, None, {}, now)


def _hand_over(settings: Settings, letter: Letter, now: datetime) -> Delivery:
    try:
        data = assemble(letter, (), build_signer(settings))
    except Unsigned as unsigned:
        return Deferred(str(unsigned))
    with closing(build_relay(settings.relay, *relay_login(settings, token_sources(settings, lambda: now)))) as relay:
        return relay.deliver(letter.reverse_path, letter.address, data, letter.utf8)


class Watch:
    """Looks for letters of ours among the mails that come in, whatever door they come through."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._seen = {row.id for row in self._newest()}

    def look(self, waiting: list[Out]) -> Iterator[tuple[Out, Back]]:
        """Those that have come back since the last look."""
        for row in [row for row in self._newest() if row.id not in self._seen]:
            self._seen.add(row.id)
            raw = self._store.inbox.raw(row.id)
            for out in waiting:
                # Only a mail that holds an id which nobody else can know is read here: everybody else's waits for the readers.
                if re.search(rb"%b\.c\." % out.letter.id.lower().encode(), raw, re.IGNORECASE):
                    yield out, Back(row, read(raw, row.reverse_path, self._settings.ring, rich=False).mail)

    def _newest(self) -> list[InboxRow]:
        # By state, because then the newest come first. Numbers say nothing: each process that takes mail in has a block of its own.
        return [row for state in ("waiting", "claimed", "done", "set_aside") for row in self._store.inbox.rows(state, LOOKED_AT)]

    def opened(self, back: Back) -> int | None:
        """The ticket that was made of it, which must not be."""
        row = self._store.inbox.row(back.row.id)
        return row.ticket if row else None


def compared(out: Out, back: Back, settings: Settings, desk: Desk) -> Iterator[Found]:
    """What came back unchanged, what did not, and which setting follows from it."""
    letter, mail = out.letter, back.mail
    if mail.message_id == letter.message_id:
        yield "Message-ID", "came back unchanged", True
    else:
        yield "Message-ID", _renamed(out, mail.message_id, settings), settings.relay.message_id_pattern is not None
    date = mail.date
    same = date is not None and abs((date - letter.made_at).total_seconds()) < 1
    yield "Date", "came back unchanged" if same else f"came back as {mail.header('date') or 'nothing'}; nothing of ours depends on it", True
    anchor = token.check_id(settings.ring, letter.id, desk.domain)
    if anchor in mail.references:
        yield "anchor", "the signed anchor in References came back", True
    else:
        yield "anchor", "References came back without our anchor: answers are found by their address and by the token in the subject", False
    base, _, domain = token.split_address(desk.address)
    reply = f"{base}+{token.reply_detail(settings.ring, letter.id)}@{domain}" if desk.subaddress == "plus" else desk.address
    given = [one.address for one in mail.reply_to]
    yield "Reply-To", "came back unchanged" if given == [reply] else f"came back as {', '.join(given) or 'nothing'}", given == [reply]
    yield _reverse(letter, back)


def _renamed(out: Out, now: str | None, settings: Settings) -> str:
    name = (now or "").strip("<>")
    if settings.relay.message_id_pattern is not None:
        return f"came back as {now}; message_id_pattern is set for that"
    said = out.delivery.reply if isinstance(out.delivery, Delivered) else ""
    local = name.partition("@")[0]
    if name and name in said:
        return f"came back as {now}, and the relay names it in its reply: set message_id_pattern so that it finds it in {said!r}"
    if local and local in said:
        return f"came back as {now}, and the relay names its first half in its reply {said!r}: message_id_pattern cannot add the other"
    return f"came back as {now}, which the relay does not name in its reply: answers are found by the anchor"


def _reverse(letter: Letter, back: Back) -> Found:
    path = back.row.reverse_path if back.row.reverse_path is not None else back.mail.header("return-path")
    if path is None:
        return "bounces", "the door knows no envelope and the mail has no Return-Path: bounces are told by their content", True
    path = path.strip("<> ")
    if path.lower() == letter.reverse_path.lower():
        return "bounces", f"the reverse path came back unchanged (<{path}>)", True
    way_out = 'set reverse_path = "desk" in [relay]' if "+" in letter.reverse_path else "bounces go there, and not to us"
    return "bounces", f"<{letter.reverse_path}> came back as <{path}>: {way_out}", False


def missing(out: Out, desk: Desk, seconds: int) -> Found:
    """A letter that has not come back."""
    if not isinstance(out.delivery, Delivered):
        return "relay", f"did not take the letter to {out.letter.address}: {out.delivery.reply}", False
    if out.subaddress:
        base, _, domain = token.split_address(desk.address)
        words = f'mail to {base}+...@{domain} did not come back within {seconds} s: set subaddress = "none" for desk {desk.id}'
        return "subaddress", f"{words}, or let the mail server hand such addresses on", False
    words = f"mail to {desk.address} did not come back within {seconds} s"
    return "roundtrip", f"{words}: is `mailgate serve` running, and does that mail reach its door?", False
