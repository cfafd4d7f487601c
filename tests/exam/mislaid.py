"""Agents' mails with a command word in the wrong place, as fifteen mail programs write them, and mails that only look so.

Made of parts by a seed. The words here are the generator's own: it does not ask the gateway what it would find.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from mailgate.decide.intake import on_mail
from mailgate.model.decision import Decision
from mailgate.model.letter import Audience
from mailgate.model.mail import Kind
from mailgate.understand.parse import parse
from tests.decide.build import ANN, a_file, a_notice, a_situation, reply

# --- what people write -------------------------------------------------------------------------------------------------

#: Words that keep a text inside; the first six are also mistyped.
WORDS = (
    "note internal private notiz intern privat notes Notiz Intern NOTE Internal Privat vertraulich interne confidential privé interno nota "
    "notitie anteckning notat notatka poznámka megjegyzés заметка примечание σημείωση הערה ملاحظة नोट 备注 内部 メモ 메모 catatan"
).split()
MISTYPED = 6
GREETINGS = (
    "Hi Bob,", "Hello Bob", "Hallo Bob,", "Moin zusammen,", "Hey Bob!", "Dear colleagues,", "Guten Morgen Bob,", "Bonjour Bob,",
    "Hola Bob,",
    "Ciao Bob,", "Hej Bob,", "Bob,", "Hi all -", "Good morning,",
)  # fmt: skip
PROSE = (
    "The cable was loose, it is plugged in again.", "I look at it this afternoon.", "Bitte starten Sie den Rechner einmal neu.",
    "We put in a new part yesterday.", "The room is free from ten on.", "Der Toner ist bestellt und kommt am Montag.",
    "It prints again, at least on the second floor.", "Please send us a picture of the message.",
)  # fmt: skip
SECRETS = (
    "he is a nuisance, do not hurry", "he never pays his bills in time", "der Kunde ist schwierig, bitte nicht beeilen",
    "his manager asked us to close the account", "she broke it herself and will not say so",
)  # fmt: skip
VERBS = ("#close", "#resolve", "#take", "#assign bob", "#priority P2", "#wait for 3d", "#reopen", "#hold vendor", "#watch", "#reply")


def mistyped(word: str, dice: random.Random) -> str:
    """One letter left out, put in, mistaken or swapped with its neighbour."""
    at, letter = dice.randrange(len(word)), dice.choice("abcdefghijklmnopqrstuvwxyz")
    kind = dice.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + letter + word[at:]
    if kind == 2:
        return word[:at] + letter + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


#: What people put around a word in a plain text.
DECORATIONS = (
    "*{}*", "**{}**", "_{}_", "/{}/", "~{}~", "~~{}~~", "`{}`", "({})", "[{}]", "<{}>", '"{}"', "'{}'", "“{}”", "„{}“", "«{}»", "- {}",
    "* {}",
    "• {}", "1. {}", "2) {}", "a) {}", "[ ] {}", "- [x] {}", "> {}", "| {} |", "-> {}", "=> {}", "👉 {}", "🔒 {}", "⚠️ {}", "    {}", "\t{}",
    "\u200b{}", "\u00a0{}", "{}.", "{}:", "{}!", "{} -", "{},", "*{}:*", "***{}***", "<b>{}</b>", "--- {} ---", "{}",
)  # fmt: skip
SIGNS = ("#",) * 8 + ("\uff03", "\ufe5f", "\u266f", "#\ufe0f\u20e3", "#\u200b", "# ", "#*", "&#35;", "\\#")


# --- mail programs -----------------------------------------------------------------------------------------------------

Line = tuple[str, str]  #: text and how it is set: "", b, i, u, s, li


@dataclass(frozen=True)
class Program:
    """How a mail program sets lines, in both forms, and what it puts before the quote."""

    name: str
    forms: str  #: "both", "text" or "html"
    block: str  #: an HTML line
    empty: str
    marks: dict[str, str] = field(default_factory=dict)  #: what is left of bold and its like in the plain form
    item: str = "- {}"
    attribution: str = "On Mon, 1 Jun 2026 at 10:00, IT Support wrote:"
    quote: str = "> "
    quoted_html: str = '<blockquote type="cite">{}</blockquote>'


GMAIL = '<div class="gmail_quote"><blockquote class="gmail_quote">{}</blockquote></div>'
OUTLOOK = (
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal><b>From:</b> IT Support<br>'
    "<b>Sent:</b> Monday, 1 June 2026 10:00<br><b>To:</b> Ann<br><b>Subject:</b> VPN drops</p></div>{}"
)
OUTLOOK_WEB = '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> IT Support</div>{}'
OUTLOOK_MOBILE = '<div id="mail-editor-reference-message-container"><hr><div id="divRplyFwdMsg"><b>From:</b> IT Support</div>{}</div>'
THUNDERBIRD = '<div class="moz-cite-prefix">On 01.06.26 10:00, IT Support wrote:</div><blockquote type="cite">{}</blockquote>'
ROUNDCUBE = '<p id="reply-intro">On 2026-06-01 10:00, IT Support wrote:</p><blockquote type="cite">{}</blockquote>'
STARS = {"b": "*{}*", "i": "_{}_", "u": "{}", "s": "{}"}
PROGRAMS = (
    Program("gmail", "both", "<div>{}</div>", "<div><br></div>", STARS, "   - {}", quoted_html=GMAIL),
    Program("gmail-android", "both", '<div dir="auto">{}</div>', '<div dir="auto"><br></div>', STARS, "* {}", quoted_html=GMAIL),
    Program("gmail-plain", "text", "", "", STARS),
    Program("outlook", "both", "<p class=MsoNormal>{}<o:p></o:p></p>", "<p class=MsoNormal><o:p>&nbsp;</o:p></p>", {}, "  *   {}", "", "",
    OUTLOOK),
    Program("outlook-web", "both", '<div class="elementToProof">{}</div>', '<div class="elementToProof"><br></div>', {}, "  *   {}", "",
    "", OUTLOOK_WEB),
    Program("outlook-mobile", "html", '<div dir="ltr">{}</div>', '<div dir="ltr"><br></div>', quoted_html=OUTLOOK_MOBILE),
    Program("apple-mail", "both", "<div>{}</div>", "<div><br></div>", {}, "\t• {}"),
    Program("ios-mail", "text", "", "", {}, "• {}", "On 1 Jun 2026, at 10:00, IT Support <support@example.org> wrote:"),
    Program("thunderbird-plain", "text", "", "", {"b": "*{}*", "i": "/{}/", "u": "_{}_", "s": "{}"}, "  * {}",
    "On 01.06.26 10:00, IT Support wrote:"),
    Program("thunderbird-html", "html", "<p>{}</p>", "<p><br></p>", quoted_html=THUNDERBIRD),
    Program("yahoo", "both", '<div dir="ltr">{}</div>', "<div><br></div>", {}, "   - {}",
    quoted_html='<div id="yahoo_quoted_1" class="yahoo_quoted">{}</div>'),
    Program("proton", "html", '<div style="font-family: Arial">{}</div>', "<div><br></div>",
    quoted_html='<div class="protonmail_quote">{}</div>'),
    Program("roundcube", "both", "<p>{}</p>", "<p><br /></p>", {}, "* {}", "On 2026-06-01 10:00, IT Support wrote:", quoted_html=ROUNDCUBE),
    Program("neomutt", "text", "", "", {"b": "*{}*", "i": "/{}/", "u": "_{}_", "s": "-{}-"}, "- {}",
    "On Mon, Jun 01, 2026 at 10:00:00AM +0200, IT Support wrote:"),
    Program("k9", "both", "{}<br>", "<br>", STARS, " - {}", quoted_html=GMAIL),
)  # fmt: skip
NOTICE = ("-- please write above this line --", "Max Muster answered", "", "The VPN drops every ten minutes.", "", "#take   it's yours")


def written(
    program: Program, lines: Sequence[Line], to: str, answers: str, dice: random.Random, html_alone: Sequence[Line] | None = None
) -> bytes:
    """The mail as this program sends it. `html_alone`: what the HTML says where it says something else than the text."""
    text = "\n".join(_in_text(program, line) for line in lines)
    if program.attribution and dice.random() < 0.8:
        text += f"\n\n{program.attribution}\n" + "\n".join(f"{program.quote}{line}".rstrip() for line in NOTICE)
    quoted = program.quoted_html.format("".join(f"<div>{escape(line) or '<br>'}</div>" for line in NOTICE))
    page = "".join(_in_html(program, line, dice) for line in html_alone or lines) + (quoted if dice.random() < 0.8 else "")
    head = f"From: Ann Berg <ann@example.org>\r\nTo: {to}\r\nSubject: Re: VPN drops\r\n"
    head += f"Message-ID: <m{dice.getrandbits(60)}@client.example>\r\n"
    head += f"In-Reply-To: {answers}\r\nDate: Mon, 1 Jun 2026 12:00:00 +0200\r\nMIME-Version: 1.0\r\n"
    page = f'<html><head><style>p {{ color: #1f497d }}</style></head><body bgcolor="#ffffff">{page}</body></html>'
    if program.forms == "text" and html_alone is None:
        return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{_crlf(text)}".encode()
    if program.forms == "html" and html_alone is None:
        return f"{head}Content-Type: text/html; charset=utf-8\r\n\r\n{_crlf(page)}".encode()
    forms = (("plain", text), ("html", page))
    parts = "".join(f"--=_b\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{_crlf(words)}\r\n" for kind, words in forms) + "--=_b--\r\n"
    return f'{head}Content-Type: multipart/alternative; boundary="=_b"\r\n\r\n{parts}'.encode()


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _in_text(program: Program, line: Line) -> str:
    text, style = line
    return program.item.format(text) if style == "li" else program.marks.get(style, "{}").format(text) if style else text


def _in_html(program: Program, line: Line, dice: random.Random) -> str:
    text, style = line
    if not text:
        return program.empty or "<br>"
    said = (
        escape(text, quote=False).replace("&amp;#35;", "&#35;").replace("    ", "&nbsp;&nbsp;&nbsp; ").replace("\t", "&nbsp;&nbsp;&nbsp; ")
    )
    if style == "li":
        return f"<ul><li>{said}</li></ul>"
    if style:
        at = dice.choice((0, 0, 1, 2))  # people set the word without its sign, or a letter too few
        at = at if "&" not in said[: at + 1] else 0
        said = f"{said[:at]}<{style}>{said[at:]}</{style}>"
    return (program.block or "<div>{}</div>").format(said)


# --- mails with a word in the wrong place --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    raw: bytes
    secret: str  #: must not leave; "" for a harmless mail
    what: str  #: for whoever reads a failure


def mislaid(seed: int) -> Iterator[Callable[[str, str], Case]]:
    """Mails without end, each waiting for the address and the Message-ID that it answers."""
    dice = random.Random(seed)
    while True:
        yield lambda to, answers: _mislaid(dice, to, answers)


def _mislaid(dice: random.Random, to: str, answers: str) -> Case:
    program, secret = dice.choice(PROGRAMS), f"{dice.choice(SECRETS)} ({dice.getrandbits(40):x})"
    if dice.random() < 0.15:
        return _late_verb(dice, program, to, answers)
    index = dice.randrange(len(WORDS))
    word = mistyped(WORDS[index], dice) if index < MISTYPED and dice.random() < 0.5 else WORDS[index]
    word = dice.choice((str, str, str.capitalize, str.upper))(word)
    sign = dice.choice(SIGNS)
    said = f"{sign}{word}"
    style = dice.choice(("", "", "b", "i", "u", "s", "li"))
    decoration = "{}" if style or dice.random() < 0.4 else dice.choice(DECORATIONS)
    shown = decoration.format(said)
    behind = dice.random() < 0.45
    # A word with text behind it is not set apart from it, and a blank behind the sign makes a comment of it.
    if behind:
        sign = "#" if sign in ("# ", "#*") else sign
        shown = f"{decoration.format(f'{sign}{word}')}{dice.choice((' ', ': ', ' - ', ', '))}{secret}"
        style = "" if style != "li" else style
    below = [] if behind else [(secret, "")]
    place = dice.choice(("greeting", "greeting", "same line", "prose", "end", "first"))
    greeting = dice.choice(GREETINGS)
    lines: list[Line]
    if place == "same line" and behind:
        lines = [(f"{greeting} {sign}{word} {secret}", "")]
    elif place == "prose":
        lines = [(dice.choice(PROSE), ""), ("", ""), (shown, style), *below]
    elif place == "end" and not behind:
        lines = [(greeting, ""), ("", ""), (secret, ""), ("", ""), (shown, style)]
    elif place == "first" and (style or decoration not in ("{}", "    {}", "\t{}", "\u200b{}", "\u00a0{}", "{}:")):
        lines = [(shown, style), *below]
    else:
        lines = [(greeting, "")] + [("", "")] * dice.choice((0, 1, 1)) + [(shown, style)] + [("", "")] * dice.choice((0, 1)) + below
    lines += [("", ""), (dice.choice(("Ann", "Regards\nAnn", "Viele Grüße\nAnn")).split("\n")[0], "")] if dice.random() < 0.4 else []
    html_alone = None
    if program.forms == "both" and decoration != "> {}" and dice.random() < 0.1:
        html_alone, lines = lines, [(text.replace(said, "").replace(sign, ""), "") for text, _ in lines]
    raw = written(program, lines, to, answers, dice, html_alone)
    return Case(raw, secret, f"{program.name}: {place}, {style or decoration!r}, {shown!r}{', HTML alone' if html_alone else ''}")


def _late_verb(dice: random.Random, program: Program, to: str, answers: str) -> Case:
    """The verb itself must not be read outside, nor the words with which it was to be done."""
    words, verb = f"{dice.choice(PROSE)} ({dice.getrandbits(40):x})", dice.choice(VERBS)
    style = dice.choice(("", "", "b", "li"))
    lines: list[Line] = [(words, ""), ("", ""), (verb, style)]
    if dice.random() < 0.5:
        lines = [(dice.choice(GREETINGS), ""), ("", ""), (verb, style), ("", ""), (words, "")]
    return Case(written(program, lines, to, answers, dice), words, f"{program.name}: {verb!r} late, {style!r}")


# --- mails that only look so -----------------------------------------------------------------------------------------------

BLOCKS: tuple[str, ...] = (
    "#include <stdio.h>\n#include \"net.h\"\n#define LIMIT 20\n#pragma once\nint main(void) {\n  return 0;\n}",
    "#ifdef DEBUG\n#undef NDEBUG\n#endif",
    "#!/bin/sh\n# restart the spooler\nsystemctl restart cups\n# notes: needs root\nexit 0",
    "# /etc/ssh/sshd_config\n#Port 22\n#ListenAddress 0.0.0.0\nPermitRootLogin no\n# Note: reload the service afterwards\n#MaxSessions 10",
    "[printer]\n# internal name of the queue\nqueue = hall3\n# note that the driver is old\ndriver = ps2\n#wait = 10\n#owner = root",
    "server {\n    listen 443 ssl;\n    # private key stays on the host\n    ssl_certificate_key /etc/ssl/k.pem;\n    #close\n}",
    "#header { color: #ff8800; }\n#notes, #nav { background: #fafafa; }\n#note-list li { margin: 0 }\n.main #close { float: right }",
    "services:\n  web:\n    # internal port\n    ports: [8080]\n#  private: true",
    "def run():\n    # take the first one\n    return rows[0]\n# note: slow",
    "# Overview\n\nThe printer in hall 3 was offline.\n\n## Steps\n\n1. unplug it\n2. plug it in\n\n# Notes\n\n- toner at 40 %",
    "# Summary\nIt works.\n# Next steps\nOrder toner.\n# Not done yet\nThe second tray.",
    "## Note\n\nThe spare key hangs in the office.",
    "## Internal wiring\n\nSee the plan beside the door.",
    "#1 is done\n#2 is still open\n#3 waits for a part",
    "See #4711 and #4712, the same trouble as in IT-1042.",
    "#4711 was about the same switch.",
    "Our channels are #helpdesk, #network and #printers-hall3.",
    "#general\n#random\n#help\n#off-topic",
    "#libera-support\n#notes-app\n#private-beta",
    "Ask in #internal-it on the chat, somebody is there until six.",
    "Join #networking at ten, please.",
    "Great work! #teamwork #printers",
    "#throwback to last summer's move",
    "#internet #vpn #homeoffice",
    "#node 7 answers again, #node 8 does not.",
    "The colours are #fff, #000000 and #1f497d.",
    "#ff8800 is the orange of the logo, #004488 the blue.",
    "The link is https://intranet.example.org/wiki/printers#notes and it opens without a password.",
    "[Notes](#notes) and [Steps](#steps) are further down on that page.",
    "Dial *#06# and send us the number.",
    "Room #12, second door.",
    "C# and F# are installed, restart the editor once.",
    "The file is called #note.txt#, an editor's copy.",
    "Play it in F♯ minor, then in C♯.",
    "```\n# note the trailing slash\nrsync -a /srv/a/ /srv/b/\n```",
    "    # note: wrap the call\n    call(retry=True)",
    "$ grep -v '^#' settings.ini\n# none\n$ echo $#\n0",
    "TICKET #88123 / ORDER #5521",
    "#region helpers\nint take() => 1;\n#endregion",
    "1. open the lid\n2. press #\n3. close it",
    "*Please* restart it, and _then_ call us.",
    "Internal: 4711, external: 0231 4711.",
    "Note: the room is closed on Friday.",
    "-- > see note 7 < --",
)  # fmt: skip


def harmless(seed: int) -> Iterator[Callable[[str, str], Case]]:
    dice = random.Random(seed)
    while True:
        yield lambda to, answers: _harmless(dice, to, answers)


def _harmless(dice: random.Random, to: str, answers: str) -> Case:
    program = dice.choice(PROGRAMS)
    first = dice.choice((dice.choice(GREETINGS), dice.choice(PROSE)))
    blocks = [dice.choice((*BLOCKS, dice.choice(PROSE))) for _ in range(dice.choice((1, 1, 2, 3)))]
    rows = [first, "", *(row for block in blocks for row in (*block.split("\n"), "")), dice.choice(PROSE)]
    return Case(written(program, [(row, "") for row in rows], to, answers, dice), "", f"{program.name}: {rows}")


# --- what becomes of them ----------------------------------------------------------------------------------------------------


@dataclass
class Result:
    mails: int = 0
    outside: list[str] = field(default_factory=list)  #: a secret left
    lost: list[str] = field(default_factory=list)  #: it left neither, nor is it with the agents
    back: list[str] = field(default_factory=list)  #: came back to the agent


def run(cases: Iterator[Callable[[str, str], Case]], n: int) -> Result:
    """Reads and decides `n` answers of a proven agent to a notice whose answers are public."""
    result = Result()
    for make in (next(cases) for _ in range(n)):
        notice = a_notice(ANN)
        case = make(reply(notice), notice.message_id)
        mail = parse(case.raw, rich=result.mails % 2 == 0)
        decision = on_mail(a_situation(mail, file=a_file(notices=("\n".join(NOTICE),)), letters=(notice,), kind=Kind.WRITTEN))
        result.mails += 1
        _look(case, decision, result)
    return result


def _look(case: Case, decision: Decision, result: Result) -> None:
    left = [w for w in decision.letters if w.audience in (Audience.REQUESTER, Audience.PARTICIPANT) and w.entry is not None]
    refused = [w for w in decision.letters if w.event == "commands_refused"]
    if refused:
        result.back.append(case.what)
    if not case.secret:
        return
    mark = case.secret[case.secret.index("(") :]
    if any(mark in f"{w.entry.text} {w.entry.html or ''}" for w in left if w.entry is not None):
        result.outside.append(case.what)
    kept = [entry.text for change in decision.changes for entry in change.entries]
    if not any(mark in text for text in (*kept, *(str(w.kind.text) for w in refused))):
        result.lost.append(case.what)
