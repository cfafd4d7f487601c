"""From a letter wanted to a letter sealed: the words of its template, the names and tokens in its header, and the seal.

Whoever reads a letter never learns another person's address from its header: requesters see the desk with the agent's first name,
agents see `Max Muster via IT-1042`, both under the desk's address with a token of this one letter."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import TemplateError

from mailgate.compose import dates, headers, words
from mailgate.compose.assemble import part_headers, pictures_of, seal
from mailgate.compose.blocks import Items
from mailgate.compose.body import LONGEST_HTML, Encoded, alternative, encoded, encoded_page, mixed, related, replaced
from mailgate.compose.cards import Paper, as_html, footer_html, logo_html
from mailgate.compose.colours import shades
from mailgate.compose.data import inline, lines
from mailgate.compose.files import parts_of, story, with_its_pictures
from mailgate.compose.names import is_called_like_us
from mailgate.compose.plain import as_text, footer_text, preheader
from mailgate.compose.said import facts_of, is_told_of_masking, title_for
from mailgate.compose.strict import Unsealable, check_bytes
from mailgate.compose.templates import Rendered, Templates
from mailgate.compose.views import DeskView, EntryView, Links, ReaderView, called, entry_view, first_name, last_words, ticket_view
from mailgate.model import token
from mailgate.model.brand import Enclosed
from mailgate.model.letter import Audience, Letter, LetterKind, LetterWanted, PartRef, Voice
from mailgate.model.marker import marker
from mailgate.model.person import Person
from mailgate.model.policy import Desk, Policy
from mailgate.model.ticket import Entry, Ticket, TicketFile, Visibility
from mailgate.model.token import Keyring


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says, and how it is written into its body."""

    subject: str
    text: str
    html: str | None
    preheader: str
    notice: str  #: text and preheader that the residue check reads
    plain: Encoded
    page: Encoded | None


@dataclass(frozen=True, slots=True)
class Told:
    """Words that were rendered for one letter, and may serve others of the same composition."""

    letter: str
    kind: LetterKind
    words: Words


Shared = dict[tuple[object, ...], Told]


@dataclass(frozen=True, slots=True)
class ComposeContext:
    """Everything around a letter. Nothing is looked up, drawn or measured while composing."""

    policy: Policy
    ring: Keyring
    templates: Templates
    letter_id: str  #: 8 symbols Crockford base32, upper case
    now: datetime
    file: TicketFile | None  #: the ticket as it is after the decision
    people: Mapping[int, Person]
    reverse_path: str  #: null | desk | verp
    operator: str  #: the operator's address
    shared: Shared | None = None  #: words already rendered for this sheet
    web: str = ""  #: what links to the web door begin with; "": there is none


def compose(wanted: LetterWanted, context: ComposeContext) -> Letter:
    """One letter for one person at one address, sealed. Raises Unsealable when a fact is missing or the finished bytes break a rule."""
    desk = context.policy.desks.get(wanted.desk)
    if desk is None:
        raise Unsealable(f"desk: there is no {wanted.desk!r} in the policy")
    if wanted.ticket is not None and (context.file is None or context.file.ticket.number != wanted.ticket):
        raise Unsealable("ticket: it was not handed in")
    language = _language(wanted, context, desk)
    tag = token.subject_token(context.ring, desk.prefix, wanted.ticket) if wanted.ticket is not None else ""
    reference = f"{desk.prefix}-{wanted.ticket}" if wanted.ticket is not None else ""
    address = headers.wire_address(wanted.person.address)
    said = _words(wanted, context, desk, language, reference, tag)

    outer = f"=_{context.letter_id}.m"
    parts = parts_of(wanted, context.file, context.policy.files, said.html)
    kind, body = _body(said, parts, _pictures(wanted, desk, said.html), context.letter_id, outer)
    if wanted.files:
        kind, body = mixed(kind, body, wanted.files, outer)
    message_id, rows = _header(wanted, context, desk, language, reference, tag, said.subject, address)
    header = "\r\n".join([*rows, "MIME-Version: 1.0", kind]).encode()

    utf8 = not address.isascii()
    heads, end = part_headers(parts, outer)
    whole = b"".join((header, b"\r\n\r\n", body, *heads, end))
    if faults := check_bytes(whole, utf8):
        raise Unsealable(f"{wanted.event}/{wanted.audience.value}: {'; '.join(faults)}")
    digest, size = seal(header, body, parts, outer if parts else "")
    return Letter(
        id=context.letter_id,
        event=wanted.event,
        audience=wanted.audience,
        ticket=wanted.ticket,
        desk=wanted.desk,
        person=wanted.person.id,
        address=address,
        message_id=message_id,
        header=header,
        body=body,
        parts=parts,
        boundary=outer if parts else "",
        digest=digest,
        size=size,
        reverse_path=_reverse_path(context, desk),
        automatic=wanted.automatic,
        proven=wanted.proven,
        answer_is=wanted.answer_is,
        made_at=context.now,
        entry=wanted.entry.id if wanted.entry else wanted.of_entry,
        closure=wanted.closure,
        not_before=wanted.not_before,
        expires_at=wanted.expires_at,
        utf8=utf8,
        notice=said.notice,
        preheader=said.preheader,
        about=wanted.about,
    )


def _body(said: Words, parts: tuple[PartRef, ...], pictures: tuple[Enclosed, ...], letter: str, outer: str) -> tuple[str, bytes]:
    """Header lines and content of all but the files, which follow at sending."""
    if parts and parts[0].related:
        kind, body = related(*alternative(said.plain, said.page, letter), pictures_of(outer), pictures)
    else:
        kind, body = alternative(said.plain, said.page, letter, pictures)
    if not parts:
        return kind, body
    return f'Content-Type: multipart/mixed;\r\n boundary="{outer}"', f"--{outer}\r\n{kind}\r\n\r\n".encode("ascii") + body


def _words(wanted: LetterWanted, context: ComposeContext, desk: Desk, language: str, reference: str, tag: str) -> Words:
    """What the letter says. Colleagues who are told the same get it rendered once, with their own letter's tokens put in."""
    shared = context.shared if wanted.audience is Audience.AGENT and wanted.ticket is not None else None
    if shared is None or (wanted.event, wanted.audience.value) in context.templates.personal:
        return _written(wanted, context, desk, language, reference, tag)
    owner = context.file.ticket.owner if context.file else None
    key = (
        wanted.event,
        wanted.ticket,
        wanted.entry.id if wanted.entry else None,
        wanted.answer_is,
        wanted.automatic,
        wanted.unanswered,
        wanted.unanswered_because,
        language,
        zone_for(wanted.person, desk),
        owner == wanted.person.id,
    )
    told = shared.get(key)
    if told is None or told.kind != wanted.kind:
        words = _written(wanted, context, desk, language, reference, tag)
        shared[key] = Told(context.letter_id, wanted.kind, words)
        return words
    return _readdressed(told.words, told.letter, context)


def _readdressed(words: Words, first: str, context: ComposeContext) -> Words:
    """The same words with the tokens of another letter: they have the same length, and nobody can have written the old ones before.
    They stand in links, which the text has none of."""
    html = words.html
    if html is None:
        return words
    tokens: list[tuple[bytes, bytes, int]] = []
    mark = f"{first.lower()}."  # every token of that letter begins with it, so most need not even be made
    replies = (token.reply_detail(context.ring, first), token.reply_detail(context.ring, context.letter_id))
    actions = (
        (token.action_detail(context.ring, first, word), token.action_detail(context.ring, context.letter_id, word))
        for word in sorted(token.ACTIONS)
        if f"{mark}{word}." in html
    )
    for old, new in (replies, *actions):
        tokens.append((old.encode(), new.encode(), html.count(old)))
        html = html.replace(old, new)
    page = (replaced(words.page, tokens) if words.page is not None else None) or encoded_page(html)
    return replace(words, html=html, page=page)


def _written(wanted: LetterWanted, context: ComposeContext, desk: Desk, language: str, reference: str, tag: str) -> Words:
    rendered = _render(wanted, context, desk, language, reference, tag)
    mark, shown = marker(language), preheader(rendered.preheader, rendered.blocks, language)
    below = _below(wanted, desk)
    text = f"{mark}\n\n{as_text(rendered.blocks, language)}\n\n-- \n{footer_text(rendered.footer, below, language)}\n"
    html = _html(wanted, context, rendered, desk, language, shown, reference)
    notice = ""
    if not wanted.audience.is_outside:
        # Of a refusal without the lines in which it repeats what was wrong: the author may say their own words again, in the right place.
        unechoed = [block for block in rendered.blocks if not isinstance(block, Items)]
        said = text if not wanted.kind.echoes else f"{mark}\n\n{as_text(unechoed, language, own=False)}\n"
        notice = f"{said}\n{shown}\n"
    page = encoded_page(html) if html is not None else None
    return Words(rendered.subject, text, html, shown, notice, encoded(text), page)


def _below(wanted: LetterWanted, desk: Desk) -> tuple[str, ...]:
    """What the brand puts under a letter: its own lines, and for whoever is outside what the law asks for."""
    legal = (desk.brand.legal,) if desk.brand.legal and wanted.audience.is_outside else ()
    return tuple(inline(line) for line in (*desk.brand.footer, *legal))


# --- the words -------------------------------------------------------------------------------------------------------


def _is_a_strangers(wanted: LetterWanted) -> bool:
    """Whether a machine writes to somebody who has proven nothing. It goes to whoever was named in a From:, so whatever the mail said of
    itself, the name of its author included, may be a message to a third person."""
    return wanted.automatic and wanted.audience.is_outside and not wanted.proven


def _has_page(wanted: LetterWanted) -> bool:
    """Whether its reader may see the requester's page: what a stranger wrote is not shown in our name to whom the stranger names."""
    return wanted.audience is Audience.REQUESTER and wanted.ticket is not None and not _is_a_strangers(wanted)


def _language(wanted: LetterWanted, context: ComposeContext, desk: Desk) -> str:
    ticket = context.file.ticket if context.file and wanted.audience.is_outside else None
    return language_for(wanted.person, ticket, desk, context.templates)


def language_for(person: Person, ticket: Ticket | None, desk: Desk, templates: Templates) -> str:
    """What the reader asked for; else, for who wrote it, the language of the ticket, and for others their own; else the other of these;
    else the desk's. The ticket's is its requester's, so it says nothing about agents (None), whose own is set."""
    told = (person.language, ticket.language if ticket else None)
    if ticket is not None and person.id == ticket.requester and person.agent is None:
        told = told[::-1]
    return templates.language(person.chosen_language, *told, desk.language)


def zone_for(person: Person, desk: Desk) -> str:
    """The reader's time zone; one that this machine does not know gives way to the desk's."""
    if person.timezone:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(person.timezone).key
    return desk.timezone


def _render(wanted: LetterWanted, context: ComposeContext, desk: Desk, language: str, reference: str, tag: str) -> Rendered:
    audience = wanted.audience.value
    if not context.templates.has(wanted.event, audience):
        raise Unsealable(f"{wanted.event}/{audience}: there is no such template")
    values: dict[str, object] = {
        **facts_of(wanted.kind),
        "unanswered": wanted.unanswered,
        "unanswered_because": wanted.unanswered_because,
        "ref": reference,
        "tag": tag,
        "desk": DeskView(desk.name, desk.address),
        "reader": ReaderView("", "") if _is_a_strangers(wanted) else ReaderView(wanted.person.name, first_name(wanted.person.name)),
        "entry": _view(wanted.entry, wanted, context, language) if wanted.entry else None,
        "answer_is": wanted.answer_is.value,
        "operator": context.operator,
        "now": context.now,
        "asks_rating": wanted.closure is not None,
        "title": title_for(wanted, context.file, context.people, _prefixes(context.policy), context.templates.catalogue(language)),
        "masked": is_told_of_masking(wanted, context.file),
        "links": Links(
            desk, context.ring, context.letter_id, tag, language, context.templates.catalogue(language).say, context.web, _has_page(wanted)
        ),
        "ticket": None,
        "last": None,
    }
    if context.file is not None and wanted.ticket is not None:
        ticket = context.file.ticket
        values["ticket"] = ticket_view(ticket, context.policy, context.people, context.now)
        values["mine"] = ticket.owner == wanted.person.id
        asks = partial(context.templates.asks, wanted.event, audience)
        is_told = asks("last") and wanted.entry is None and not _is_a_strangers(wanted)
        values["last"] = last_words(context.file, context.policy.files, context.people) if is_told else None
        if wanted.kind.voice is Voice.STORY:
            told = story(context.file, wanted.person)
            values["story"] = [_view(entry, wanted, context, language) for entry in told]
            values["left_out"] = max(0, sum(not entry.hidden for entry in context.file.entries) - len(told))
        if asks("hours") or asks("open_now"):
            values["hours"], values["open_now"] = _hours(context, desk, language)
    try:
        return context.templates.render(wanted.event, audience, language, zone_for(wanted.person, desk), values)
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise Unsealable(f"{wanted.event}/{audience}: {error}") from error


def _prefixes(policy: Policy) -> frozenset[str]:
    return frozenset(desk.prefix.upper() for desk in policy.desks.values())


def _hours(context: ComposeContext, desk: Desk, language: str) -> tuple[str, bool]:
    """When somebody is there, in words, and whether somebody is there now."""
    sla = context.policy.slas.get(desk.sla)
    calendar = context.policy.calendars.get(sla.calendar) if sla else None
    return (dates.opening_hours(calendar, language), calendar.is_open(context.now)) if calendar else ("", True)


def _html(wanted: LetterWanted, context: ComposeContext, rendered: Rendered, desk: Desk, language: str, shown: str, ref: str) -> str | None:
    """The HTML page, or None where it would be too long: then the text says all there is."""
    if rendered.html is not None:
        page = lines(rendered.html)
    else:
        # HTML of other people stays outside: only an agent's own, already sanitised, travels to requesters.
        entry = wanted.entry
        own = entry.html if entry is not None and not wanted.automatic and entry.author_role.is_agent else None
        own = with_its_pictures(own, entry, context.policy.files) if own and entry is not None else None
        paper = _paper(desk, language)
        values = {
            "title": rendered.subject,
            "preheader": shown,
            "marker": marker(language),
            "body": as_html(rendered.blocks, paper, ref, lines(own) if own else None),
            "footer": footer_html(rendered.footer, _below(wanted, desk), paper),
        }
        page = context.templates.frame(language, paper.shades, values)
    if not page.endswith("\n"):
        page += "\n"
    is_short = 4 * len(page) <= LONGEST_HTML or (len(page) <= LONGEST_HTML and len(page.encode()) <= LONGEST_HTML)
    return page if is_short else None


@lru_cache(64)
def _paper(desk: Desk, language: str) -> Paper:
    brand = desk.brand
    name = inline(brand.name or desk.name)
    logo = "".join(logo_html(picture, inline(brand.logo_alt) or name) for picture in _logo(desk))
    return Paper(language, shades(brand.accent), name, inline(brand.short) or desk.prefix[:3], logo, brand.faces, brand.steps)


def _logo(desk: Desk) -> tuple[Enclosed, ...]:
    """The desk's logo under a name of its own domain, as Content-ID wants it (RFC 2392)."""
    picture = desk.brand.picture
    return (replace(picture, cid=f"{picture.cid}@{desk.domain}"),) if picture is not None else ()


def _pictures(wanted: LetterWanted, desk: Desk, html: str | None) -> tuple[Enclosed, ...]:
    """Those pictures of ours that the HTML shows."""
    return tuple(one for one in (*_logo(desk), *wanted.kind.pictures, *wanted.pictures) if html is not None and f'"cid:{one.cid}"' in html)


def _view(entry: Entry, wanted: LetterWanted, context: ComposeContext, language: str) -> EntryView:
    author = None if wanted.audience.is_outside else _author(entry, wanted, context, language)
    return entry_view(entry, context.policy.files, context.people, author)


def _author(entry: Entry, wanted: LetterWanted, context: ComposeContext, language: str) -> str:
    """The author's name for agents. Who is called like one of us and is none, or has not shown to be the one, is told apart at once."""
    name = entry.author_name
    person = context.people.get(entry.author) if entry.author is not None else None
    say = context.templates.catalogue(language).say
    if entry.author_role.is_agent or not name or entry.visibility is Visibility.UNVERIFIED:
        return name
    if person is not None and person.agent in context.policy.agents:
        return f"{name} ({say(words.UNVERIFIED)})" if entry.proof in ("none", "failed") else name
    return f"{name} ({say(words.EXTERNAL)})" if is_called_like_us(name, context.policy) else name


# --- the header ------------------------------------------------------------------------------------------------------


def _header(
    wanted: LetterWanted, context: ComposeContext, desk: Desk, language: str, reference: str, tag: str, subject: str, address: str
) -> tuple[str, list[str]]:
    """Message-ID and all fields but those of the body."""
    letter, ring = context.letter_id, context.ring
    own_id = token.message_id(ring, wanted.ticket, letter, desk.domain)
    anchor = (
        token.anchor_id(ring, wanted.ticket, letter, desk.domain)
        if not wanted.kind.round_trip
        else token.check_id(ring, letter, desk.domain)
    )
    name = _voice(wanted, context, desk, language, reference)
    reply_to = _with_detail(desk, token.reply_detail(ring, letter)) if desk.subaddress == "plus" else desk.address
    answers, thread = _thread(wanted, context)
    # Agents' notices hang together by it; the letters to a requester hang below their own mails, and begin with the anchor.
    is_notice = wanted.ticket is not None and not wanted.audience.is_outside
    story = (token.thread_id(desk.prefix, wanted.ticket, desk.domain),) if is_notice and wanted.ticket is not None else ()
    rows = [
        f"Date: {headers.date(context.now)}",
        headers.mailbox_field("From", name, desk.address),
        headers.mailbox_field("To", "" if _is_a_strangers(wanted) or "@" in wanted.person.name else inline(wanted.person.name), address),
        headers.mailbox_field("Reply-To", name, reply_to),
        headers.unstructured("Subject", f"{subject} {tag}" if tag else subject),
        f"Message-ID: {own_id}",
        headers.message_ids("In-Reply-To", (answers,) if answers else ()),
        headers.message_ids("References", (*story, anchor, *thread), 2 + len(story)),
    ]
    if wanted.automatic:
        # RFC 3834: replied to a mail, or generated by a clock or for somebody else than its author.
        rows.append("Auto-Submitted: auto-replied" if wanted.answers else "Auto-Submitted: auto-generated")
        rows.append("X-Auto-Response-Suppress: All")
    rows.append(f"Content-Language: {language}")
    return own_id, [row for row in rows if row]


def _voice(wanted: LetterWanted, context: ComposeContext, desk: Desk, language: str, reference: str) -> str:
    """Whose name stands before the desk's address. Never one with an address in it."""
    entry = wanted.entry
    if wanted.audience.is_outside:
        if entry is None or wanted.automatic or not entry.author_role.is_agent:
            return inline(desk.name)
        name = inline(called(entry.author_name, language))
        return f"{name} ({inline(desk.name)})" if name else inline(desk.name)
    if wanted.kind.voice is not Voice.AUTHOR or entry is None or not reference:
        return inline(desk.name)
    say = context.templates.catalogue(language).say
    name = inline(_author(entry, wanted, context, language))
    if not name or "@" in name:
        name = say(words.REQUESTER)
    if entry.visibility is Visibility.UNVERIFIED:
        name = f"{name} ({say(words.UNVERIFIED)})"
    return f"{name} via {reference}"


def _thread(wanted: LetterWanted, context: ComposeContext) -> tuple[str, tuple[str, ...]]:
    """In-Reply-To and References: the mails that this reader wrote, so that the mail program shows one conversation."""
    answers, thread = wanted.answers or "", wanted.thread
    if wanted.audience.is_outside:
        if not answers and not thread and context.file is not None:
            mine = (e for e in context.file.entries if e.author == wanted.person.id and e.visibility is Visibility.PUBLIC)
            thread = tuple(e.message_id for e in mine if e.message_id)
        answers = answers or (thread[-1] if thread else "")
        return answers, (*(one for one in thread if one != answers), *((answers,) if answers else ()))
    hidden = {key for id_ in (context.file.ticket.outsiders() if context.file else ()) if (p := context.people.get(id_)) for key in p.keys}
    kept = tuple(one for one in (*thread, answers) if one and one.strip("<>").lower() not in hidden)
    return (answers if answers in kept else ""), kept


def _with_detail(desk: Desk, detail: str) -> str:
    base, _, domain = token.split_address(desk.address)
    return f"{base}+{detail}@{domain}"


def _reverse_path(context: ComposeContext, desk: Desk) -> str:
    """Where bounces go: nowhere, to the desk (told by content and anchor), or to this letter's own bounce address."""
    if context.reverse_path == "null":
        return ""
    if context.reverse_path == "verp" and desk.subaddress == "plus":
        return _with_detail(desk, token.bounce_detail(context.ring, context.letter_id))
    return desk.address
