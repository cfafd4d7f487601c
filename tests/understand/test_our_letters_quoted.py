"""What our letters to agents say of commands, badly quoted in an agent's answer, is never obeyed and never said to the requester."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from email.message import EmailMessage
from functools import cache
from html import escape

import pytest

from mailgate.model.letter import Audience
from mailgate.model.letters import LETTERS
from mailgate.model.mail import Mail
from mailgate.understand.answers.commands import heard_from, heard_in
from mailgate.understand.parse import parse
from tests.compose.desk import a_letter, html, templates, text

ANSWER = "Please restart it once, and tell me what you see."
TOLD = sorted(event for event, audience in LETTERS if audience in (Audience.AGENT, Audience.LEAD))
#: With a strip, a list of commands and buttons, for who owns the ticket and for who does not.
LISTED = ("ticket_opened", "requester_wrote", "sla_warned", "wake_due", "unverified_wrote", "help_asked")
ON = "On Monday, 1 June 2026 at 10:00, IT Support <support@example.org> wrote:"


@cache
def letter(event: str, language: str) -> tuple[str, str]:
    audience = "agent" if (event, "agent") in LETTERS else "lead"
    one = a_letter(event, audience, language)
    return text(one), html(one)


def a_mail(plain: str | None, page: str | None) -> Mail:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Re: VPN"
    if plain is not None:
        mail.set_content(plain)
        if page is not None:
            mail.add_alternative(page, subtype="html")
    else:
        mail.set_content(page or "", subtype="html")
    return parse(mail.as_bytes())


def marked(ours: str) -> str:
    return textwrap.indent(ours, "> ", lambda _: True)


def body_of(page: str) -> str:
    return page[page.index("<body") :].partition(">")[2].partition("</body>")[0]


#: How programs quote in plain text: above the quote, below it, between its lines; marked and not; the lines broken once more.
PLAIN: dict[str, Callable[[str], str]] = {
    "Thunderbird": lambda ours: f"{ANSWER}\n\n{ON}\n{marked(ours)}",
    "neomutt, below": lambda ours: f"{ON}\n{marked(ours)}\n\n{ANSWER}\n",
    "Outlook": lambda ours: (
        f"{ANSWER}\n\n________________________________\nFrom: IT Support <support@example.org>\nSent: Monday\nSubject: VPN\n\n{ours}"
    ),
    "Outlook, original message": lambda ours: f"{ANSWER}\n\n-----Original Message-----\nFrom: IT Support\nTo: Ann\nSubject: VPN\n\n{ours}",
    "no marks": lambda ours: f"{ANSWER}\n\n{ours}",
    "broken once more": lambda ours: f"{ANSWER}\n\n{ON}\n" + marked("\n".join(textwrap.wrap(ours, 50, replace_whitespace=False))),
}
#: The same in HTML.
PAGES: dict[str, Callable[[str], str]] = {
    "Gmail": lambda ours: (
        f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{escape(ON)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 0.8ex">{ours}</blockquote></div>'
    ),
    "Outlook": lambda ours: (
        f'<div>{ANSWER}</div><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> IT Support<br><b>Subject:</b> VPN</div>{ours}'
    ),
    "Apple Mail": lambda ours: (
        f'<div>{ANSWER}</div><div><br><blockquote type="cite"><div>{escape(ON)}</div><div>{ours}</div></blockquote></div>'
    ),
    "Thunderbird": lambda ours: (
        f'<p>{ANSWER}</p><div class="moz-cite-prefix">{escape(ON)}</div><blockquote type="cite">{ours}</blockquote>'
    ),
    "no marks": lambda ours: f"<div>{ANSWER}</div>{ours}",
}


def said_of(mail: Mail) -> tuple[str, tuple[str, ...]]:
    heard = heard_from(mail)
    return " ".join(mail.new_text.split()), tuple(command.verb for command in heard.commands)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_letter_quoted_by_any_program_is_told_from_the_answer_and_gives_no_command(language: str):
    wrong = []
    for event in LISTED:
        ours, page = letter(event, language)
        for name, quote in PLAIN.items():
            if said_of(a_mail(quote(ours), None)) != (ANSWER, ()):
                wrong.append((event, "text", name, said_of(a_mail(quote(ours), None))))
        for name, quote in PAGES.items():
            for plain in (None, f"{ANSWER}\n\n{ON}\n{marked(ours)}"):
                if said_of(a_mail(plain, quote(body_of(page)))) != (ANSWER, ()):
                    wrong.append((event, "page", name, said_of(a_mail(plain, quote(body_of(page))))))
    assert wrong == []


@pytest.mark.parametrize("event", TOLD)
def test_a_letter_of_which_the_first_line_was_lost_is_never_obeyed(event: str):
    """The marker is gone, nothing is marked, and the answer stands below or above: in doubt the mail comes back."""
    for language in ("en", "de"):
        ours = letter(event, language)[0].split("\n", 2)[2]
        if event in ("commands_refused", "confirmation_asked"):
            ours = "\n".join(line for line in ours.splitlines() if not line.startswith("#"))  # the reader's own commands are theirs
        for whole in (f"{ours}\n{ANSWER}", f"{ANSWER}\n\n{ours}"):
            assert heard_in(whole).commands == (), (event, language)


@pytest.mark.parametrize("language", sorted(templates().languages))
def test_no_line_of_our_lists_is_a_command_even_alone_at_the_top_of_an_answer(language: str):
    """Somebody quotes a line of the list alone, without a mark: what stands behind the command makes it none, in every language. Where
    they read from right to left it stands behind its words."""
    rows = (line for event in TOLD for line in letter(event, language)[0].splitlines())
    lines = {line for line in rows if line.startswith("  #") or re.fullmatch(r"- .*: #[a-z]+(?: for 3d)?", line)}
    assert len(lines) >= 5
    for line in lines:
        heard = heard_in(f"{line}\n\n{ANSWER}")
        assert heard.commands == () and (heard.errors or line.startswith("- ")), line


@pytest.mark.parametrize("language", sorted(templates().languages))
def test_no_sentence_of_ours_is_broken_before_a_command_that_it_speaks_of(language: str):
    """Such a line would begin with the command."""
    for event in TOLD:
        for line in letter(event, language)[0].splitlines():
            own = event in ("commands_refused", "confirmation_asked")
            assert own or not line.startswith("#"), (event, line)
