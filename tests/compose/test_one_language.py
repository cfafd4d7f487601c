"""A letter is in one language: every sentence of ours, label, date and line of its frame is of its reader's catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html import unescape

import pytest

from mailgate.compose import letters
from mailgate.compose.letters import compose
from mailgate.compose.words import AGENTS_PRIORITIES, PRIORITIES, WISHES
from mailgate.model.commands import VERBS
from mailgate.model.letters import LETTERS
from mailgate.model.marker import MARKERS, RATING_HINTS
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.reason import Reason
from mailgate.understand.answers import self_service
from tests.compose.arabic import in_arabic
from tests.compose.desk import a_context, a_letter, a_wanted, flowing, header, html, policy, templates, text


def strings(value: object) -> Iterator[str]:
    """Everything that stands in the facts of a sample."""
    if isinstance(value, Reason):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, (tuple, list, frozenset)):
        for one in value:
            yield from strings(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from strings(getattr(value, field.name))


def data_of(event: str, audience: str) -> list[str]:
    """The words of a sample letter that are somebody's: people's, servers', the operator's; the longest first."""
    context, wanted = a_context(event), a_wanted(event, audience, "ar")
    desk = next(iter(policy().desks.values()))
    given = [
        *strings(wanted.kind),
        *strings((wanted.entry, wanted.person, context.file, tuple(context.people.values()))),
        *strings((desk, tuple(policy().groups.values()), tuple(policy().agents.values()))),
        context.operator,
        *(word for verb in VERBS.values() for word in (verb.form, f"#{verb.word}")),
    ]
    lines = {" ".join(line.split()) for one in given for line in one.splitlines()}
    words = {name for one in lines for name in re.findall(r"[A-Z][a-z]+(?= [A-Z])|^[A-Z][a-z]+$", one)}
    faces = {"".join(word[0] for word in one.split()) for one in lines if re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", one)}
    return sorted((one for one in lines | words | faces if len(one) > 1), key=len, reverse=True)


#: Names of zones and units, prefixes of subjects and tickets, what the form of a mail brings along.
SAME_EVERYWHERE = {"Re", "KB", "MB", "CEST", "CET", "UTC", "Europe", "Berlin", "IT", "via", "mailgate"}


def left_over(text: str, event: str, audience: str) -> list[str]:
    text = re.sub(r"#wait for 3d|\[?IT-\d+(?:-\w+\])?|\S+@\S+|<https?://\S+>", " ", text)
    for one in data_of(event, audience):
        if "…" in text:  # a preheader may hold their beginning
            text = re.sub("|".join(re.escape(one[:end].rstrip()) + " ?…" for end in range(len(one), 4, -1)) or "…", " ", text)
        text = re.sub(rf"(?<![A-Za-z]){re.escape(one)}(?![A-Za-z])", " ", text)
    return [word for word in re.findall(r"[A-Za-zÀ-ɏ]{2,}", re.sub(r"#[a-z]+|\bE_[A-Z]+", " ", text)) if word not in SAME_EVERYWHERE]


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
@pytest.mark.parametrize("bare", [False, True], ids=["whole", "bare"])
def test_no_word_of_ours_is_said_but_by_the_catalogue(key: tuple[str, str], bare: bool):
    event, audience = key
    context = replace(a_context(event), templates=in_arabic())
    wanted = a_wanted(event, audience, "ar")
    if bare:
        kind = type(wanted.kind)
        wanted = replace(wanted, kind=kind.sample(bare=True), entry=None if kind.wordless else wanted.entry, shown_title="")
    letter = compose(wanted, context)
    assert left_over(flowing(letter), event, audience) == []
    assert left_over(header(letter, "Subject"), event, audience) == []
    assert left_over(header(letter, "From"), event, audience) == []
    page = re.sub(r"</?(?:b|strong|span|a)\b[^>]*>", "", re.sub(r"<style.*?</style>|<!--.*?-->", " ", html(letter), flags=re.DOTALL))
    assert left_over(" ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split()), event, audience) == []


def test_the_test_sees_a_sentence_of_another_language():
    """Else it would be content with whatever it is shown."""
    letter = a_letter("ticket_opened", "requester", "en")
    assert len(left_over(flowing(letter), "ticket_opened", "requester")) > 20


@pytest.mark.parametrize("language", [one for one in templates().languages if one != "en"])
def test_no_english_line_stands_in_a_letter_of_another_language(language: str):
    """The same of the catalogues that are shipped: a line that both have says nothing, or is somebody's."""
    book = templates().catalogue(language)
    same = {word for message, said in book.single.items() if message == said for word in re.findall(r"\w+", message)}
    found = {}
    for key in LETTERS:
        english, other = (text(a_letter(*key, one)).splitlines() for one in ("en", language))
        lines = " ".join(line.strip() for line in english if line in other)
        if left := [word for word in left_over(" ".join(lines.split()), *key) if word not in same]:
            found[key] = left
    assert found == {}


@pytest.mark.parametrize("language", templates().languages)
def test_marker_hint_priorities_and_wishes_are_words_that_are_read_in_each_language(language: str):
    say = templates().catalogue(language).say
    assert language in MARKERS and language in RATING_HINTS
    typed = [(number, say(word)) for table in (PRIORITIES, AGENTS_PRIORITIES) for number, word in table.items()]
    assert [(number, word) for number, word in typed if PRIORITY_NAMES.get(word.lower()) != number] == []
    assert {wish: self_service(say(word)) for wish, word in WISHES.items()} == {wish: wish for wish in WISHES}


def shape(event: str, audience: str, language: str, bare: bool) -> list[tuple[str, int]]:
    """The blocks of a letter, each with how much is in it."""
    wanted = a_wanted(event, audience, language)
    if bare:
        kind = type(wanted.kind)
        wanted = replace(wanted, kind=kind.sample(bare=True), entry=None if kind.wordless else wanted.entry, shown_title="")
    context = a_context(event)
    desk = context.policy.desks[wanted.desk]
    rendered = letters._render(wanted, context, desk, language, "IT-1042", "[IT-1042-AAAAAAAA]")
    return [
        (type(block).__name__, len(getattr(block, "rows", getattr(block, "items", ())))) for block in (*rendered.blocks, *rendered.footer)
    ]


@pytest.mark.parametrize("language", [one for one in templates().languages if one != "en"])
def test_a_sentence_stays_what_it_is_in_every_language(language: str):
    """A few words and a colon make a fact, a sign at the beginning another block: a translation must not."""
    other = {
        (*key, bare): (english, translated)
        for key in LETTERS
        for bare in (False, True)
        if (english := shape(*key, "en", bare)) != (translated := shape(*key, language, bare))
    }
    assert other == {}
