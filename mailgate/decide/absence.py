"""Agents who are away: what they say of it in a mail that belongs to no ticket, and what their automatic replies say for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailgate.decide import announce, authority, confirming, once
from mailgate.decide.commands.course import MailRefused
from mailgate.decide.commands.personal import absence_in
from mailgate.decide.situation import Situation
from mailgate.model.assignment import Absence
from mailgate.model.commands import Command, Fault
from mailgate.model.decision import Decision, TraceLine
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import AbsenceNoted, AbsenceSuspected
from mailgate.model.person import Capability
from mailgate.model.reason import Reason

#: So long nothing is offered to somebody whose mail program says that they are away.
SUSPECTED_FOR = timedelta(hours=24)


def without_a_ticket(s: Situation, commands: Sequence[Command]) -> Decision:
    """`#away` and `#back` in a mail to a desk's address. Raises MailRefused: a From: alone never commands."""
    assert s.author is not None
    if once.was_obeyed(s):
        return once.kept(s)
    proof, spent = authority.proof_in(s)
    grant = authority.may(Capability.COMMAND, s.role, proof, s.prove_by, any_ticket_evidence=False)
    if not grant.allowed:
        raise MailRefused(Fault("E_PERM", None, "", grant.because))
    if confirming.is_old(s):
        raise MailRefused(Fault("E_PERM", None, "", Reason("too_old")))
    begun = tuple(absence_in(s, s.author, command) for command in commands if command.verb == "away")
    noted = AbsenceNoted(back=not begun)
    if begun:
        stands_in = s.agent(begun[0].delegate)
        noted = AbsenceNoted(
            from_at=begun[0].from_at, to_at=_last_minute(begun[0]), delegate=stands_in.name if stands_in is not None else ""
        )
    return Decision(
        letters=(announce.answer_agent(s, noted, s.author, None),),
        absences=begun,
        back=() if begun else (s.author.id,),
        spent=spent,
        once=once.marks(s),
        proof=proof,
        trace=(TraceLine("decide", "absence", proof.because, Reason("away_until" if begun else "is_back")),),
    )


def _last_minute(absence: Absence) -> datetime | None:
    """Of the last day of it: whoever wrote `until fri` would take Saturday, 00:00, for another day."""
    return absence.to_at - timedelta(minutes=1) if absence.to_at is not None else None


def suspected(s: Situation) -> Decision:
    """Nothing is offered for a day to an agent whose mail program answers that they are away, and their leads hear of it once.
    Where nothing shows that it is theirs (it answers no letter of ours, and no server says who wrote it), it says nothing: a forger could
    keep all work from everybody."""
    assert s.author is not None
    trace = (TraceLine("decide", "absence", s.reading.kind_because, Reason("suspected_away")),)
    answers = s.letter is not None and s.letter.person == s.author.id
    theirs = answers or authority.proof_in(s)[0].is_one
    if not theirs or s.verdict.failed or s.is_stale or s.away:
        return Decision(trace=(TraceLine("decide", "machine", Reason("agents_machine"), Reason("kept_no_content")),))
    until = s.now + SUSPECTED_FOR
    letters = _to_leads(s, AbsenceSuspected(who=s.author.name, until=until))
    return Decision(letters=letters, absences=(Absence(s.author.id, s.now, until, suspected=True),), trace=trace)


def _to_leads(s: Situation, notice: AbsenceSuspected) -> tuple[LetterWanted, ...]:
    assert s.author is not None
    agent = s.policy.agents.get(s.author.agent or "")
    leads = dict.fromkeys(lead.id for group in (agent.groups if agent is not None else ()) if (lead := s.policy.lead_of(group)) is not None)
    if not s.policy.wants(notice.event):
        return ()
    people = (s.agents[lead] for lead in leads if lead in s.agents)
    return tuple(announce.notice_without_a_ticket(s, notice, person) for person in people if person.id != s.author.id)
