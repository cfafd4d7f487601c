"""A mail in an agent's name that proves too little, but not nothing: they are asked, at the address on file, and what they wrote waits.

The question is a letter with a token of its own. Its answer lets the waiting mail be read once more, as if it had just come: who may do
what is asked anew then, and so is everything else. It works once, for two days, and only for the word yes: a machine that answers that
its owner is away confirms nothing."""

import re
from dataclasses import replace
from datetime import timedelta

from mailgate.decide import authority
from mailgate.decide.announce import answer_agent
from mailgate.decide.entries import an_entry
from mailgate.decide.once import question_key
from mailgate.decide.returned import outsiders_who_have_it
from mailgate.decide.situation import Situation
from mailgate.model.commands import VERBS, Fault, Order, Parsed, said
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import CommandsRefused
from mailgate.model.evidence import Proof
from mailgate.model.letters import ConfirmationQuestion
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility

#: So long a mail waits for the word of its author.
WAITS = timedelta(days=2)
#: By how much a mail's own Date: may lie behind its arrival. Clocks of mail programs are wrong by hours, not by days.
LONGEST_WAY = timedelta(days=2)
#: Questions to one agent, in an hour and in a day: whoever forges their name can ask them no more than that.
MOST_AN_HOUR, MOST_A_DAY = 5, 20

#: What the answer may say, in the shipped languages and some more. Nothing but this may stand there.
YES = frozenset(
    (
        "y|yes|yep|ok|okay|confirm|confirmed|sure|i confirm|yes please|yes do it|do it|go ahead|carry it out|it was me|that was me|"
        "yes it was me|j|ja|jawohl|bestätigt|bestätige|ich bestätige|ja bitte|ja mach|ja das war ich|das war ich|"
        "oui|je confirme|c est moi|oui c est moi|si|sí|confirmo|sí confirmo|fui yo|sí fui yo|"
        "نعم|أجل|أؤكد|نعم أؤكد|نعم أنا|はい|はい 確認しました|確認しました|はい 私です|sim|tak|ano|da"
    ).split("|")
)
NO = frozenset(
    (
        "n|no|nope|not me|no not me|that was not me|it was not me|no that was not me|no it was not me|stop|never|"
        "nein|nicht|das war ich nicht|nein das war ich nicht|non|ce n est pas moi|no fui yo|"
        "لا|لست أنا|いいえ|私ではありません|não|nie|ne|niet|nee"
    ).split("|")
)
_LONGEST_WORD = 60
_SIGNS = re.compile(r"[#.,;:!?¡¿؟،。、！？\"'„“”‚‘’*_()\[\]-]+")


def answer_in(text: str) -> str:
    """ "yes" or "no", where nothing else stands there: an empty answer and "yes, but ..." are neither."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines or len(text) > 20 * _LONGEST_WORD:
        return ""
    said = " ".join(_SIGNS.sub(" ", lines[0][:200]).casefold().split())
    if len(lines) > 1 and not _is_a_name(lines[1:]):
        return ""
    return "yes" if said in YES else "no" if said in NO else ""


def _is_a_name(lines: list[str]) -> bool:
    """A name below the word, as people sign: a line or two of a few words, each with a capital."""
    words = [word for line in lines for word in line.split()]
    return (
        len(lines) <= 2
        and all(len(line.split()) <= 4 for line in lines)
        and all(word[0].isupper() and word.casefold() not in YES | NO for word in words)
    )


def why_ask(s: Situation, parsed: Parsed) -> str:
    """Why a mail that is proven has to be confirmed all the same, "" when it has not."""
    if s.confirmed or parsed.errors:
        return ""  # what cannot be carried out anyway comes back with its faults
    verbs = [VERBS[command.verb] for command in parsed.commands]
    if any(not verb.asks and verb.order is not Order.READERS for verb in verbs) and is_old(s):
        return "old_mail"
    return ""


def is_old(s: Situation) -> bool:
    """Whether a mail was under way, or lay with us, for so long that its commands may no longer be meant (a replay aside)."""
    if s.is_stale:
        return True
    return s.mail.date is not None and s.arrived_at - s.mail.date > LONGEST_WAY


def ask(s: Situation, parsed: Parsed, why: str) -> Decision | None:
    """The question, where one may be asked: its author reads it at the address on file, and nothing happens before they say yes."""
    answers_one = s.letter is not None and s.letter.event == ConfirmationQuestion.event
    if not why or s.author is None or s.file is None or not s.reading.answer or s.verdict.failed or answers_one:
        return None
    if question_key(s.mail) in s.once:
        return Decision(trace=(TraceLine("decide", "confirm", why, Reason("asked_before")),))
    hour, day = s.asked
    if hour >= MOST_AN_HOUR or day >= MOST_A_DAY:
        return None
    ticket = s.file.ticket
    event = CommandsRefused(at=s.now, actor=s.author.id, mail=s.inbox, codes=("E_CONFIRM",))
    question = ConfirmationQuestion(
        why=why,
        commands=tuple(said(c) for c in parsed.commands),
        text=s.mail.new_text,
        until=s.now + WAITS,
        direct=outsiders_who_have_it(s),
    )
    letter = replace(answer_agent(s, question, s.author, ticket), about=s.inbox, expires_at=s.now + WAITS)
    return Decision(
        changes=(Change(ticket, ticket, (event,)),),
        letters=(letter,),
        once=(question_key(s.mail),),
        trace=(TraceLine("decide", "confirm", why, Reason("asked")),),
    )


def answered(s: Situation, proof: Proof) -> Decision | Fault | None:
    """What an agent's answer to a question does; why it does nothing; None where it is no such answer, or not theirs."""
    letter = s.letter
    if letter is None or letter.event != ConfirmationQuestion.event or letter.about is None or s.file is None or s.author is None:
        return None
    if letter.person != s.author.id or letter.spent_at is not None:
        # Somebody else's, or answered before. What is said there proves nothing, and asks nothing anew.
        return Fault("E_ENDED", None, "", "") if letter.person == s.author.id and not proof.failed else None
    if not proof.token or not authority.reaches(proof, s.prove_by):
        return None
    if s.now - letter.made_at > WAITS:
        return Fault("E_ENDED", None, "", "")
    said = answer_in(s.mail.new_text)
    if not said:
        return Fault("E_CONFIRM", None, "", "")
    ticket = s.file.ticket
    entry = an_entry(s, Visibility.INTERNAL, ticket.number, author=s.author, role=s.role, hidden=said == "yes")
    then = Reason("read_again" if said == "yes" else "stays")
    return Decision(
        changes=(Change(ticket, ticket, (), (entry,)),),
        spent=(letter.id,),
        confirms=letter.about if said == "yes" else None,
        trace=(TraceLine("decide", "confirm", said, then),),
    )
