"""HTML that wants to act: 511 pieces of our own making, from a table of vectors and a table of places to hide them in.

Each says where it would fetch from and what it would run: `SINK` stands for an address that counts visits, `RUN` for code that is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

from selectolax.lexbor import LexborHTMLParser

SINK, RUN = "http://sink.invalid", "document.title=`RAN`"

#: One way to act each.
VECTORS = (
    f"<script>{RUN}</script>",
    f'<script src="{SINK}/a.js"></script>',
    f'<script type="module">import "{SINK}/m.js"</script>',
    f"<script>/*<script>*/{RUN}</script ><script>{RUN}",
    f"<script/x>{RUN}</script>",
    f"<script\n>{RUN}</script\n>",
    f'<img src="{SINK}/p.png">',
    f'<img src=x onerror="{RUN}">',
    f"<img/src=x/onerror={RUN}>",
    f'<img src="x` `<script>{RUN}</script>"` `>',
    f'<img srcset="{SINK}/s.png 1x, {SINK}/t.png 2x">',
    f'<img src="cid:a" srcset="{SINK}/s.png">',
    f'<img lowsrc="{SINK}/l.png" dynsrc="{SINK}/d.png" src="{SINK}/q.png">',
    f'<image href="{SINK}/i.png" src="{SINK}/i.png">',
    f'<picture><source srcset="{SINK}/pic.png"><img src="{SINK}/b.png"></picture>',
    f'<input type="image" src="{SINK}/in.png" autofocus onfocus="{RUN}">',
    f'<body background="{SINK}/bg.png" onload="{RUN}">',
    f'<table background="{SINK}/t.png"><tr><td background="{SINK}/d.png">x</td></tr></table>',
    f"<div style=\"background:url('{SINK}/u.png')\">x</div>",
    f'<div style="background-image:\\75rl({SINK}/esc.png)">x</div>',
    f'<div style="width:expression({RUN})">x</div>',
    f'<div style="behavior:url({SINK}/h.htc);-moz-binding:url({SINK}/b.xml#a)">x</div>',
    f'<div style="list-style:url({SINK}/l.png);content:url({SINK}/c.png);cursor:url({SINK}/k.cur),auto">x</div>',
    f"<style>@import '{SINK}/s.css';</style>",
    f"<style>body{{background:url({SINK}/st.png)}}</style>",
    f"<style>@font-face{{font-family:x;src:url({SINK}/f.woff)}} *{{font-family:x}}</style>",
    f'<link rel="stylesheet" href="{SINK}/l.css">',
    f'<link rel="preload" as="image" href="{SINK}/pre.png"><link rel="prefetch" href="{SINK}/pf"><link rel="icon" href="{SINK}/i.ico">',
    f'<meta http-equiv="refresh" content="0;url={SINK}/refresh">',
    f'<meta http-equiv="refresh" content="0;url=javascript:{RUN}">',
    f'<base href="{SINK}/"><img src="relative.png">',
    f'<iframe src="{SINK}/frame"></iframe>',
    f'<iframe srcdoc="&lt;script&gt;parent.{RUN}&lt;/script&gt;"></iframe>',
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    f'<frameset><frame src="{SINK}/f"></frameset>',
    f'<object data="{SINK}/o.swf" type="application/x-shockwave-flash"></object>',
    f'<object data="data:text/html,<script>parent.{RUN}</script>"></object>',
    f'<embed src="{SINK}/e.svg">',
    f'<applet code="X" codebase="{SINK}/"></applet>',
    f'<video src="{SINK}/v.mp4" poster="{SINK}/v.png" autoplay onloadstart="{RUN}"></video>',
    f'<audio src="{SINK}/a.ogg" autoplay onerror="{RUN}"></audio>',
    f'<video><source src="{SINK}/v.mp4" onerror="{RUN}"><track src="{SINK}/t.vtt" default></video>',
    f'<form action="{SINK}/post" method="post"><input name="q" autofocus><button formaction="javascript:{RUN}">x</button></form>',
    f'<isindex action="javascript:{RUN}" type="image" src="{SINK}/is.png">',
    f'<a href="javascript:{RUN}">x</a>',
    f'<a href="JaVaScRiPt&colon;{RUN}">x</a>',
    f'<a href="java&#10;script&#x3A;{RUN}">x</a>',
    f'<a href="&#1;&#32;javascript:{RUN}">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
    f'<a href="feed:javascript:{RUN}" ping="{SINK}/ping">x</a>',
    f'<svg onload="{RUN}"></svg>',
    f'<svg><script>{RUN}</script><image href="{SINK}/sv.png"/><use href="{SINK}/u.svg#x"/></svg>',
    f'<svg><animate attributeName="href" values="javascript:{RUN}"/><a id="x"><text>y</text></a></svg>',
    f'<svg><style>@import url({SINK}/sv.css)</style><foreignObject><img src=x onerror="{RUN}"></foreignObject></svg>',
    f'<math><maction actiontype="statusline" xlink:href="javascript:{RUN}">x</maction></math>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={RUN}&gt;">',
    f'<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{RUN}">',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f'<template><img src=x onerror="{RUN}"><script>{RUN}</script></template><xmp><p title="</xmp><img src=x onerror={RUN}>">',
    f'<textarea><p title="</textarea><img src=x onerror={RUN}>">',
    f'<select><option><style></option></select><img src=x onerror="{RUN}"></style>',
    f"<!--[if gte mso 9]><script>{RUN}</script><![endif]--><!--><img src=x onerror='{RUN}'>-->",
    f"<![CDATA[<script>{RUN}</script>]]><?php echo 1 ?><?xml-stylesheet href='{SINK}/x.css'?><img src=x onerror='{RUN}'>",
    f'<div onmouseover="{RUN}" onclick="{RUN}" onfocus="{RUN}" tabindex="0">x</div>',
    f'<details open ontoggle="{RUN}"><summary>x</summary></details><marquee onstart="{RUN}">x</marquee>',
    f'<p style="animation:x 1s" onanimationstart="{RUN}">x</p><style>@keyframes x{{}}</style>',
    f"<p title=`x`onmouseover=`{RUN}` <img src=x onerror={RUN} //>",
    f'<img src="x" title="a" / onerror="{RUN}" alt=\'"><script>{RUN}</script>\'>',
    f"<a href=\"x\" title='\"><img src=x onerror={RUN}>'>x</a><img src='x' onerror='{RUN}'>",
    f'<button popovertarget="p" onclick="{RUN}">x</button><dialog open onclose="{RUN}" id="p">x</dialog>',
    f'<div id="body" name="cookie"></div><a id="location" href="x"></a><img name="forms" src="{SINK}/clobber.png">',
    f'<bgsound src="{SINK}/b.wav"><layer src="{SINK}/l"></layer><ilayer src="{SINK}/i"></ilayer><img src="{SINK}/z.png">',
)


def _deep(piece: str) -> str:
    return "<div>" * 10_000 + piece


#: Where each is hidden.
PLACES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("as it is", lambda piece: piece),
    ("in a table", lambda piece: f"<table><tr><td>{piece}<table><caption>{piece}"),
    ("in a quote", lambda piece: f'<blockquote type="cite"><p>x</p></blockquote>{piece}<blockquote>{piece}</blockquote>'),
    ("behind what does not close", lambda piece: f"<b><i><p title=\"'>\"><a href='mailto:a@b.example'>{piece}"),
    ("in other letters", lambda piece: re.sub(r"<(/?)([a-z]+)", lambda m: f"<{m[1]}{m[2].swapcase()}", piece)),
    (
        "among zeros and other signs",
        lambda piece: piece.replace("<", "<\x00<", 1).replace(" ", " \x00", 1).replace("=", "\x0c=", 1) + piece,
    ),
    ("10,000 deep", _deep),
)


def pieces(sink: str = SINK) -> Iterator[tuple[str, str]]:
    """Name and HTML of each."""
    for number, vector in enumerate(VECTORS):
        for place, hide in PLACES:
            yield f"{number} {place}", hide(vector).replace(SINK, sink)


#: Mails whose charset hides it: UTF-7, UTF-16 with and without a mark, a charset that is none, bytes that swallow the next.
CHARSETS: tuple[tuple[str, bytes], ...] = (
    ("utf-7", b"<p>+ADw-script+AD4-document.title=+AGA-RAN+AGA-+ADw-/script+AD4-</p>"),
    ("utf-16", "<p>x</p><script>document.title=`RAN`</script>".encode("utf-16")),
    ("utf-16le", "<p>x</p><img src=x onerror='document.title=`RAN`'>".encode("utf-16-le")),
    ("x-user-defined", b"<p>x</p><script>document.title=`RAN`</script>"),
    ("gb2312", b'<p title="\xff"><img src=x onerror=\'document.title=`RAN`\'>">x</p>'),
    ("iso-2022-jp", b'<p title="\x1b$B"><img src=x onerror=\'document.title=`RAN`\'>\x1b(B">x</p>'),
)

# --- is it active? -------------------------------------------------------------------------------------------------------

ACTIVE = frozenset(
    """script iframe frame frameset object embed applet form input button select textarea option base link meta svg math video audio source
    track template noscript xmp image isindex bgsound layer ilayer marquee dialog details style picture portal""".split()
)
LOADS = frozenset("src srcset background poster data lowsrc dynsrc code codebase action formaction ping srcdoc manifest icon".split())
_BAD_SCHEME = re.compile(r"(?:javascript|vbscript|data|feed|livescript|mocha|file|blob|filesystem|view-source)\s*:", re.IGNORECASE)
_BAD_STYLE = re.compile(r"url\s*\(|expression|@import|behavior|-moz-binding|image-set|\\", re.IGNORECASE)


def active(page: str, ours: frozenset[str] = frozenset()) -> list[str]:
    """What in a page may act or fetch, by two parsers that know nothing of each other. `ours`: elements of our own frame, told apart by
    the caller."""
    return [*_by_tree(page, ours), *_by_tokens(page, ours)]


def _by_tree(page: str, ours: frozenset[str]) -> Iterator[str]:
    tree = LexborHTMLParser(page)
    for node in tree.root.traverse() if tree.root is not None else ():
        yield from _faults((node.tag or "").lower(), node.attributes, ours)


class _Tokens(HTMLParser):
    def __init__(self, ours: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.ours = ours

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += _faults(tag, dict(attrs), self.ours)

    handle_startendtag = handle_starttag


def _by_tokens(page: str, ours: frozenset[str]) -> list[str]:
    tokens = _Tokens(ours)
    tokens.feed(page)
    tokens.close()
    return tokens.found


def _faults(tag: str, attributes: dict[str, str | None], ours: frozenset[str]) -> Iterator[str]:
    if tag in ACTIVE and tag not in ours:
        yield f"<{tag}>"
    for name, said in attributes.items():
        value = re.sub(r"[\x00-\x20\x7f-\xa0\u200b-\u200f]", "", said or "")
        leads = name in ("href", "xlink:href") and (tag != "a" or _BAD_SCHEME.match(value) is not None)
        loads = name in LOADS and not (tag == "img" and name == "src" and value[:4].lower() == "cid:")
        if name.startswith("on") or leads or loads or (name == "style" and _BAD_STYLE.search(said or "")):
            yield f"<{tag} {name}={value[:60]}>"
