"""What is wrong with priorities, categories and rules is said with its place, before any mail is sorted by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailgate.settings.routing import too_slow
from tests.settings.test_settings import folder_with, mistakes_of


@pytest.mark.parametrize("pattern", [
    r"invoice|bill", r"order \d{6}", r"^\[(\w+)\].*$", r".*.*", r"^(re|fwd?): .*invoice.*", r"(\d{1,3}\.){3}\d{1,3}", r"(?:x|y)*z",
    r"colou?rs? are? it?", r"(?i)vpn\b", r"a{0,20}b{0,20}",
])  # fmt: skip
def test_an_ordinary_expression_is_taken(pattern: str) -> None:
    assert too_slow(pattern) == ""


@pytest.mark.parametrize("pattern", [
    r"(a+)+$", r"(\w+\s?)*$", r"(a|ab)*c", r"(a{1,15}){1,30}", r"(?=(a+))+b", r"(a|b(c*))*", r"((a?)*)*b", r"(x+x+)+y",
])  # fmt: skip
def test_what_grows_by_the_power_of_a_line_is_refused(pattern: str) -> None:
    assert "in several ways" in too_slow(pattern)


@pytest.mark.parametrize("pattern", [r"a*b*c*", r".*x.*y.*z", r"\s+\s+\s+\S"])
def test_three_endless_repeats_are_refused(pattern: str) -> None:
    assert "too many" in too_slow(pattern)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[priority]\nmatrix = [["P1"]]', "three rows of three"),
        ('[priority]\nmatrix = [["P1", "P2", "P3"], ["P2", "P3", "P4"], ["P3", "P4", "P6"]]', "P6"),
        ('[priority]\nmatrix = [["P1", "P1", "P1"], ["P1", "P1", "P1"], ["P1", "P1", "P1"]]', "is P4"),
        ('[priority]\nwords_reach = "P1"', "P1"),
        ('[categories.vpn]\ngroup = "nowhere"', 'no group "nowhere"'),
        ('[categories.vpn]\nimpact = 4', "at most 3"),
        ('[categories.it]', "is the name of a group, too"),
        ('[categories.vpn]\naddresses = ["vpn@example.org"]', "is no address of a desk"),
        ('[[routing]]\ncategory = "vpn"', 'no category "vpn"'),
        ('[[routing]]\ngroup = "itt"', 'did you mean "it"?'),
        ('[[routing]]\nattachment = ["pdf"]\nimpact = 1', 'write one like "application/pdf"'),
        ('[[routing]]\nlanguage = ["german"]\nimpact = 1', "write its letters"),
        ('[[routing]]\nsubject = "x"', "decides nothing"),
        ('[[routing]]\nsubject = "("\nimpact = 1', "is no regular expression"),
        ('[[routing]]\ntext = "(a+)+"\nimpact = 1', "could take hours"),
        ('[[routing]]\nheader = { x-a = "(a+)+" }\nimpact = 1', "could take hours"),
        ('[[routing]]\ndesk = ["hr"]\nimpact = 1', 'no desk "hr"'),
        ('[[routing]]\norganisation = ["acme"]\nimpact = 1', 'no organisation "acme"'),
        ('[organisations.a]\ndomains = ["x.example"]\n[organisations.b]\ndomains = ["x.example"]', "belongs to organisations.a as well"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    folder = folder_with(tmp_path)
    policy = folder / "policy.toml"
    policy.write_text(re.sub(r"(?ms)^\[priority\]$.*?(?=^# ---)", "", policy.read_text(encoding="utf-8")) + f"\n{text}\n", encoding="utf-8")
    found = mistakes_of(folder)
    assert any(said in words for words in found), found
