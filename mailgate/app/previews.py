"""All letters as files to look at: pages for a browser in light, dark and on a phone, their texts, and mails for a mail program."""

import email
import email.policy
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from html import escape
from pathlib import Path

from mailgate.compose import samples
from mailgate.compose.assemble import assemble
from mailgate.compose.letters import compose
from mailgate.compose.strict import Unsealable
from mailgate.compose.templates import Templates
from mailgate.model.letter import Audience
from mailgate.model.letters import LETTERS
from mailgate.model.policy import Desk, Policy

#: The first line of an index of ours: a folder that has it is written anew, any other is left alone.
OURS = "<!-- letters of mailgate -->"
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\)")
_BOTH = re.compile("(color-scheme: )light dark")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em; background: #f4f5f7; color: #1a1d23; }
section { margin: 2em 0; padding-top: 1em; border-top: 1px solid #c3cad6; }
.views { display: flex; gap: 1em; overflow-x: auto; align-items: flex-start; }
iframe { border: 1px solid #c3cad6; height: 46em; flex: none; background: #fff; }
pre { background: #fff; border: 1px solid #c3cad6; padding: 1em; margin: 0; flex: none; width: 80ch; max-height: 46em; overflow: auto; }
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """One letter as it would leave. `html` is "" where the text travels alone."""

    event: str
    audience: str
    language: str
    subject: str
    preheader: str
    text: str
    html: str
    mail: bytes

    @property
    def name(self) -> str:
        return f"{self.event}.{self.audience}.{self.language}"


def previews(templates: Templates, policy: Policy, desk: Desk, web: str, language: str) -> Iterator[Preview | str]:
    """Every letter in one language on the sample ticket; a sentence for one that cannot be written."""
    for (event, audience), kind in LETTERS.items():
        wanted = samples.wanted(kind, Audience(audience), desk, language)
        try:
            letter = compose(wanted, replace(samples.a_context(templates, policy, desk, kind), web=web))
        except Unsealable as error:
            yield f"{language}: {error}"
            continue
        mail = assemble(letter, [samples.PICTURE] * len(letter.parts))
        read = email.message_from_bytes(mail, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        text, page = read.get_body(("plain",)), read.get_body(("html",))
        yield Preview(
            event, audience, language, str(read["Subject"]), letter.preheader,
            text.get_content() if text is not None else "", _with_pictures(page.get_content(), read) if page is not None else "", mail,
        )  # fmt: skip


def _with_pictures(page: str, mail: EmailMessage) -> str:
    """The page with the pictures of its mail within: a browser knows no cid."""
    for part in mail.walk():
        cid, data = part["Content-ID"], part.get_payload(decode=True)
        if cid and isinstance(data, bytes):
            page = page.replace(f"cid:{str(cid).strip('<>')}", f"data:{part.get_content_type()};base64,{b64encode(data).decode()}")
    return page


def write(folder: Path, languages: Mapping[str, list[Preview]]) -> None:
    """`index.html`, a page for each language, and below `files` each letter by itself. Nothing in it is fetched or runs."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    for language, letters in languages.items():
        for one in letters:
            (files / f"{one.name}.eml").write_bytes(one.mail)
            (files / f"{one.name}.txt").write_text(one.text, encoding="utf-8")
            if one.html:
                (files / f"{one.name}.light.html").write_text(_in_scheme(one.html, "light"), encoding="utf-8")
                (files / f"{one.name}.dark.html").write_text(_in_scheme(one.html, "dark"), encoding="utf-8")
        (folder / f"{language}.html").write_text(_page(language, "\n".join(map(_section, letters))), encoding="utf-8")
    (folder / "index.html").write_text(f"{OURS}\n{_page('en', _index(languages))}", encoding="utf-8")


def _in_scheme(page: str, scheme: str) -> str:
    """The page as it looks in this scheme, whichever the browser has."""
    whole = _DARK.sub("@media all" if scheme == "dark" else "@media not all", page)
    return _BOTH.sub(rf"\1{scheme}", whole)


def _page(language: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>'
    title = f"<title>Letters of mailgate, {escape(language)}</title>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}{title}</head>\n<body>\n{body}\n</body></html>\n'


def _index(languages: Mapping[str, list[Preview]]) -> str:
    names = " ".join(f'<a href="{language}.html">{language}</a>' for language in languages)
    rows = "\n".join(
        f"<li>{escape(one.event)} to {escape(one.audience)}: "
        + " ".join(f'<a href="{language}.html#{one.event}.{one.audience}">{language}</a>' for language in languages)
        + "</li>"
        for one in next(iter(languages.values()), [])
    )
    return f"<h1>Letters of mailgate</h1>\n<p>All in one language: {names}</p>\n<ul>\n{rows}\n</ul>"


def _section(one: Preview) -> str:
    at = f"files/{one.name}"
    views = [("light", 640), ("dark", 640), ("light", 375), ("dark", 375)] if one.html else []
    frames = "\n".join(
        f'<iframe loading="lazy" title="{scheme}, {width} pixels" width="{width}" src="{at}.{scheme}.html"></iframe>'
        for scheme, width in views
    )
    links = " ".join(f'<a href="{at}.{end}">{end}</a>' for end in ("eml", "txt", *(("light.html", "dark.html") if one.html else ())))
    return (
        f'<section id="{one.event}.{one.audience}">\n<h2>{escape(one.event)} to {escape(one.audience)}</h2>\n'
        f"<p><strong>{escape(one.subject)}</strong><br>{escape(one.preheader)}</p>\n<p>{links}</p>\n"
        f'<div class="views">\n<pre dir="auto">{escape(one.text)}</pre>\n{frames}\n</div>\n</section>'
    )
