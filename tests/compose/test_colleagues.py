"""What several colleagues are told is rendered once; each letter is the same as if it had been written alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.compose import letters
from mailgate.compose.body import encoded, replaced
from mailgate.compose.letters import Shared
from mailgate.compose.templates import load
from mailgate.model.letter import Letter
from mailgate.settings import brought_templates
from tests.compose.desk import a_context, a_letter, a_wanted, desk, templates

CYRILLIC = "Ничего не печатает. " * 200


def alone_and_shared(address: str, text: str | None) -> tuple[Letter, Letter, Shared]:
    """The letter of the second colleague, written alone, and from the words of the first."""
    the_desk = desk(address=address)
    context = a_context("requester_wrote", the_desk)
    entry = a_wanted("requester_wrote", "agent").entry
    assert entry is not None
    changes = {"entry": replace(entry, text=text)} if text else {}
    alone = a_letter("requester_wrote", "agent", context=replace(context, letter_id="ZZZZ0002"), **changes)
    shared: Shared = {}
    a_letter("requester_wrote", "agent", context=replace(context, letter_id="ZZZZ0001", shared=shared), **changes)
    again = a_letter("requester_wrote", "agent", context=replace(context, letter_id="ZZZZ0002", shared=shared), **changes)
    return alone, again, shared


@pytest.mark.parametrize("text", [None, "short", CYRILLIC], ids=["usual", "short", "base64"])
@pytest.mark.parametrize("length", range(4, 60, 3))
def test_a_letter_from_shared_words_is_byte_for_byte_the_one_written_alone(length: int, text: str | None):
    # With a longer address the line ends of quoted-printable fall into the tokens of links.
    alone, again, shared = alone_and_shared(f"{'s' * length}@example.org", text)
    assert len(shared) == 1
    assert again == alone


@pytest.mark.parametrize(
    "words",
    ["Hello {{ reader.first_name }},", "{% for r in links.ratings %}=> {{ r.link }} {{ r.score }}\n{% endfor %}"],
    ids=["name", "ratings"],
)
@pytest.mark.parametrize("where", ["requester_wrote/agent.txt", "_footer.txt"])
def test_what_an_operators_template_says_to_one_reader_is_told_to_no_other(where: str, words: str):
    sources, catalogues = brought_templates(None)
    changed = {**sources, where: f"{sources[where]}\n{words}\n"}
    context = replace(a_context("requester_wrote"), templates=load(changed, catalogues))
    shared: Shared = {}
    for id_, name in (("ZZZZ0001", "Ann Berg"), ("ZZZZ0002", "Bob Tal")):
        wanted = a_wanted("requester_wrote", "agent")
        wanted = replace(wanted, person=replace(wanted.person, name=name))
        assert letters.compose(wanted, replace(context, letter_id=id_, shared=shared)) == letters.compose(
            wanted, replace(context, letter_id=id_)
        )


def test_hardly_a_letter_of_ours_is_one_readers_own():
    assert templates().personal & {(event, "agent") for event, _ in templates().letters} <= {
        ("agent_welcomed", "agent"),
        ("letter_refused", "agent"),
    }


def test_the_tests_above_hold_links_that_are_broken_within_a_token(monkeypatch: pytest.MonkeyPatch):
    answers = []
    real = letters.replaced
    monkeypatch.setattr(letters, "replaced", lambda *given: answers.append(real(*given)) or answers[-1])
    for length in range(4, 60, 3):
        alone_and_shared(f"{'s' * length}@example.org", None)
    assert None in answers
    assert any(answers)


def test_a_token_is_replaced_wherever_it_stands_whole():
    page = encoded("é support+k7qf3m9x.take.3cm886fvgsqpqk7q@example.org\n")
    told = replaced(page, [(b"k7qf3m9x.take.3cm886fvgsqpqk7q", b"zzzz0002.take.0000000000000000", 1)])
    assert told == encoded("é support+zzzz0002.take.0000000000000000@example.org\n")


def test_a_token_that_is_broken_over_two_lines_is_not_replaced():
    page = encoded(f"é {'x' * 50} support+k7qf3m9x.take.3cm886fvgsqpqk7q@example.org\n")
    assert page[0] == "quoted-printable"
    assert replaced(page, [(b"k7qf3m9x.take.3cm886fvgsqpqk7q", b"zzzz0002.take.0000000000000000", 1)]) is None
