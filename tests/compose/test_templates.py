"""Templates as they are shipped, and as an operator may get them wrong."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.ext import InternationalizationExtension
from jinja2.sandbox import SandboxedEnvironment

import mailgate.compose
from mailgate.compose import faults, samples, words
from mailgate.compose.engine import _Named
from mailgate.compose.letters import Unsealable, compose
from mailgate.compose.plain import wrapped
from mailgate.compose.templates import BadTemplates, Templates, load
from mailgate.model.letters import LETTERS, CombinedNotices, RatingComment, ReturnedMail
from mailgate.model.weekly import SOME_BROKEN, SOME_WAITING
from mailgate.settings import brought_templates
from tests.compose.desk import a_context, a_letter, a_wanted, header, html, policy, templates, text
from tests.letters.compiled import KNOWN

TEXTS, CATALOGUES = brought_templates(None)
PO = CATALOGUES["de"].decode()
SHARED = [name for name in TEXTS if "/" not in name]  #: frame, footer and what letters include


def loaded(**changed: str) -> Templates:
    return load({**TEXTS, **changed}, CATALOGUES)


def changed(name: str, body: str) -> Templates:
    """This letter alone, in its frame: to compile the others takes most of the time and changes nothing about it."""
    text = name.removesuffix(".html").removesuffix(".txt") + ".txt"
    frame = {one: TEXTS[one] for one in (*SHARED, text) if one in TEXTS}
    return load({**frame, name: body}, CATALOGUES)


def written(name: str, body: str, language: str = "en", catalogues: dict[str, bytes] | None = None) -> str:
    """The text of a letter whose template reads so."""
    event, audience = name.removesuffix(".txt").split("/")
    with_it = load({**{one: TEXTS[one] for one in SHARED}, name: body}, catalogues or CATALOGUES)
    return text(compose(a_wanted(event, audience, language), replace(a_context(event), templates=with_it)))


def test_every_letter_can_be_written_in_every_language_for_every_desk():
    assert samples.render_all(templates(), policy()) == []


def test_letters_that_were_checked_before_are_written_without_another_look():
    assert samples.render_all(load(TEXTS, CATALOGUES, checked=True), policy()) == []
    load({**TEXTS, "acknowledgement/requester.txt": "Subject: {{ x | no_such_filter }}"}, CATALOGUES, checked=True)
    with pytest.raises(BadTemplates):
        load({**TEXTS, "acknowledgement/requester.txt": "Subject: {{ x | no_such_filter }}"}, CATALOGUES)


def test_a_letter_is_compiled_once_for_all_languages_and_one_that_is_ours_not_before_it_is_written(monkeypatch: pytest.MonkeyPatch):
    context, compiled = a_context("note_added"), list[str]()
    KNOWN.clear()
    usual = SandboxedEnvironment.compile
    monkeypatch.setattr(
        SandboxedEnvironment, "compile", lambda self, source, name=None, *how, **more: (compiled.append(name), usual(self, source, name))[1]
    )
    mine = {**TEXTS, "wake_due/agent.txt": "Subject: x\n\nwords\n"}
    with_mine = load(mine, CATALOGUES, ours=TEXTS)
    assert compiled == ["_frame.html", "wake_due/agent.txt"]
    for language in with_mine.languages:
        compose(a_wanted("note_added", "agent", language), replace(context, templates=with_mine))
    assert compiled == ["_frame.html", "wake_due/agent.txt", "note_added/agent.txt"]


def test_the_sentences_that_are_found_while_compiling_are_those_that_stand_in_the_templates():
    usual = Environment(extensions=[InternationalizationExtension])
    usual.policies["ext.i18n.trimmed"] = True
    said = [message for source in TEXTS.values() for _, _, message in usual.extract_translations(source)]  # type: ignore[attr-defined]
    found = {one if isinstance(one, str) else one[0] for one in said}
    assert len(found) > 200 and templates().messages.keys() == found | words.MESSAGES | faults.MESSAGES


def test_every_template_has_its_facts_and_every_fact_its_sample():
    assert templates().letters == LETTERS.keys()
    assert all(kind.sample() and kind.sample(bare=True) for kind in LETTERS.values())


def test_no_sentence_stands_in_a_template_untranslatable():
    for name, source in TEXTS.items():
        if name.endswith(".html"):
            continue
        bare = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
        # Commands, the name of the program and the signs of block forms are the same in all languages.
        bare = re.sub(r"#[a-z]+(?: for 3d)?|^(?:Preheader:|[!^%](?:warn|bad|good) )|% (?:warn|bad) \|", "", bare, flags=re.MULTILINE)
        assert not set(re.findall(r"[A-Za-z]{2,}", bare)) - {"Subject", "Re", "mailgate"}, name


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
def test_no_english_word_is_left_in_a_german_letter(key: tuple[str, str]):
    english, german = text(a_letter(*key, "en")), text(a_letter(*key, "de"))
    same = set(english.splitlines()) & set(german.splitlines())
    rows = CombinedNotices.sample().rows
    own = (
        samples.ANSWER
        + "\n".join(samples.an_entry(one).text for one in ("asked", "questioned", "noted", "intruded"))
        + ReturnedMail.sample().text
        + RatingComment.sample().comment
        + "\n".join(f"- {row['ref']} {row['title']}" for row in (*SOME_BROKEN, *SOME_WAITING))
        + "\n".join(wrapped(f"{row['ref']} {row['title']}: {row['words']}" if row["ref"] else row["title"], "- ", "  ") for row in rows)
    )
    for line in same - {f"- {a.name}, {a.size} B" for a in samples.an_entry("asked").attachments}:
        plain = line.removeprefix("> ")
        assert plain in own or line.startswith(("-- ", "#", "- #", ">")) or not re.search(r"[a-z]{3,}", re.sub(r"\S+@\S+", "", line)), line


def test_a_missing_translation_falls_back_to_english_for_that_sentence_alone():
    po = PO.replace('msgid "Anything to add?', 'msgid "Another sentence')
    said = text(
        compose(
            a_wanted("ticket_opened", "requester", "de"), replace(a_context("ticket_opened"), templates=load(TEXTS, {"de": po.encode()}))
        )
    )
    assert "Anything to add?" in said and "Ihre Nachricht ist angekommen" in said


def test_a_translation_that_names_other_values_is_not_used_and_is_reported():
    po = PO.replace('"Erledigt am %(at)s."', '"Erledigt am %(att)s."').replace('"Bei %(ref)s müssen Sie', '"Bei %s müssen Sie')
    with_faults = load(TEXTS, {"de": po.encode()})
    assert sum("does not name the same values" in p for p in with_faults.problems()) == 2
    said = text(compose(a_wanted("ticket_resolved", "requester", "de"), replace(a_context("ticket_resolved"), templates=with_faults)))
    assert "Solved on Monday, 1. Juni 2026".replace("Monday", "Montag") in said


def test_plural_forms_follow_the_rule_of_the_language():
    po = PO.replace("nplurals=2; plural=(n != 1)", "nplurals=3; plural=(n%10==1 ? 0 : n%10<5 ? 1 : 2)")
    po += '\nmsgid "%(num)s answer"\nmsgid_plural "%(num)s answers"\nmsgstr[0] "%(num)s a"\nmsgstr[1] "%(num)s b"\nmsgstr[2] "%(num)s c"\n'
    body = "Subject: x\n\n" + "".join(
        "{% trans num=" + str(n) + " %}{{ num }} answer{% pluralize %}{{ num }} answers{% endtrans %}\n" for n in (1, 3, 7)
    )
    assert "1 a 3 b 7 c" in written("wake_due/agent.txt", body, "de", {"de": po.encode()})
    assert "1 answer 3 answers 7 answers" in written("wake_due/agent.txt", body, "en", {"de": po.encode()})


@pytest.mark.parametrize(
    ("name", "source", "problem"),
    [
        ("ticket_opened/requester.txt", "Hello", 'has to begin with "Subject: "'),
        ("ticket_opened/requester.txt", "Subject: x\n\n{% if %}", "ticket_opened/requester.txt:3:"),
        ("ticket_opened/requester.txt", "Subject: x\n\n{% trans %}no end", "ticket_opened/requester.txt"),
        ("ticket_opened/requester.txt", "Subject: {{ title | shout }}", "shout"),
        ("_frame.html", "{{ body", "_frame.html"),
        ("Ticket/Requester.txt", "Subject: x", "not <event>/<audience>.txt"),
    ],
)
def test_a_broken_template_is_named_with_its_line(name: str, source: str, problem: str):
    with pytest.raises(BadTemplates) as bad:
        changed(name, source)
    assert any(problem in one for one in bad.value.problems), bad.value.problems


def test_all_mistakes_are_told_at_once():
    with pytest.raises(BadTemplates) as bad:
        load({"a/agent.txt": "x", "b/agent.txt": "Subject: {{"}, {"de": b"msgid nonsense"})
    assert len(bad.value.problems) >= 5  # two templates, the catalogue, the frame, the footer


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("Subject: x\n\n{{ nothing }}", "'nothing' is undefined"),
        ("Subject: x\n\n{{ ticket.colour }}", "colour"),
        ("Subject: x\n\n{{ ticket.arrived_at }}", "datetime"),
        ("Subject: x\n\n{{ entry }}", "cannot be printed"),
        ("Subject: x\n\n{{ title.__class__.__mro__ }}", "unsafe"),
        ("Subject: x\n\n{{ ticket.__class__ }}", "unsafe"),
        ("Subject: x\n\n{% trans %}{{ nothing }} came{% endtrans %}", "'nothing' is undefined"),
        ("Subject: x\n\n{% for n in range(10**9) %}x{% endfor %}", "'range' is undefined"),
    ],
)
def test_a_template_that_cannot_be_written_is_found_by_check(body: str, problem: str):
    """Nor is there a way to count without end: a loop goes over what a letter holds (fault 105)."""
    with pytest.raises(Unsealable, match=problem):
        written("wake_due/agent.txt", body)
    assert any("wake_due/agent" in one for one in samples.render_all(changed("wake_due/agent.txt", body), policy()))


def test_check_names_templates_that_are_missing_and_those_that_nobody_asks_for():
    fewer = {name: source for name, source in TEXTS.items() if name != "wake_due/agent.txt"}
    problems = samples.render_all(load({**fewer, "ticket_sung/agent.txt": "Subject: x\n\n"}, CATALOGUES), policy())
    assert "templates/wake_due/agent.txt: is missing" in problems
    assert "templates/ticket_sung/agent.txt: no such letter is ever written" in problems


def test_block_forms_become_what_they_look_like():
    body = (
        "Subject: x\n\nWhat happened\n\nA sentence, with a comma: and a colon.\nsecond line\n\nLabel: value\n\nOther label: {{ ref }}\n\n"
        "- one\n- two\n\n=> {{ links.take }} Take it\n\n> a\n> b\n"
    )
    with_it = replace(a_context("wake_due"), templates=changed("wake_due/agent.txt", body))
    letter = compose(a_wanted("wake_due", "agent"), with_it)
    page = re.sub(r' (?!href|scope)[a-z-]+="[^"]*"', "", html(letter)).replace(">\n", ">")
    for piece in (
        "<h1>What happened</h1>",
        "<p>A sentence, with a comma: and a colon. second line</p>",
        '<tr><th scope="row">Label</th><td>value</td></tr>',
        '<th scope="row">Other label</th><td>IT-1042</td>',
        "<tr><td>one</td></tr><tr><td>two</td></tr>",
        "<td><div><p>a<br>b</p></div></td>",
    ):
        assert piece in page
    assert re.search(r'<a href="mailto:support\+[^"]*">Take it</a>', page)
    assert "Label:        value\nOther label:  IT-1042\n\n- one\n- two\n\n> a\n> b\n\n-- \n" in text(letter)


def test_an_html_file_beside_the_text_takes_its_place_and_escapes():
    body = '<!DOCTYPE html><html lang="{{ _language }}"><body><h1>{{ title }}</h1>{{ entry.text }}</body></html>'
    with_it = replace(a_context("note_added", title="<b>"), templates=changed("note_added/agent.html", body))
    entry = replace(samples.an_entry("noted"), text="<script>\x01\x00 & more")
    letter = compose(a_wanted("note_added", "agent", entry=entry), with_it)
    assert html(letter) == '<!DOCTYPE html><html lang="en"><body><h1>&lt;b&gt;</h1>&lt;script&gt; &amp; more</body></html>\n'


def test_not_even_a_template_that_asks_for_it_gets_the_html_of_a_stranger():
    with_it = replace(a_context("requester_wrote"), templates=changed("requester_wrote/agent.txt", "Subject: x\n\n{{ entry | words }}\n"))
    strange = replace(samples.an_entry("asked"), html="<b>bold</b>")
    assert "<b>bold</b>" not in html(compose(a_wanted("requester_wrote", "agent", entry=strange), with_it))


def test_nothing_in_compose_makes_a_template_out_of_a_string():
    for path in Path(mailgate.compose.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr in ("from_string", "compile_expression", "overlay")), path


# --- what is put in place before a letter is written says the same as what is looked up for it -----------------------


@cache
def looked_up() -> Templates:
    """The shipped templates, each sentence asked for while the letter is written, and the frame run for each page."""
    made = load(TEXTS, CATALOGUES, checked=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Named, "parse", InternationalizationExtension.parse)
        for name in made.wholes:
            assert made.engine.compiled(name)
    made._frame = None
    return made


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
def test_sentences_in_place_are_those_of_the_catalogue(key: tuple[str, str]):
    for language in ("en", "de"):
        wanted = a_wanted(*key, language)
        quick, slow = (compose(wanted, replace(a_context(key[0]), templates=one)) for one in (templates(), looked_up()))
        assert (quick.header, quick.body, quick.digest) == (slow.header, slow.body, slow.digest)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("{% trans %}100% of it{% endtrans %}", "100% of it"),
        ("{% trans n=ref %}{{ n }} and {{ n }}: 5 %{% endtrans %}", "IT-1042 and IT-1042: 5 %"),
        ("{% trans n=entry.author %}<b>{{ n }}</b> %(n)s{% endtrans %}", "<b>Max Muster</b> %(n)s"),
        ("{% trans unused=ref %}nothing to say{% endtrans %}", "nothing to say"),
        ("{{ _('said, not written') }}", "said, not written"),
        ("{% trans %}  blanks\n  and lines  {% endtrans %}", "blanks and lines"),
    ],
)
def test_a_sentence_is_said_with_its_values(sentence: str, said: str, monkeypatch: pytest.MonkeyPatch):
    body = f"Subject: x\n\n{sentence}\n"
    quick = written("requester_wrote/agent.txt", body)
    assert said in quick
    monkeypatch.setattr(_Named, "parse", InternationalizationExtension.parse)
    assert quick == written("requester_wrote/agent.txt", body)


def test_a_value_of_a_sentence_that_is_missing_is_a_fault_and_no_blank():
    with pytest.raises(Unsealable):
        written("wake_due/agent.txt", "Subject: x\n\n{% trans n=nobody %}Dear {{ n }}{% endtrans %}")


def test_a_view_has_nothing_that_a_template_may_not_see():
    for expression in ("ticket.__class__", "links._ring", "links._to('a', 'b', 'c')", "entry.__init__.__globals__"):
        with pytest.raises(Unsealable):
            written("requester_wrote/agent.txt", f"Subject: x\n\n{{{{ {expression} }}}}")


def test_a_frame_with_rules_of_its_own_is_run_for_each_page():
    plain = TEXTS["_frame.html"]
    rules = plain.replace("{{ title }}", "{% if title %}{{ title | upper }}{% endif %}")
    assert rules != plain
    letter = compose(a_wanted("wake_due", "agent", "en"), replace(a_context("wake_due"), templates=loaded(**{"_frame.html": rules})))
    usual = compose(a_wanted("wake_due", "agent", "en"), a_context("wake_due"))
    title = re.search("<title>(.*)</title>", html(usual))
    assert title is not None and title[1] != title[1].upper() and f"<title>{title[1].upper()}</title>" in html(letter)


@pytest.mark.parametrize(
    ("name", "before", "behind"),
    [
        ("requester_wrote/agent.txt", "", "{% if ref %}Bye.{% endif -%}\n"),
        ("_footer.txt", "{#- Ours. -#}\n", ""),
        ("_footer.txt", "{%- if ref %}\n", "{% endif -%}\n"),
    ],
)
def test_a_template_that_takes_blanks_away_where_the_footer_begins_keeps_its_subject_and_its_text(name: str, before: str, behind: str):
    letter = "requester_wrote/agent.txt"
    with_it = load({**{one: TEXTS[one] for one in (*SHARED, letter)}, name: f"{before}{TEXTS[name]}{behind}"}, CATALOGUES)
    context = replace(a_context("requester_wrote"), templates=with_it)
    plain = a_letter("requester_wrote", "agent")
    assert header(a_letter("requester_wrote", "agent", context=context), "Subject") == header(plain, "Subject")


def test_a_value_that_a_letter_does_not_ask_for_is_missed_by_nobody(monkeypatch: pytest.MonkeyPatch):
    assert templates().asks("ticket_opened", "requester", "hours") and not templates().asks("ticket_resolved", "requester", "hours")
    drawn = changed("ticket_resolved/requester.txt", "Subject: x\n\n{% include ref ~ '.txt' ignore missing %}words\n")
    assert drawn.asks("ticket_resolved", "requester", "hours"), "who knows what it draws in"
    few = {key: a_letter(*key).digest for key in LETTERS}
    monkeypatch.setattr(Templates, "asks", lambda *_: True)
    assert {key: a_letter(*key).digest for key in LETTERS} == few
