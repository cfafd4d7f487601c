"""Every letter that there is, in every language, keeps every rule: those of words included, for these hold samples alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.compose.letters import compose
from mailgate.model.letter import Audience, Letter
from mailgate.model.letters import LETTERS
from tests.compose.desk import desk, header, html, policy, templates, text
from tests.letters import hook
from tests.letters.rules import faults_of
from tests.letters.seen import SeenLetter


def seen(letter: Letter) -> SeenLetter:
    data = assemble(letter, [samples.PICTURE] * len(letter.parts))
    page = html(letter)
    language = header(letter, "Content-Language")
    return SeenLetter(header(letter, "Subject"), text(letter), page or None, language, letter.audience.is_outside, data, is_sample=True)


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
@hook.unseen
def test_a_letter_keeps_the_rules_with_all_its_facts_and_with_few(key: tuple[str, str]):
    kind = LETTERS[key]
    found = []
    for language in templates().languages:
        whole = samples.wanted(kind, Audience(key[1]), desk(), language)
        bare = replace(whole, kind=kind.sample(bare=True), entry=None if kind.wordless else whole.entry)
        for wanted in (whole, bare):
            letter = compose(wanted, samples.a_context(templates(), policy(), desk(), kind))
            found += [f"{language}: {fault}" for fault in faults_of(seen(letter))]
    assert sorted(set(found)) == []
