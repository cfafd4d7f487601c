"""Tells who wrote a mail, as far as anybody can say, and which ticket it belongs to, by which sign."""

from collections.abc import Mapping

from mailgate.decide import authority
from mailgate.decide.situation import Situation
from mailgate.explain.layout import INDENT, columns, filled, listed, quoted
from mailgate.explain.reading import who
from mailgate.explain.words import plain
from mailgate.model.evidence import Evidence, VerdictKind
from mailgate.model.person import Role
from mailgate.model.policy import ProveBy
from mailgate.model.reason import Because, Reason
from mailgate.understand.identity import server_of

PLACES: Mapping[str, str] = {
    "envelope": "where it went",
    "to": "in To",
    "cc": "in Cc",
    "delivered-to": "in Delivered-To",
    "in-reply-to": "in In-Reply-To",
    "envelope-id": "in the report",
    "references": "in References",
    "reported": "in the report",
    "subject": "in the subject",
    "message-id": "its own Message-ID",
}
PROVED_BY: Mapping[ProveBy, str] = {
    ProveBy.TOKEN: "by answering one of our letters",
    ProveBy.DOMAIN: "by a domain that is shown to be authentic",
    ProveBy.BOTH: "by answering one of our letters and by an authentic domain, both",
}
MOST_SIGNS, MOST_STAMPS = 8, 5


def author(s: Situation) -> list[str]:
    lines = filled(_known(s))
    if s.author_key is not None:
        lines += filled(_borne_out(s))
        lines += filled(_not_believed(s))
    if s.author is not None:
        lines += filled(_proof(s))
    return lines


def _known(s: Situation) -> str:
    mail, person = s.mail, s.author
    if mail.author is None or not mail.author.address:
        found = f"{len(mail.authors)} authors stand" if len(mail.authors) > 1 else "No address stands"
        return f"{found} in From, so it identifies nobody."
    claim = f"It says that {who(mail.author)} wrote it."
    if s.policy.is_own(mail.author.key):
        return f"{claim} That is an address of our own desk."
    if person is None:
        return f"{claim} I know nobody with this address."
    if person.agent in s.policy.agents:
        role = s.role
        if not role.is_agent:
            return f"{claim} That is an agent of ours, but on this ticket the one who asks."
        return f"{claim} That is {'a lead' if role is Role.LEAD else 'an agent' if role is Role.AGENT else 'an operator'} of ours."
    if s.ticket is not None and s.role is Role.REQUESTER:
        return f"{claim} That is who asked on ticket {s.ticket.number}."
    if s.ticket is not None and s.role is Role.PARTICIPANT:
        return f"{claim} That is somebody who takes part in ticket {s.ticket.number}."
    other = f", but has no part in ticket {s.ticket.number}" if s.ticket is not None else ""
    return f"{claim} The address is known from earlier mail{other}."


def _borne_out(s: Situation) -> str:
    verdict = s.verdict
    if verdict.by is None:
        if not s.verdict_source:
            return (
                "That is a claim, and nobody bears it out: no mail server is named whose word would count, and nobody checks DKIM"
                " and SPF ([verify])."
            )
        return "That is a claim, and nobody whom we trust says anything of it."
    if verdict.verdict is VerdictKind.PASS:
        return f"{verdict.domain} is authentic, says {verdict.by}: {plain(verdict.because)}."
    if verdict.verdict is VerdictKind.FAIL:
        return f"It did not come from {verdict.domain}, says {verdict.by}: {plain(verdict.because)}. So no machine answers it."
    return f"{verdict.by} has looked and cannot say whether that is true: {plain(verdict.because)}."


def _not_believed(s: Situation) -> str:
    """What stands in the mail about its author and counts for nothing, because anybody can write it there."""
    if s.verdict.by is not None:
        return ""
    stamps = [server_of(value) for value in s.mail.header_all("authentication-results")[:MOST_STAMPS]]
    said = []
    if stamps:
        named = listed(list(dict.fromkeys(filter(None, stamps)))) or "a server without a name"
        said.append(f"A verdict of {named} stands in its header, but that is no server whose word counts here.")
    if s.mail.header("dkim-signature") is not None:
        said.append("It has a DKIM signature, which nobody has checked.")
    return " ".join(said)


def _proof(s: Situation) -> str:
    proof, _ = authority.proof_in(s)
    agent = s.by_agent and s.role.is_agent
    because = plain(proof.because)
    if proof.failed:
        return f"It proves nothing: {because}."
    if agent:
        asked = f"Agents of this desk prove themselves {PROVED_BY[s.prove_by]}."
        if authority.reaches(proof, s.prove_by):
            return f"{asked} This mail does: it {because}."
        return f"{asked} This mail does not: {because}."
    if proof.is_one:
        return f"The author is proven: the mail {because}."
    return f"The author is not proven: {because}."


def ticket(s: Situation, unknown: str) -> list[str]:
    """Each sign in the order of belief; the first that counts decides. `unknown`: where nobody could look."""
    signs = s.thread.evidence
    lines: list[str] = []
    if s.file is not None:
        number, merged = s.file.ticket.number, s.thread.ticket
        lines += filled(f"It belongs to ticket {number}, {quoted(s.file.ticket.title)}.")
        if merged is not None and merged != number:
            lines += filled(f"It names ticket {merged}, which was merged into ticket {number}.")
    elif signs:
        lines += filled("It belongs to no ticket that I know.")
    else:
        lines += filled("It belongs to no ticket: it answers nothing, and nothing in it names one.")
    if signs:
        deciding = next((e for e in signs if e.ticket is not None and e.ticket == s.thread.ticket and not _doubt(e, s)), None)
        lines += filled("I looked at, in the order in which I believe it:")
        rows = [(_sign(e), PLACES.get(e.where, e.where), e.value, _outcome(e, s, e is deciding)) for e in signs[:MOST_SIGNS]]
        lines += columns(rows, most=(40, 30, 42))
        if len(signs) > MOST_SIGNS:
            rest = signs[MOST_SIGNS:]
            found = sum(e.ticket is not None for e in rest)
            lines.append(f"{INDENT * 2}... and {len(rest)} more, {f'{found} of them known' if found else 'none of them known'}")
    lines += [line for note in s.thread.notes if note.code == "disagree" for line in filled(f"They disagree: {plain(note)}.")]
    if s.same_message_id:
        again = "If it is the very same mail, it is not read a second time; what follows is told as if it were another one."
        lines += filled(f"A mail with this Message-ID was read before. {again}")
    return lines + filled(unknown)


def _sign(e: Evidence) -> str:
    if e.where == "envelope-id":
        return "envelope of a letter of ours"
    return "anchor of a letter of ours" if e.purpose == "anchor" else plain(Reason(f"sign.{e.kind.value}"))


def _doubt(e: Evidence, s: Situation) -> Because:
    """Why a sign does not count, "" when it does."""
    mine = (note.values[2] for note in s.thread.notes if note.code == "doubtful" and note.values[:2] == (e.kind.value, e.value))
    return next((doubt for doubt in mine if isinstance(doubt, Reason)), "")


def _outcome(e: Evidence, s: Situation, decides: bool) -> str:
    if doubt := _doubt(e, s):
        return "a letter of ours about no ticket" if doubt == Reason("doubt.about_none") else f"does not count: {plain(doubt)}"
    if e.ticket is not None:
        return f"ticket {e.ticket}: this decides" if decides else f"ticket {e.ticket}"
    if e.where == "message-id":
        return "not seen before"
    if e.purpose == "check":
        return "a letter of `mailgate check`"
    if e.letter is not None:
        return "our signature is good, but I know no such letter"
    return "not known here"
