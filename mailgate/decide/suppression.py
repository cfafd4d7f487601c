"""Addresses that do not work: who shows that theirs works after all, and who hears that they have written to one."""

from collections.abc import Mapping

from mailgate.decide import announce, authority
from mailgate.decide.scene import Scene
from mailgate.decide.situation import Situation
from mailgate.model.decision import Decision
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import SuppressedAddressNotice
from mailgate.model.mail import Door, Kind
from mailgate.model.reason import Because


def answered(s: Situation) -> str | None:
    """The letter of ours that its own reader answers by this mail. A machine answers what nobody has read."""
    letter, author = s.letter, s.author
    if letter is None or author is None or letter.person != author.id or s.reading.kind is not Kind.WRITTEN or not s.reading.answer:
        return None
    if s.arrival.door is Door.IMAP_SENT or s.arrival.door.is_quiet:
        return None
    proof, _ = authority.entry_proof_in(s)  # others may have seen the letter: it has arrived all the same
    return letter.id if proof.token and not proof.failed else None


def lifted(s: Situation) -> tuple[str, ...]:
    """The addresses that this mail shows to work: the author's, and the one that the letter went to which they answer."""
    if answered(s) is None or s.letter is None:
        return ()
    keys = dict.fromkeys(key for key in (s.author_key, s.letter.address.lower()) if key)
    return tuple(key for key in keys if key in s.suppressed)


def after(suppressed: Mapping[str, Because], decision: Decision) -> Mapping[str, Because]:
    """What is suppressed for the letters of this decision, and for the mails behind it."""
    if not decision.lift and not decision.suppress:
        return suppressed
    kept = {address: reason for address, reason in suppressed.items() if address not in decision.lift}
    return {**kept, **{one.address: one.reason for one in decision.suppress}}


def warnings(s: Scene, decision: Decision, suppressed: Mapping[str, Because]) -> tuple[LetterWanted, ...]:
    """For each agent whose words go to an address that does not work: they are tried all the same, and the agent should know."""
    tickets = {change.after.number: change.after for change in decision.changes}
    found: dict[tuple[int, str], tuple[LetterWanted, ...]] = {}
    for letter in decision.letters:
        author = letter.entry.author if letter.entry is not None else None
        address, ticket = letter.person.address.lower(), tickets.get(letter.ticket or 0)
        if letter.automatic or not letter.audience.is_outside or author is None or ticket is None or address not in suppressed:
            continue
        notice = SuppressedAddressNotice(whom=letter.person.address, reply=suppressed[address])
        found[author, address] = announce.to_agents(s, notice, ticket, people=(author,))
    return tuple(warning for each in found.values() for warning in each)
