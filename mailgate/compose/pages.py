"""The pages of the web door as HTML. Whatever comes from a mail is text in them, and nothing in them runs or is fetched.

`Markup % values` escapes every value that is no Markup itself, so a page is safe unless somebody writes `Markup(value)`."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from string import Template

from markupsafe import Markup

from mailgate.compose import dates, words
from mailgate.compose.catalogue import Catalogue
from mailgate.compose.colours import shades
from mailgate.compose.data import inline, lines
from mailgate.compose.page_words import SENTENCES
from mailgate.model.page import WebPage
from mailgate.model.rating import LONGEST_COMMENT

#: In it the shades of a brand are named: $fill, $ink and so on.
_STYLE = Template("""
:root{color-scheme:light dark;--ink:#1a1d23;--soft:#5c6470;--line:#e2e5ea;--edge:#767f8a;--ground:#eceef2;--card:#ffffff;--bad:#9c1c14;
--fill:$fill;--fill-ink:$fill_ink;--link:$link;--tint:$tint;--tint-ink:$tint_ink}
@media (prefers-color-scheme:dark){:root{--ink:#e7e9ec;--soft:#a3adb8;--line:#33373f;--edge:#8a939e;--ground:#0f1114;--card:#17191f;
--bad:#ff9a8f;--fill:$dark_fill;--fill-ink:$dark_fill_ink;--link:$dark_link;--tint:$dark_tint;--tint-ink:$dark_tint_ink}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere;
font:16px/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic","Noto Sans CJK JP",sans-serif}
header,main,footer{max-width:640px;margin:0 auto;padding:16px 24px}
header{font-weight:600;padding-top:24px}
main{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:24px}
footer{color:var(--soft);font-size:14px}
h1{font-size:24px;line-height:1.3;margin:0 0 12px}
h2{font-size:18px;margin:28px 0 8px}
h3{font-size:16px;margin:0}
p{margin:0 0 12px}
a{color:var(--link)}
.soft{color:var(--soft)}
.error{color:var(--bad);font-weight:600}
dl{margin:0 0 12px;display:grid;grid-template-columns:max-content 1fr;gap:4px 16px}
dt{color:var(--soft)}
dd{margin:0}
form{margin:24px 0 0}
fieldset{border:0;margin:0 0 16px;padding:0;min-width:0}
legend{padding:0;margin:0 0 8px;font-size:18px;font-weight:600}
.score{display:flex;align-items:center;gap:12px;min-height:48px;margin:0 0 8px;padding:8px 14px;border:1px solid var(--edge);
border-radius:8px;cursor:pointer}
.score input{inline-size:20px;block-size:20px;margin:0;flex:none;accent-color:var(--link)}
.score:has(input:checked){border-color:var(--link);box-shadow:inset 0 0 0 1px var(--link);background:var(--tint);color:var(--tint-ink)}
.comment{display:block;margin:0 0 4px}
textarea{display:block;inline-size:100%;min-height:96px;padding:10px;font:inherit;color:inherit;background:var(--card);
border:1px solid var(--edge);border-radius:8px}
button,.deed{display:inline-block;min-height:44px;margin:12px 0 0;margin-inline-end:8px;padding:9px 18px;font:inherit;font-weight:600;
color:var(--fill-ink);background:var(--fill);border:1px solid var(--fill);border-radius:8px;text-decoration:none;cursor:pointer}
.deed.other{color:var(--ink);background:var(--card);border-color:var(--edge)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
article{border-block-start:1px solid var(--line);padding:16px 0 4px}
.words{white-space:pre-wrap;margin:8px 0 12px}
ul{margin:0 0 12px;padding-inline-start:20px}
@media (max-width:480px){main{border-radius:0;border-inline:0;padding:20px 16px}header,footer{padding-inline:16px}
dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 8px}}
@media (forced-colors:active){.score:has(input:checked){outline:2px solid Highlight}}
""")


@lru_cache(16)
def style(accent: str) -> str:
    """The one style block of a brand's pages: nothing in it comes from anywhere but here and the accent's own figures."""
    return _STYLE.substitute(asdict(shades(accent)))


@dataclass(frozen=True, slots=True)
class Look:
    """In whose name a page is shown, and for whom."""

    language: str
    book: Catalogue
    zone: str  #: of the reader
    name: str  #: of the brand, else of the desk
    accent: str
    foot: tuple[str, ...]  #: what the brand puts under what it writes

    def say(self, key: str, **values: str) -> str:
        text = self.book.say(SENTENCES[key])
        return text % values if "%" in text else text

    def score(self, score: int) -> str:
        return self.book.say(words.SCORES[score])

    def when(self, at: datetime) -> str:
        return dates.when(at, self.zone, self.language)


@dataclass(frozen=True, slots=True)
class FileLink:
    name: str
    octets: int
    target: str  #: beside the page


@dataclass(frozen=True, slots=True)
class Message:
    author: str  #: "" is the reader
    at: datetime
    text: str
    files: tuple[FileLink, ...]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """All that the page of a request shows. Nothing of it that its reader has not written or been sent."""

    ref: str
    title: str
    status: str
    hold: str | None
    opened_at: datetime
    facts: tuple[tuple[str, datetime], ...]  #: a key of SENTENCES, and when
    promised: tuple[str, datetime] | None  #: what its requester hears next, and by when
    messages: tuple[Message, ...]  #: newest first
    left_out: bool  #: there are older ones
    reply: str  #: mailto:
    other: tuple[tuple[str, str], ...]  #: a key of SENTENCES, and its mailto:
    rates: bool  #: the reader may rate it now
    score: int | None  #: the rating that stands
    until: datetime


def rating(look: Look, ref: str, score: int | None, comment: str = "", missing: bool = False) -> WebPage:
    """The question, with a score chosen already. `missing`: it came back without one."""
    return _page(look, look.say("ask"), _form(look, look.say("about", ref=ref), score, comment, missing), 400 if missing else 200)


def thanks(look: Look, score: int, low: bool, due: datetime | None, back: bool) -> WebPage:
    """After a rating that counts. `back`: it was given on the request's page."""
    if low:
        headline = look.say("sorry")
        more = look.say("sorry, until", due=look.when(due)) if due is not None else look.say("sorry, more")
        said = [more, look.say("not working")]
    else:
        headline = look.say("thanks")
        said = [look.say("thanks, more", score=str(score), words=look.score(score))]
    again = Markup('<p><a href="?">%s</a></p>') % look.say("back" if back else "change")
    return _page(look, headline, _paragraphs(said) + again)


def void(look: Look, ref: str) -> WebPage:
    """Scores that contradict each other, too fast for a person. A person who was not sure sees what to do."""
    return _page(look, look.say("void"), _paragraphs([look.say("void, more")]) + _form(look, look.say("about", ref=ref), None))


def note(look: Look, status: int, key: str, **values: str) -> WebPage:
    """A page with nothing but a headline and a sentence."""
    more = f"{key}, more"
    return _page(look, look.say(key), _paragraphs([look.say(more, **values)] if more in SENTENCES else []), status)


def request(look: Look, r: RequestPage) -> WebPage:
    """Where a request stands, what was said, and what its requester can do about it."""
    title = Markup('<p class="soft">%s<br><bdi>%s</bdi></p>') % (look.say("request", ref=r.ref), inline(r.title))
    facts = [("opened", r.opened_at), *r.facts]
    told = [(look.say(key), look.when(at)) for key, at in facts]
    if r.promised:
        told.append((look.say(r.promised[0]), look.say("by", at=look.when(r.promised[1]))))
    rows = Markup("").join(Markup("<dt>%s</dt><dd>%s</dd>") % one for one in told)
    deeds = Markup('<a class="deed" href="%s">%s</a>') % (r.reply, look.say("reply"))
    for key, target in r.other:
        deeds += Markup('<a class="deed other" href="%s">%s</a>') % (target, look.say(key))
    body = title + Markup("<dl>%s</dl><p>%s</p>") % (rows, deeds)
    body += Markup('<p class="soft">%s</p>') % look.say("ready-made")
    if r.rates:
        body += _form(look, look.say("ask"), r.score)
    if r.messages:
        body += Markup("<h2>%s</h2>") % look.say("messages") + Markup("").join(_message(look, one) for one in r.messages)
    if r.left_out:
        body += _paragraphs([look.say("left out")])
    foot = Markup("<p>%s</p>") % look.say("who sees it", until=look.when(r.until))
    return _page(look, words.headline(r.status, r.hold, look.book.say), body, foot=foot)


def _message(look: Look, one: Message) -> Markup:
    author = inline(one.author) or look.say("you")
    head = Markup('<h3><bdi>%s</bdi></h3><p class="soft">%s</p>') % (author, look.when(one.at))
    said = Markup('<div class="words" dir="auto">%s</div>') % lines(one.text).strip("\n") if one.text.strip() else Markup("")
    return Markup("<article>%s%s%s</article>") % (head, said, _files(look, one.files))


def _files(look: Look, files: Sequence[FileLink]) -> Markup:
    if not files:
        return Markup("")
    row = Markup('<li><a href="%s" download><bdi>%s</bdi></a> <span class="soft"><bdi>%s</bdi></span></li>')
    rows = Markup("").join(row % (f.target, inline(f.name) or look.say("file"), words.size(f.octets, look.language)) for f in files)
    return Markup("<p>%s</p><ul>%s</ul>") % (look.say("files"), rows)


def _form(look: Look, legend: str, score: int | None, comment: str = "", missing: bool = False) -> Markup:
    """Five choices, best first. It is sent to where it stands, so no address is in it."""
    choice = Markup('<label class="score"><input type="radio" name="score" value="%s" required%s><span>%s</span><span>%s</span></label>')
    rows = Markup("").join(choice % (n, Markup(" checked") if n == score else "", n, _capital(look.score(n))) for n in words.SCORES)
    error = Markup('<p class="error" role="alert">%s</p>') % look.say("none chosen") if missing else Markup("")
    field = Markup(
        '<label class="comment" for="comment">%s</label><textarea id="comment" name="comment" maxlength="%s" dir="auto">\n%s</textarea>'
    )
    return Markup('<form method="post">%s<fieldset><legend>%s</legend>%s</fieldset>%s<button type="submit">%s</button></form>') % (
        error,
        legend,
        rows,
        field % (look.say("comment"), LONGEST_COMMENT, lines(comment)),
        look.say("send"),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _paragraphs(sentences: Iterable[str]) -> Markup:
    return Markup("").join(Markup("<p>%s</p>") % sentence for sentence in sentences)


def _page(look: Look, headline: str, body: Markup, status: int = 200, foot: Markup = Markup("")) -> WebPage:  # noqa: B008
    css = style(look.accent)
    html = Markup(
        '<!doctype html>\n<html lang="%s" dir="%s"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><title>%s</title><style>%s</style></head>\n'
        "<body><header><bdi>%s</bdi></header>\n<main><h1>%s</h1>%s</main>\n<footer>%s</footer></body></html>\n"
    ) % (
        look.language,
        words.direction(look.language),
        f"{headline} – {inline(look.name)}",
        Markup(css),  # noqa: S704  # our own
        inline(look.name),
        headline,
        body,
        foot + Markup("").join(Markup("<p><bdi>%s</bdi></p>") % inline(line) for line in look.foot),
    )
    return WebPage(status, str(html), css)
