"""A mail that goes back to the agent who wrote it: what they are told, and what their corrected answer to it will do.

The correction does what the first mail would have done. So the refusal speaks for the notice that the refused mail answered: an answer to
it is for the same readers, and about the same message."""

from dataclasses import replace
from enum import StrEnum

from mailgate.decide import leaving
from mailgate.decide.commands.course import ANOTHER_NOTICE
from mailgate.decide.situation import Situation
from mailgate.model.commands import VERBS, Fault
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import ReturnedMail, UnverifiedNotice
from mailgate.model.policy import ProveBy
from mailgate.model.ticket import Visibility

MOST_FAULTS = 20  #: of one mail that are told
#: Of such a mail nobody knows who wrote it, or for whom: whoever corrects it says for whom it is.
UNSAID = frozenset({"E_PERM", "E_STRAY", "E_FORWARD"})


class Way(StrEnum):
    """What the agent does to be understood. A refusal names one way, never two."""

    HERE = "here"  #: correct it and answer the refusal: it is addressed like the notice, and its address proves anew
    NOTICE = "notice"  #: answer another notice: an answer to the refusal would lead nowhere
    WRITE = "write"  #: the same, where nothing but commands was written
    PROVEN = "proven"  #: send it so that their mail server bears them out; which mail it answers is beside the point


def without_a_word(s: Situation) -> Visibility:
    """For whom an agent's mail is that says neither #note nor #reply: whoever has it anyway, else as the notice that is answered says.
    An answer to no known notice is internal."""
    if "note" in s.address_words:
        return Visibility.INTERNAL
    if has_it_directly(s):
        return Visibility.PUBLIC
    return s.letter.answer_is if s.letter is not None else Visibility.INTERNAL


def has_it_directly(s: Situation) -> bool:
    """Whether the requester got the agent's mail without us."""
    requester = s.file.person(s.file.ticket.requester) if s.file else None
    return requester is not None and not requester.keys.isdisjoint(directly(s))


def directly(s: Situation) -> frozenset[str]:
    """Addresses that already have the agent's mail in their mailbox."""
    return frozenset(a.key for a in (*s.mail.to, *s.mail.cc))


def outsiders_who_have_it(s: Situation) -> tuple[str, ...]:
    """Who has the agent's mail directly and is no colleague: of these nobody may be told that nothing was sent. Names, where known."""
    inside = {s.author_key} | {key for person in (*s.agents.values(), *((s.author,) if s.author else ())) for key in person.keys}
    named = {key: person.name for person in (s.file.people if s.file else ()) for key in person.keys if person.name}
    others = (a for a in (*s.mail.to, *s.mail.cc) if a.address and a.key not in inside and not s.policy.is_own(a.address))
    found = (named.get(a.key, a.address) for a in others)
    return tuple(dict.fromkeys(found))[:MOST_FAULTS]


def letter(s: Situation, faults: tuple[Fault, ...], text: str | None = None) -> ReturnedMail:
    """What it says. `text`: more of the mail than its new words."""
    return ReturnedMail(
        faults=faults[:MOST_FAULTS],
        text=_ready_to_copy(s, faults, text),
        direct=outsiders_who_have_it(s),
        files=leaving.files_to_attach_again(s, faults)[:MOST_FAULTS],
        way=_way(s, faults),
    )


def _way(s: Situation, faults: tuple[Fault, ...]) -> Way:
    if any(fault.code in ("E_NOTICKET", "E_CONFIRM", "E_ENDED") or fault.hint == ANOTHER_NOTICE for fault in faults):
        return Way.NOTICE
    if any(fault.code == "E_PERM" for fault in faults) and s.prove_by is not ProveBy.TOKEN:
        return Way.PROVEN
    return Way.WRITE if any(fault.code == "E_EMPTY" for fault in faults) else Way.HERE


def _ready_to_copy(s: Situation, faults: tuple[Fault, ...], text: str | None) -> str:
    """The whole text; what only an address said stands above it, for the refusal has no such address."""
    parsed = s.understood.commands
    words = (parsed.whole or s.mail.new_text) if text is None else text
    said = {command.verb for command in parsed.commands}
    above = [f"#{word}" for word in s.address_words if word in VERBS and word not in said]
    if any(fault.code == "E_PERM" for fault in faults) and not {"note", "reply"} & {*said, *s.address_words}:
        # An answer to this refusal stays inside, so the words of a public answer have to say what they are.
        above += ["#reply"] if s.ticket is not None and without_a_word(s) is Visibility.PUBLIC else []
    return "\n".join((*above, words)) if above else words


def speaking_for_its_notice(s: Situation, letter: LetterWanted, faults: tuple[Fault, ...]) -> LetterWanted:
    """The refusal, so that an answer to it is for whom the refused mail was."""
    if s.ticket is None or any(fault.code in UNSAID for fault in faults):
        return letter
    entry = s.letter.entry if s.letter is not None and s.letter.event in (UnverifiedNotice.event, ReturnedMail.event) else None
    return replace(letter, answered_as=without_a_word(s), of_entry=entry)
