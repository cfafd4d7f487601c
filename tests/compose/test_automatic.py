"""Every kind of letter: a machine says in its header that it is one, and where its bounces go; a person's words never do (fault 147)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mailgate.compose import samples
from mailgate.compose.letters import compose
from mailgate.model.letter import Audience, Carries
from mailgate.model.letters import LETTERS
from mailgate.model.ticket import Visibility
from tests.compose.desk import a_context, a_wanted, header, message

KINDS = [pytest.param(event, audience, id=f"{event}.{audience}") for event, audience in LETTERS]
#: What our headers consist of, whatever a mail said (fault 100).
ALLOWED = frozenset(
    """date from to reply-to subject message-id in-reply-to references auto-submitted x-auto-response-suppress content-language mime-version
    content-type content-transfer-encoding""".split()
)
PATHS = {"null": r"", "desk": r"support@example\.org", "verp": r"support\+k7qf3m9x\.b\.[0-9a-z]{16}@example\.org"}


@pytest.mark.parametrize(("event", "audience"), KINDS)
def test_a_machines_letter_says_so_and_a_persons_words_do_not(event: str, audience: str) -> None:
    kind = LETTERS[event, audience]
    sample = a_wanted(event, audience)
    assert sample.automatic is not kind.speaks
    ways = [sample]
    if kind.speaks and kind.wordless:
        ways.append(replace(sample, entry=None, automatic=True))
    ways += [replace(each, answers=answers) for each in ways for answers in (None, "<vpn-1@example.com>")]
    for wanted in ways:
        letter = compose(wanted, a_context(event))
        found = message(letter)
        assert {name.lower() for name in found} <= ALLOWED
        assert letter.automatic is wanted.automatic
        if wanted.automatic:
            assert header(letter, "Auto-Submitted") == ("auto-replied" if wanted.answers else "auto-generated")
            assert header(letter, "X-Auto-Response-Suppress") == "All"
        else:
            assert found["Auto-Submitted"] is None and found["X-Auto-Response-Suppress"] is None


@pytest.mark.parametrize("way", PATHS)
@pytest.mark.parametrize(("event", "audience"), KINDS)
def test_bounces_of_every_kind_come_back_as_configured(event: str, audience: str, way: str) -> None:
    letter = compose(a_wanted(event, audience), a_context(event, reverse_path=way))
    assert re.fullmatch(PATHS[way], letter.reverse_path)


# --- which letters carry which files (docs/decisions/0061) ---------------------------------------------------------------


def carried(event: str, audience: str) -> set[str]:
    """Names of the files of a letter of which everybody who wrote has attached one, named after them."""
    mine = {"asked": "requester", "answered": "agent", "questioned": "agent", "noted": "note", "intruded": "stranger"}
    file = samples.an_entry("asked").attachments[0]

    def with_file(which: str, id_: int) -> object:
        name = mine[which]
        digest = f"{id_:064d}"
        return replace(samples.an_entry(which), id=id_, inbox=id_, attachments=(replace(file, name=name, sha256=digest),))

    wanted = a_wanted(event, audience)
    if wanted.entry is not None:
        wanted = replace(wanted, entry=with_file(LETTERS[event, audience].words, 30))  # type: ignore[arg-type]
    context = a_context(event)
    if context.file is not None:
        entries = tuple(with_file(which, id_) for id_, which in enumerate(("asked", "answered", "noted", "intruded"), 20))
        context = replace(context, file=replace(context.file, entries=entries))  # type: ignore[arg-type]
    return {part.name for part in compose(wanted, context).parts}


@pytest.mark.parametrize(("event", "audience"), KINDS)
def test_a_letter_carries_the_files_that_its_entry_in_the_table_says(event: str, audience: str) -> None:
    kind = LETTERS[event, audience]
    outside = Audience(audience).is_outside
    of_words = {"asked": "requester", "answered": "agent", "questioned": "agent", "noted": "note", "intruded": "stranger"}.get(kind.words)
    expected = {
        Carries.NONE: set(),
        Carries.ANSWER: {of_words} if outside else set(),
        Carries.MAIL: set() if outside else {of_words},
        Carries.STORY: {"requester", "stranger"},  # but those of Ann, who reads it
    }[kind.carries]
    assert carried(event, audience) == expected


def test_nothing_goes_back_to_the_requester_and_nothing_internal_to_anybody_outside() -> None:
    for event, audience in LETTERS:
        if Audience(audience).is_outside:
            assert carried(event, audience) <= {"agent"}
    assert samples.an_entry("noted").visibility is Visibility.INTERNAL
