"""A sample ticket on which every letter can be tried out: what `mailgate check` renders, and what the golden letters show."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailgate.compose.letters import ComposeContext, compose
from mailgate.compose.strict import Unsealable
from mailgate.compose.templates import Templates
from mailgate.model.letter import Audience, LetterKind, LetterWanted
from mailgate.model.letters import LETTERS, RatingQuestion, Solution
from mailgate.model.mail import Attachment
from mailgate.model.person import Person, Role
from mailgate.model.policy import Desk, Metric, Policy
from mailgate.model.ticket import Cycle, Entry, Member, Status, Ticket, TicketFile, TicketKind, Timer, TimerKind, Visibility
from mailgate.model.token import Keyring

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
RING = Keyring((b"a key that protects nothing at all",))
LETTER = "K7QF3M9X"

MAX = Person(id=1, name="Max Muster", address="max@example.com")
ANN = Person(id=2, name="Ann Berg", address="ann@example.org", agent="ann")
EVE = Person(id=3, name="Eve Adler", address="eve@example.net")
OPERATOR = Person(id=4, name="", address="postmaster@example.org")

#: What the sample requester attached.
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))

ANSWER = "Hello Max,\n\nthe client was too old. Version 4.1.2 is on your machine now; please restart it once.\n\nAnn"
ANSWER_HTML = (
    "<p>Hello Max,</p><p>the client was <b>too old</b>. Version 4.1.2 is on your machine now; please restart it once.</p><p>Ann</p>"
)
QUESTION = (
    "Hello Max,\n\nthanks for the picture, that already helps a lot. Two questions will get us there faster:\n\n"
    "1. Which version does the client show under Help > About?\n"
    "2. Does the VPN drop on a network cable, too, or only on Wi-Fi?\n\nAnn"
)


def an_entry(which: str) -> Entry:
    author, role, visibility, text, html = {
        "asked": (MAX, Role.REQUESTER, Visibility.PUBLIC, "Hello,\n\nsince this morning the VPN drops every ten minutes.\n\nMax", None),
        "answered": (ANN, Role.AGENT, Visibility.PUBLIC, ANSWER, ANSWER_HTML),
        "questioned": (ANN, Role.AGENT, Visibility.PUBLIC, QUESTION, None),
        "noted": (ANN, Role.AGENT, Visibility.INTERNAL, "4.1.0 is the version with the keep-alive bug.", None),
        "intruded": (EVE, Role.STRANGER, Visibility.UNVERIFIED, "I have the same problem.", None),
    }[which]
    attachment = Attachment("Bildschirmfoto größer.png", "image/png", len(PICTURE), hashlib.sha256(PICTURE).hexdigest(), False, "", "1.2")
    return Entry(
        id=11, ticket=1042, visibility=visibility, author=author.id, author_role=role, author_name=author.name, text=text, html=html,
        quoted="", signature="", attachments=(attachment,) if which == "asked" else (), inbox=7,
        message_id="<vpn-1@example.com>" if author is MAX else None, recorded_at=NOW, arrived_at=NOW,
        reverse=author.address if visibility is Visibility.UNVERIFIED else None,
    )  # fmt: skip


#: Of a question that was asked on a Monday: a reminder on Wednesday, the end on Tuesday of the week after.
_TIMERS = (Timer(TimerKind.REMIND, NOW + timedelta(days=2)), Timer(TimerKind.AUTO_RESOLVE, NOW + timedelta(days=8)))


def a_file(desk: Desk, status: Status, title: str = "VPN drops every ten minutes") -> TicketFile:
    """The sample ticket in the state in which a letter is written."""
    cycles = tuple(
        Cycle(metric=metric, n=1, policy="", calendar="always", priority=4, target_s=hours * 3600, started_at=NOW,
              due_at=NOW + timedelta(hours=hours), breach_at=NOW + timedelta(hours=hours))
        for metric, hours in ((Metric.FIRST_REPLY, 8), (Metric.RESOLUTION, 40))
        if status.is_live and (metric is Metric.RESOLUTION or status is Status.NEW)
    )  # fmt: skip
    ticket = Ticket(
        number=1042, desk=desk.id, title=title, kind=TicketKind.INCIDENT, status=status, priority=4, requester=MAX.id, group=desk.group,
        created_at=NOW, arrived_at=NOW, owner=None if status is Status.NEW else ANN.id, members=(Member(EVE.id, Role.PARTICIPANT),),
        cycles=cycles,
        timers=_TIMERS if status is Status.PENDING_USER else (),
        public_agent_at=NOW if status is not Status.NEW else None, resolved_at=None if status.is_live else NOW,
        closed_at=NOW if status is Status.CLOSED else None, closure=0 if status.is_live else 1,
    )  # fmt: skip
    said = {Status.NEW: ("asked",), Status.PENDING_USER: ("asked", "questioned")}.get(status, ("asked", "answered"))
    return TicketFile(ticket, (MAX, ANN, EVE), tuple(map(an_entry, said)))


def wanted(kind: type[LetterKind], audience: Audience, desk: Desk, language: str | None) -> LetterWanted:
    """The sample letter of a kind, for a reader of this language, with a sample of every fact."""
    person = {"requester": MAX, "participant": EVE, "agent": ANN, "lead": ANN, "manager": OPERATOR, "operator": OPERATOR}[audience]
    mail = "<vpn-1@example.com>" if audience.is_outside else "<orders-1@example.org>"
    return LetterWanted(
        kind=kind.sample(),
        audience=audience,
        person=replace(person, language=language),
        ticket=1042 if kind.about_ticket else None,
        desk=desk.id,
        entry=an_entry(kind.words) if kind.words else None,
        automatic=not kind.speaks,
        answers=mail if kind.replies else None,
        closure=1 if kind in (Solution, RatingQuestion) and audience is Audience.REQUESTER else None,
    )


def a_context(templates: Templates, policy: Policy, desk: Desk, kind: type[LetterKind]) -> ComposeContext:
    people = {p.id: p for p in (MAX, ANN, EVE, OPERATOR)}
    file = a_file(desk, kind.status) if kind.about_ticket else None
    return ComposeContext(policy, RING, templates, LETTER, NOW, file, people, "verp", OPERATOR.address)


def render_all(templates: Templates, policy: Policy, own: Collection[str] = ()) -> list[str]:
    """Writes every letter on the sample ticket, for every desk and in every language, with all facts and with as few as allowed.
    `own`: sentences that an operator's templates alone say. Returns what is wrong, in words for the operator; empty when nothing is."""
    problems = templates.problems(own)
    problems += [f"templates/{'/'.join(key)}.txt: is missing" for key in sorted(LETTERS.keys() - templates.letters)]
    problems += [f"templates/{'/'.join(key)}.txt: no such letter is ever written" for key in sorted(templates.letters - LETTERS.keys())]
    for key in sorted(LETTERS.keys() & templates.letters):
        kind = LETTERS[key]
        for desk in policy.desks.values():
            for language in templates.languages:
                whole = wanted(kind, Audience(key[1]), desk, language)
                bare = replace(whole, kind=kind.sample(bare=True), entry=None if kind.wordless else whole.entry, shown_title="")
                for letter in (whole, bare):
                    try:
                        compose(letter, a_context(templates, policy, desk, kind))
                    except Unsealable as error:
                        problem = f"desk {desk.id}, {language}: {error}"
                        if problem not in problems:
                            problems.append(problem)
    return problems
