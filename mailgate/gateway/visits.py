"""What a visitor of the web door is shown, and how they rate: from the token of a link to a page.

A link names a letter of ours; the letter says whose it is and about what. A page shows what its requester wrote and what was sent to them
(`record/shown`), and it ends: some weeks after its letter, when its links are withdrawn, and when the ticket is somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mailgate.compose import pages
from mailgate.compose.data import inline
from mailgate.compose.letters import language_for, zone_for
from mailgate.compose.subjects import bare
from mailgate.compose.views import Links, called, entry_view, ticket_view
from mailgate.compose.writing import LetterWriter
from mailgate.decide import feedback
from mailgate.gateway.workers import Files, NoReader
from mailgate.model import token
from mailgate.model.letter import Audience
from mailgate.model.mail import Attachment, Unread
from mailgate.model.masking import masked
from mailgate.model.page import PageFile, RatingForm, WebPage
from mailgate.model.person import Person
from mailgate.model.policy import Desk
from mailgate.model.rating import LOW, RatedOutcome
from mailgate.model.ticket import Entry, Status, Ticket, TicketFile
from mailgate.model.understood import LetterFacts

if TYPE_CHECKING:
    from mailgate.gateway import Gateway

#: Of a very long thread the newest are shown.
MOST_ENTRIES, MOST_WORDS = 200, 200_000
#: A ticket that was merged into one that was merged, and so on.
MOST_MERGED = 10
#: Symbols of a file's digest in a link to it.
FILE_NAME = 20
#: What a browser shows as a picture and never runs.
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@dataclass(frozen=True, slots=True)
class Visited:
    """Whose letter it was, and the ticket that it leads to by now."""

    letter: LetterFacts
    file: TicketFile
    numbers: tuple[int, ...]  #: of this ticket, and of those that were merged into it on the way
    desk: Desk
    reader: Person
    look: pages.Look

    @property
    def ticket(self) -> Ticket:
        return self.file.ticket

    @property
    def ref(self) -> str:
        return f"{self.desk.prefix}-{self.ticket.number}"


class Visits:
    """Answers the visitors of the web door. Threads may share it."""

    def __init__(self, gateway: Gateway, files: Files | None, link_days: int) -> None:
        """`files`: opens files of mails; None where this program reads none."""
        self._gateway, self._files, self._lasts = gateway, files, timedelta(days=link_days)

    # --- the pages ------------------------------------------------------------------------------------------------

    def note(self, status: int, key: str, languages: Sequence[str]) -> WebPage:
        return pages.note(self._nobodys_look(languages), status, key)

    def rating(self, detail: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        """A link of five. Looking at it chooses its score; only sending the form rates."""
        found = token.read_detail(self._writer.ring, detail)
        visited = self._visited(found.letter) if found is not None and found.purpose == "rate" else None
        if visited is None or found is None or visited.letter.closure is None:
            return self.note(404, "wrong", languages)
        if not self._is_theirs(visited):
            return self.note(410, "ended", languages)
        if form is not None:
            return self._rated(visited, visited.letter.id, form, back=False)
        if feedback.is_too_late(visited.ticket, self._gateway.now(), self._writer.policy.timers.rating_window):
            return pages.note(visited.look, 200, "late", ref=visited.ref)
        return pages.rating(visited.look, visited.ref, int(found.word))

    def request(self, detail: str, languages: Sequence[str], form: RatingForm | None) -> WebPage:
        visited = self._on_page(detail, languages)
        if isinstance(visited, WebPage):
            return visited
        question = self._question(visited)
        if form is None:
            return self._shown(visited, detail, question)
        if question is None:
            return pages.note(visited.look, 409, "refused")
        return self._rated(visited, question, form, back=True)

    def file(self, detail: str, name: str, languages: Sequence[str]) -> WebPage | PageFile:
        visited = self._on_page(detail, languages)
        if isinstance(visited, WebPage):
            return visited
        for entry in self._words(visited):
            for one in entry.attachments:
                if entry.inbox is not None and one.sha256[:FILE_NAME] == name:
                    return self._opened(visited, entry.inbox, one)
        return pages.note(visited.look, 404, "wrong")

    # --- who comes, and to what -----------------------------------------------------------------------------------

    @property
    def _writer(self) -> LetterWriter:
        return self._gateway.writer

    def _on_page(self, detail: str, languages: Sequence[str]) -> Visited | WebPage:
        """What a link to a requester's page leads to, or the page that says why it leads nowhere."""
        letter = token.read_page(self._writer.ring, detail)
        visited = self._visited(letter) if letter is not None else None
        if visited is None or visited.letter.audience is not Audience.REQUESTER:
            return self.note(404, "wrong", languages)
        if not self._is_theirs(visited) or self._gateway.now() >= visited.letter.made_at + self._lasts:
            return pages.note(visited.look, 410, "ended")
        return visited

    def _visited(self, letter: str) -> Visited | None:
        store = self._gateway.store
        facts = store.outbox.facts([letter]).get(letter)
        if facts is None or facts.ticket is None:
            return None
        number, numbers = facts.ticket, [facts.ticket]
        while (file := store.tickets.files([number]).get(number)) is not None and len(numbers) <= MOST_MERGED:
            if (into := file.ticket.merged_into) is None:
                break
            number = into
            numbers.append(into)
        reader = store.people.by_id({facts.person}).get(facts.person)
        desk = self._writer.policy.desks.get(file.ticket.desk) if file is not None else None
        if file is None or desk is None or reader is None:
            return None
        return Visited(facts, file, tuple(numbers), desk, reader, self._look(reader, file.ticket, desk))

    def _is_theirs(self, visited: Visited) -> bool:
        """Whether the ticket is still the reader's, and its links were not withdrawn since."""
        tickets = [visited.ticket]
        if len(visited.numbers) > 1:
            tickets += [file.ticket for file in self._gateway.store.tickets.files(visited.numbers[:-1]).values()]
        made = visited.letter.made_at
        if any(t.pages_void_before is not None and made < t.pages_void_before for t in tickets):
            return False
        if visited.ticket.status is Status.REJECTED:
            return False
        # Whoever's own request went into another one takes part in that one.
        people = visited.ticket.outsiders() if len(visited.numbers) > 1 else (visited.ticket.requester,)
        return visited.reader.id in people

    # --- what is shown --------------------------------------------------------------------------------------------

    def _words(self, visited: Visited) -> list[Entry]:
        """Newest first, one more than are shown."""
        return self._gateway.store.shown.words(visited.numbers, visited.reader.id, MOST_ENTRIES + 1)

    def _shown(self, visited: Visited, detail: str, question: str | None) -> WebPage:
        ticket, policy = visited.ticket, self._writer.policy
        entries = self._words(visited)
        shown, room = 0, MOST_WORDS
        for entry in entries[:MOST_ENTRIES]:
            room -= len(entry.text)
            if shown and room < 0:
                break
            shown += 1
        tag = token.subject_token(self._writer.ring, visited.desk.prefix, ticket.number)
        look, now = visited.look, self._gateway.now()
        links = Links(visited.desk, self._writer.ring, visited.letter.id, tag, look.language, look.book.say)
        view, is_done = ticket_view(ticket, policy, {}, now), not ticket.status.is_live
        ends = (("solved", view.resolved_at), ("reopen until", view.reopen_until)) if is_done else ()
        counted = self._gateway.rating(question) if question is not None else None
        prefixes = frozenset(desk.prefix.upper() for desk in policy.desks.values())
        return pages.request(
            look,
            pages.RequestPage(
                ref=visited.ref,
                title=masked(bare(ticket.title, prefixes)),
                status=ticket.status.value,
                hold=ticket.hold.value if ticket.hold else None,
                opened_at=ticket.arrived_at,
                facts=tuple((key, at) for key, at in ends if at is not None),
                promised=(view.next_step, view.next_due_at) if view.next_step and view.next_due_at else None,
                messages=tuple(self._message(entry, visited, detail) for entry in entries[:shown]),
                left_out=len(entries) > shown,
                reply=links.answer,
                other=(("reopen", links.reopen),) if is_done else (("close", links.close),),
                rates=question is not None,
                score=counted.score if counted is not None else None,
                until=visited.letter.made_at + self._lasts,
            ),
        )

    def _message(self, entry: Entry, visited: Visited, detail: str) -> pages.Message:
        mine = entry.author == visited.reader.id
        view = entry_view(entry, self._writer.policy.files, {})
        # Agents as in letters, which have their first names only where that is how people are called.
        author = called(view.author, visited.look.language) or visited.look.name if view.by_agent else view.author
        files = tuple(
            pages.FileLink(one.name, one.size, f"{detail}/f/{one.sha256[:FILE_NAME]}")
            for one in entry.attachments
            if entry.inbox is not None
        )
        return pages.Message("" if mine else author, view.at, view.text, files)

    def _opened(self, visited: Visited, inbox: int, one: Attachment) -> WebPage | PageFile:
        try:
            (opened,) = self._files([(self._gateway.store.inbox.raw(inbox), (one,))]) if self._files else (None,)
        except NoReader:
            return pages.note(visited.look, 503, "trouble")
        if opened is None or isinstance(opened, Unread) or opened[0] is None:
            return pages.note(visited.look, 404, "wrong")
        return PageFile(inline(one.name), one.type if one.type in _PICTURES else "application/octet-stream", opened[0])

    # --- ratings --------------------------------------------------------------------------------------------------

    def _question(self, visited: Visited) -> str | None:
        """The letter by which the reader may rate what was done last."""
        ticket = visited.ticket
        if ticket.status not in (Status.RESOLVED, Status.CLOSED) or ticket.requester != visited.reader.id:
            return None
        if feedback.is_too_late(ticket, self._gateway.now(), self._writer.policy.timers.rating_window):
            return None
        return self._gateway.store.shown.question(ticket.number, visited.reader.id, ticket.closure)

    def _rated(self, visited: Visited, letter: str, form: RatingForm, back: bool) -> WebPage:
        look, ref = visited.look, visited.ref
        if form.score is None:
            return pages.rating(look, ref, None, form.comment, missing=True)
        rated = self._gateway.rate(letter, form.score, form.comment)
        if rated.outcome is RatedOutcome.VOID:
            return pages.void(look, ref)
        if rated.outcome is RatedOutcome.LATE:
            return pages.note(look, 200, "late", ref=ref)
        if rated.outcome is RatedOutcome.REFUSED or rated.score is None:
            return pages.note(look, 409, "refused")
        return pages.thanks(look, rated.score, rated.score <= LOW, rated.due_at, back)

    # --- for whom -------------------------------------------------------------------------------------------------

    def _look(self, reader: Person, ticket: Ticket, desk: Desk) -> pages.Look:
        language = language_for(reader, ticket, desk, self._writer.templates)
        return self._dressed(language, zone_for(reader, desk), desk)

    def _nobodys_look(self, languages: Sequence[str]) -> pages.Look:
        """For a page that has no reader: it names nobody, and not even that there is a letter."""
        desk = next(iter(self._writer.policy.desks.values()))
        return self._dressed(self._writer.templates.language(*languages, desk.language), desk.timezone, desk)

    def _dressed(self, language: str, zone: str, desk: Desk) -> pages.Look:
        brand = desk.brand
        foot = (*brand.footer, *((brand.legal,) if brand.legal else ()))
        return pages.Look(language, self._writer.templates.catalogue(language), zone, brand.name or desk.name, brand.accent, foot)
