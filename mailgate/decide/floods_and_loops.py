"""Floods and loops in a round: what must be known of who writes before a mail is decided, and what becomes of the letters after it."""

from dataclasses import replace
from datetime import datetime

from mailgate.decide import announce, authority, floods, loops
from mailgate.decide.situation import Situation
from mailgate.decide.traffic import Traffic
from mailgate.model.decision import Alarm, Decision
from mailgate.model.flood import Turn
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import HeldAnswerNotice
from mailgate.model.mail import Kind
from mailgate.model.policy import Policy
from mailgate.model.reason import Reason
from mailgate.model.sender import folded

#: Before the address of an agent whom nothing proves: what somebody else writes in an agent's name never holds that agent's words.
CLAIMED = "?"
#: Tickets that a letter names as not answered.
MOST_NAMED = 10


def judged(s: Situation, traffic: Traffic, released: bool) -> tuple[Situation, Turn | None]:
    """The situation with what an operator says of its author, and with what its pace and its words say. And the turn that it is.
    `released`: a person let it through although its author is blocked."""
    heard = s.reading.kind in (Kind.WRITTEN, Kind.LIST, Kind.AUTO_REPLY) and not released
    block = traffic.block_on((*(a.address for a in s.mail.authors), s.arrival.reverse_path or "")) if heard else None
    if block is not None:
        s = replace(s, blocked=Reason.of("blocked", block.pattern, block.reason))
    turn = _turn(s, traffic)
    found, is_counted = None, False
    if turn is not None and s.reading.kind is Kind.WRITTEN:
        earlier = traffic.turns.get(turn.author, ())
        if s.read_elsewhere and (twin := next((t for t in earlier if (t.sketch, t.length) == (turn.sketch, turn.length)), None)):
            # Sent once, to two of our desks: one turn, which stands there already.
            earlier, is_counted = tuple(t for t in earlier if t is not twin), True
        found = loops.machine(turn, earlier, inside=_answers_as_an_agent(s))
    if found is None and s.ticket is None and loops.own_words_back(s.mail.text, s.mail.new_text):
        found = loops.MachineSign(Reason("loop.own_letter"), certain=True)
    if found is not None:
        # From here on everything is as with a machine that says so: it is never answered, and proves nobody.
        reading = replace(s.reading, answer=False, answer_because=Reason.of("like_machine", found.because))
        s = replace(s, loop=found.because, loop_certain=found.certain or _answers_as_an_agent(s), reading=reading)
    return s, None if is_counted else turn


def _answers_as_an_agent(s: Situation) -> bool:
    """Who opens a ticket of their own is its requester, and is acknowledged like one; whoever only claims to be an agent says nothing
    that could be held."""
    return s.by_agent and s.ticket is not None and s.role.is_agent and authority.reaches(authority.proof_in(s)[0], s.prove_by)


def _turn(s: Situation, traffic: Traffic) -> Turn | None:
    """A mail that came soon after a letter of ours to its author; None for what came later, and for commands: no machine writes them."""
    key = folded(s.author_key) if s.author_key else ""
    if not key or s.reading.kind is not Kind.WRITTEN or s.arrival.door.is_quiet:
        return None
    parsed = s.understood.commands
    if parsed.commands or parsed.errors or s.understood.word or s.understood.rating is not None or s.address_words:
        return None
    times = [at for at in ((s.letter.first_at or s.letter.made_at) if s.letter else None, traffic.last.get(key)) if at is not None]
    if times:
        lag = s.arrived_at - max(times)
    elif s.by_agent:
        lag = loops.SOON  # notices to agents are on no budget that could say when the last one left
    else:
        return None
    if lag > loops.SOON:
        return None
    if s.by_agent and not _answers_as_an_agent(s):
        key = CLAIMED + key
    new = s.mail.new_text.strip()
    ticket = s.ticket.number if s.ticket else None
    return Turn(key, ticket, s.now, max(0, int(lag.total_seconds())), len(new), loops.sketch(new))


def settled(s: Situation, decision: Decision, turn: Turn | None, traffic: Traffic) -> Decision:
    """The decision with an agent's words held where a machine wrote them, and with what exceeds a sender's budget told together."""
    cause = folded(s.author_key) if s.author_key else ""
    if turn is not None and decision.set_aside is None:
        number = decision.ticket.number if decision.ticket else turn.ticket
        turn = replace(turn, ticket=-number if number is not None and not _has_left(s, decision) else number)
        decision = replace(decision, turn=turn)
        traffic.turns[turn.author] = (turn, *traffic.turns.get(turn.author, ()))
        traffic.taken.append(turn)
    if s.loop:
        decision = _held(s, decision, traffic) if _answers_as_an_agent(s) else decision
        if decision.alarm is None and cause and traffic.tally.first("loop", cause):
            way = f"nothing automatic goes there meanwhile, and it ends by itself; mailgate people block {cause} ends it at once"
            decision = replace(decision, alarm=Alarm("loop", f"{cause}: {s.loop}", way, cause))
    decision = floods.together(s, decision, cause, traffic.tally)
    decision = replace(decision, cause=cause)
    traffic.made.append((cause, decision.letters))
    return decision


def _has_left(s: Situation, decision: Decision) -> bool:
    """Whether an agent's words left, or would have; what came back to them counts apart."""
    return not _answers_as_an_agent(s) or any(not letter.automatic and letter.audience.is_outside for letter in decision.letters)


def _held(s: Situation, decision: Decision, traffic: Traffic) -> Decision:
    """An agent's words that a machine seems to have written: kept in the outbox until a person lets them go, and told."""
    mine = [letter for letter in decision.letters if not letter.automatic and letter.audience.is_outside]
    if not mine or s.ticket is None or s.author is None:
        return decision
    held = tuple(replace(one, hold=str(s.loop)) if one in mine else one for one in decision.letters)
    lead, cause, author = s.lead(s.ticket), folded(s.author_key or ""), s.author.id
    told = [id_ for id_ in (*announce.responsible(s, s.ticket), *((lead.id,) if lead else ())) if id_ != author]
    # Whose machine it is does not read it: then the whole group hears of it.
    told = [id_ for id_ in told or s.group(s.ticket.group) if not traffic.tally.told.get((cause, id_, HeldAnswerNotice.event))]
    letters = announce.to_agents(s, HeldAnswerNotice(by=s.author.name, loop=s.loop), s.ticket, people=told, without=author)
    for letter in letters:
        traffic.tally.told[cause, letter.person.id, HeldAnswerNotice.event] = 1
    way = f"mailgate outbox release --ticket {s.ticket.number} lets these letters go, mailgate outbox list --state held shows them"
    alarm = decision.alarm or Alarm("loop", f"ticket {s.ticket.number}, {s.author.name}: {s.loop}", way, f"{s.ticket.number}")
    return replace(decision, letters=(*held, *letters), alarm=alarm)


def explained(
    decision: Decision, letters: tuple[LetterWanted, ...], traffic: Traffic, policy: Policy, now: datetime
) -> tuple[Decision, tuple[LetterWanted, ...]]:
    """The letters that are written, with what their readers were not answered before; agents see who was not answered just now."""
    traffic.follow(letters, now)
    for one in decision.unanswered:
        traffic.untold[one.key] = (*traffic.untold.get(one.key, ()), one)
    now_unanswered = {one.ticket: one.reason for one in decision.unanswered}
    told: list[str] = []
    written: list[LetterWanted] = []
    for letter in letters:
        key = folded(letter.person.address)
        if letter.audience.is_outside and not letter.hold and (open_ := traffic.untold.pop(key, ())):
            told.append(key)
            names = dict.fromkeys(f"{policy.desks[one.desk].prefix}-{one.ticket}" for one in open_ if one.desk in policy.desks)
            letter = replace(letter, unanswered=_named(tuple(names)))
        elif not letter.audience.is_outside and letter.ticket in now_unanswered:
            letter = replace(letter, unanswered_because=now_unanswered[letter.ticket])
        written.append(letter)
    return (replace(decision, told=tuple(told)) if told else decision), tuple(written)


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" (+{more})" if more > 0 else "")
