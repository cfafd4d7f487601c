"""The HTML of a letter: each block is a row of one card, written so that mail programs keep it.

Tables lay out, styles stand at what they are for, a class only adds what phones and dark mode need; left and right are chosen by the
direction of the language, for `start` and `end` are unknown to most programs. All words are escaped; only HTML that was sanitised
before, an agent's own, goes in as it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from mailgate.compose.blocks import (
    BOLD,
    Actions,
    Block,
    Box,
    Byline,
    Choices,
    DataTable,
    EntryText,
    FactRows,
    Items,
    MainAction,
    Meter,
    Paragraph,
    Picture,
    Quote,
    Remark,
    Section,
    Steps,
    Strip,
    Tags,
    joined,
)
from mailgate.compose.colours import BAR, BARS, BODY, INK, LINE, MUTE, REST, SIDE, SOFT, SOFT_LINE, TONES, Shades
from mailgate.compose.data import HTML
from mailgate.compose.words import direction
from mailgate.model.brand import Enclosed

_PLAIN = 'cellpadding="0" cellspacing="0" border="0"'
_P = '<p style="margin:0 0 14px">'
_FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_FONTS: Mapping[str, str] = {
    "ja": "-apple-system,BlinkMacSystemFont,'Hiragino Sans','Yu Gothic UI',Meiryo,'Noto Sans CJK JP',sans-serif",
    "ar": "-apple-system,BlinkMacSystemFont,'Segoe UI',Tahoma,'Noto Sans Arabic',Arial,sans-serif",
}
#: Ids, addresses and times keep their order among words that run from right to left: in spans, for nobody keeps <bdi>.
_RUNS = re.compile(
    r"(?<![\w@.+-])([A-Z][A-Z0-9]{0,9}-\d+|[\w+-][\w.+-]*@[\w.-]*\w|\d{1,2}:\d{2}(?:[ \u00a0](?:[A-Z]{3,4}|UTC[+-]\d\d:\d\d))?|#[a-z]+)"
)
_STRONG = re.compile(f"{BOLD}([^{BOLD}]+){BOLD}")
_WORD = re.compile(r"[^\W\d_]+")
_SMALL_TILES = frozenset({"ja", "zh", "ko"})  #: words of a choice are longer there


def font(language: str) -> str:
    return _FONTS.get(language.partition("-")[0], _FONT)


@dataclass(frozen=True, slots=True)
class Paper:
    """What all rows of a letter are written with."""

    language: str
    shades: Shades
    name: str  #: of the brand
    short: str  #: in its tile
    logo: str = ""  #: HTML of the picture instead of both
    faces: bool = True
    steps: bool = True

    @property
    def is_rtl(self) -> bool:
        return direction(self.language) == "rtl"


class _Card:
    """Where rows are written: directions and shades at hand."""

    __slots__ = ("at", "before", "end", "entry_html", "is_rtl", "paper", "rtl", "shades", "start")

    def __init__(self, paper: Paper, entry_html: str | None) -> None:
        self.paper, self.shades, self.entry_html = paper, paper.shades, entry_html
        self.is_rtl = paper.is_rtl
        self.start, self.end = ("right", "left") if self.is_rtl else ("left", "right")
        # The ordinary direction is that of the page; the other one is said everywhere, for some programs drop it higher up.
        self.rtl = ' dir="rtl"' if self.is_rtl else ""
        self.at = ' align="right"' if self.is_rtl else ""
        self.before: type[Any] | None = None

    def row(self, inner: str, top: int) -> str:
        return f'<tr><td class="m-pad" align="{self.start}"{self.rtl} style="padding:{top}px 32px 0">\n{inner}\n</td></tr>'

    def table(self, inner: str, style: str = "", more: str = "") -> str:
        styled = f' style="{style}"' if style else ""
        return f'<table role="presentation" width="100%" {_PLAIN}{self.rtl}{more}{styled}>{inner}</table>'

    def words(self, text: str) -> str:
        """Our own words: strong is strong, and what runs left to right does so."""
        said = _between(text)
        if self.is_rtl:
            said = _RUNS.sub(r'<span dir="ltr">\1</span>', said)
        if BOLD in said:
            return _STRONG.sub(_in_bold, said).replace(BOLD, "")
        return said

    def line(self, text: str) -> str:
        """A line of the brand, whose language need not be the letter's: it runs as it begins."""
        return f'<span dir="auto">{self.words(text)}</span>' if self.is_rtl else self.words(text)


_fixed = lru_cache(1024)(escape)  #: our own names and labels, of which there are few


def _between(text: str) -> str:
    """What stands between tags. Most words have none of these signs, and are not gone through again."""
    return escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


def _in_bold(found: re.Match[str]) -> str:
    """A number like IT-1042 stays on one line."""
    whole = "" if " " in found[1] else ";white-space:nowrap"
    return f'<strong class="d-ink" style="color:{INK}{whole}">{found[1]}</strong>'


def as_html(blocks: Sequence[Block], paper: Paper, reference: str, entry_html: str | None = None) -> str:
    """The rows of the card. `entry_html` has to be sanitised already and stands for the entry's words; `reference`: the ticket, or ""."""
    card = _Card(paper, entry_html)
    rows = [_strip(block, card) for block in blocks if isinstance(block, Strip)]
    rows.append(_head(card, reference))
    tags = next((block for block in blocks if isinstance(block, Tags)), None)
    if tags is not None:
        rows.append(card.row(_tags(tags, card), 24))
    headline = False
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        kind: type[Any] = type(block)
        if kind is Remark and type(following) is Choices:  # it says what to choose, so it is set like the words around it
            kind = Paragraph
        write = _WRITTEN.get(kind)
        if write is None:
            continue
        if not headline and isinstance(block, Paragraph):
            inner, top = _title(block, card), 10 if tags is not None else 26
            headline = True
        else:
            inner, top = write(block, card), _AFTER.get((card.before, kind), _TOP[kind])
        if inner:
            rows.append(card.row(inner, top))
            card.before = kind
    rows.append('<tr><td height="30" style="height:30px;font-size:1px;line-height:1px">&nbsp;</td></tr>')
    return "\n".join(rows)


@lru_cache(256)
def footer_html(blocks: tuple[Block, ...], below: tuple[str, ...], paper: Paper) -> str:
    """What stands under the card: why it came, and the brand's own lines. Hardly any letter has one of its own."""
    card = _Card(paper, None)
    said = [card.words(block.words) for block in blocks if isinstance(block, Paragraph)]
    whole = "<br>\n".join([*said, *map(card.line, below)])
    return f'<p class="d-mute" style="margin:0;font-size:14px;line-height:21px;color:{MUTE}">{whole}</p>'


def logo_html(picture: Enclosed, alt: str) -> str:
    """A logo at half its size, so that it is sharp on every screen; its height is said twice, for Word reads no styles."""
    width, height = max(1, picture.width // 2), max(1, picture.height // 2)
    return (
        f'<img src="cid:{escape(picture.cid)}" width="{width}" height="{height}" alt="{escape(alt)}" '
        f'style="display:block;width:{width}px;height:{height}px;border:0">'
    )


# --- top of the card -------------------------------------------------------------------------------------------------


def _head(card: _Card, reference: str) -> str:
    paper, shades = card.paper, card.shades
    if paper.logo:
        brand = f"<td{card.at}>{paper.logo}</td>"
    else:
        brand = (
            f'<td width="34" style="width:34px"><table role="presentation" width="34" {_PLAIN}><tr>'
            f'<td class="d-main" width="34" height="34" align="center" bgcolor="{shades.fill}" style="width:34px;border-radius:9px;'
            f'font-size:14px;line-height:34px;font-weight:bold;color:{shades.fill_ink}">{_fixed(paper.short)}</td></tr></table></td>'
            f'<td class="d-ink" width="100%"{card.at} style="padding:0 12px;font-size:16px;line-height:22px;font-weight:600;'
            f'color:{INK}">{_fixed(paper.name)}</td>'
        )
    ref = reference
    if ref:
        ref = f'<span dir="ltr">{escape(ref)}</span>' if card.is_rtl else escape(ref)
        ref = f'<td class="d-mute" align="{card.end}" style="font-size:14px;line-height:20px;color:{MUTE};white-space:nowrap">{ref}</td>'
    return card.row(card.table(f"<tr>{brand}{ref}</tr>"), 24)


def _strip(block: Strip, card: _Card) -> str:
    ground, line, ink, dark = TONES[block.tone]
    more = card.words(joined([block.words, block.more])[len(block.words) :]) if block.more else ""
    return (
        f'<tr><td class="{dark} m-pad m-top" bgcolor="{ground}"{card.at}{card.rtl} style="padding:11px 32px;'
        f"border-bottom:1px solid {line};border-radius:13px 13px 0 0;background-color:{ground};font-size:15px;line-height:22px;"
        f'color:{ink}"><strong style="font-weight:700">{card.words(block.words)}</strong>{more}</td></tr>'
    )


def _tags(block: Tags, card: _Card) -> str:
    pills: list[str] = []
    for at, words in enumerate(block.words):
        if at:
            ground, ink, dark = SIDE, INK, "d-side"
        elif block.tone:
            ground, _, ink, dark = TONES[block.tone]
        else:
            ground, ink, dark = card.shades.tint, card.shades.tint_ink, "d-tint"
        pills.append(
            f'<span class="{dark}" style="display:inline-block;padding:2px 6px;border-radius:99px;background-color:{ground};'
            f'font-size:14px;line-height:22px;font-weight:600;color:{ink}">&nbsp;{card.words(words)}&nbsp;</span>'
        )
    return f"<div>{' '.join(pills)}</div>"


def _title(block: Paragraph, card: _Card) -> str:
    return (
        f'<h1 class="d-ink m-h1" style="margin:0;font-size:25px;line-height:32px;font-weight:700;letter-spacing:-0.2px;color:{INK}">'
        f"{card.words(block.words.replace(BOLD, ''))}</h1>"
    )


# --- words of ours ---------------------------------------------------------------------------------------------------


def _paragraph(block: Paragraph | Remark, card: _Card) -> str:
    return f'<p class="d-body" style="margin:0;font-size:16px;line-height:25px;color:{BODY}">\n{card.words(block.words)}</p>'


def _section(block: Section, card: _Card) -> str:
    return (
        f'<h2 class="d-ink" style="margin:0;font-size:17px;line-height:24px;font-weight:700;color:{INK}">\n{card.words(block.words)}</h2>'
    )


def _remark(block: Remark, card: _Card) -> str:
    return f'<p class="d-mute" style="margin:0;font-size:14px;line-height:21px;color:{MUTE}">\n{card.words(block.words)}</p>'


def _box(block: Box, card: _Card) -> str:
    ground, line, ink, dark = TONES[block.tone]
    more = card.words(joined([block.words, block.more])[len(block.words) :]) if block.more else ""
    return card.table(
        f'<tr><td class="{dark}" bgcolor="{ground}"{card.at} style="padding:13px 16px;border:1px solid {line};'
        f""
        f'border-radius:10px;background-color:{ground};font-size:16px;line-height:24px;color:{ink}">'
        f'<strong style="font-weight:700">{card.words(block.words)}'
        f"</strong>{more}</td></tr>",
        "border-collapse:separate",
    )


def _facts(block: FactRows, card: _Card) -> str:
    gap = "9px 0 9px 12px" if card.is_rtl else "9px 12px 9px 0"
    cells = [
        f'<tr valign="top"><th class="d-mute d-line" scope="row" width="30%" align="{card.start}" style="padding:{gap};'
        f'border-bottom:1px solid {LINE};font-size:14px;line-height:24px;font-weight:normal;color:{MUTE}">\n{_fixed(label)}</th>\n'
        f'<td class="d-ink d-line"{card.at} style="padding:9px 0;border-bottom:1px solid {LINE};'
        f'font-size:16px;line-height:24px;color:{INK}">\n{card.words(value)}</td></tr>\n'
        for label, value in block.rows
    ]
    return f'<table class="d-line" width="100%" {_PLAIN}{card.rtl} style="border-top:1px solid {LINE}">\n{"".join(cells)}</table>'


def _items(block: Items, card: _Card) -> str:
    cells = "".join([_item(words, about, card) for words, about in block.items])
    return card.table(cells)


def _item(words: str, about: str, card: _Card) -> str:
    if not about:
        return (
            f'<tr><td class="d-ink d-line"{card.at} style="padding:10px 0;border-bottom:1px solid {LINE};'
            f'font-size:16px;line-height:23px;color:{INK}">{card.words(words)}</td></tr>\n'
        )
    below = f'<div class="d-mute" style="font-size:14px;line-height:21px;color:{MUTE}">{card.words(about)}</div>'
    return (
        f'<tr><td class="d-line"{card.at} style="padding:10px 0;border-bottom:1px solid {LINE}">'
        f'<div class="d-ink" style="font-size:16px;line-height:23px;color:{INK}">{card.words(words)}</div>{below}</td></tr>\n'
    )


def _table(block: DataTable, card: _Card) -> str:
    head, *data = block.rows
    cell = f"padding:7px 0;border-top:1px solid {LINE};font-size:16px;line-height:22px;color:{INK}"
    label = f"font-size:14px;line-height:22px;font-weight:normal;color:{MUTE}"
    rows = ["<tr>"]
    for at, name in enumerate(head):
        align = "center" if at else card.start
        scope = f'<th class="d-mute" scope="col" align="{align}" style="padding:8px 0 6px;{label}">{card.words(name)}</th>'
        rows.append(scope if name else "<td>&nbsp;</td>")
    for first, *cells in data:
        rows.append(
            f'</tr>\n<tr><th class="d-mute d-line" scope="row" align="{card.start}" style="padding:7px 0;border-top:1px solid {LINE};'
            f'{label}">{card.words(first)}</th>'
        )
        rows += [f'<td class="d-ink d-line" align="center" style="{cell}">{card.words(one) or "&nbsp;"}</td>' for one in cells]
    return f'<table width="100%" {_PLAIN}{card.rtl}>\n{"".join(rows)}</tr>\n</table>'


def _picture(block: Picture, card: _Card) -> str:
    return (
        f'<img src="cid:{escape(block.cid)}" width="{block.width}" alt="{escape(block.alt)}" '
        f'style="display:block;width:100%;max-width:{block.width}px;height:auto;border:0">'
    )


# --- where things stand ----------------------------------------------------------------------------------------------


def _steps(block: Steps, card: _Card) -> str:
    """Bars and words. The headline says it, too, so whoever listens need not hear it twice."""
    if not card.paper.steps:
        return ""
    share = 100 // len(block.names)
    bars: list[str] = []
    words: list[str] = []
    for at, name in enumerate(block.names, 1):
        reached, current = at <= block.reached, at == block.reached
        gap = f' style="padding-{card.end}:6px"' if at < len(block.names) else ""
        fill, dark = (card.shades.link, "d-main") if reached else (REST, "d-rest")
        bar = card.table(
            f'<tr><td class="{dark}" height="5" bgcolor="{fill}" style="height:5px;border-radius:3px;'
            'font-size:1px;line-height:5px">&nbsp;</td></tr>'
        )
        bars.append(f'<td width="{share}%"{gap}>{bar}</td>')
        ink, dark, weight = (INK, "d-ink", "600") if current else (MUTE, "d-mute", "normal")
        words.append(
            f'<td class="{dark}" width="{share}%"{card.at} style="padding-top:7px;font-size:14px;line-height:20px;color:{ink};'
            f'font-weight:{weight}">{"&#10003;&nbsp;" if reached else ""}{_fixed(name)}</td>'
        )
    return card.table(f"<tr>{''.join(bars)}</tr><tr>{''.join(words)}</tr>", more=' aria-hidden="true"')


def _meter(block: Meter, card: _Card) -> str:
    full, rest = block.percent, 100 - block.percent
    thin = "height:8px;font-size:1px;line-height:8px"
    bar = f'<td width="{full}%" height="8" bgcolor="{BARS[block.tone]}" style="{thin}">&nbsp;</td>' if full else ""
    left = f'<td class="d-rest" width="{rest}%" height="8" bgcolor="{REST}" style="{thin}">&nbsp;</td>' if rest else ""
    below = (
        f'<tr><td class="d-ink"{card.at} style="padding-top:8px;font-size:14px;line-height:20px;font-weight:600;color:{INK}">'
        f'{card.words(block.left)}</td><td class="d-mute" align="{card.end}" style="padding-top:8px;font-size:14px;line-height:20px;'
        f'color:{MUTE}">{card.words(block.right)}</td></tr>'
    )
    return card.table(f"<tr>{bar}{left}</tr>") + card.table(below)


# --- words of people -------------------------------------------------------------------------------------------------


def _byline(block: Byline, card: _Card) -> str:
    about = (
        f'<div class="d-mute" style="font-size:14px;line-height:20px;color:{MUTE}">{card.words(block.about)}</div>' if block.about else ""
    )
    face = gap = ""
    if card.paper.faces:
        tint = card.shades.tint
        gap = ' style="padding:0 12px"'
        face = (
            f'<td width="40"><table role="presentation" width="40" {_PLAIN}><tr>'
            f'<td class="d-tint" width="40" height="40" align="center" bgcolor="{tint}" style="width:40px;border-radius:20px;'
            f'background-color:{tint};font-size:14px;line-height:40px;font-weight:bold;color:{card.shades.tint_ink}">'
            f'<span aria-hidden="true">{escape(initials(block.name))}</span></td></tr></table></td>'
        )
    name = f'<div class="d-ink" style="font-size:16px;line-height:22px;font-weight:600;color:{INK}">{escape(block.name)}</div>'
    return card.table(f'<tr>{face}<td width="100%"{card.at}{gap}>{name}{about}</td></tr>')


@lru_cache(512)
def initials(name: str) -> str:
    """Of the first and the last word of a name: `MM`. Of a name without letters a point."""
    words = _WORD.findall(name)
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "·"


def _entry(block: EntryText, card: _Card) -> str:
    if block.whose == HTML and card.entry_html:
        said = card.entry_html.replace("<p>", _P)
    elif block.text:
        said = paragraphs(block.text)
    else:
        return ""
    return f'<div class="d-ink words" dir="auto" style="font-size:16px;line-height:26px;color:{INK}">\n{said}\n</div>'


def _quote(block: Quote, card: _Card) -> str:
    return card.table(
        f'<tr><td class="d-line" align="{card.start}" style="padding:0 16px;border-{card.start}:3px solid {BAR}">'
        f'<div class="d-body words" dir="auto" style="font-size:16px;line-height:26px;color:{BODY}">'
        f"{paragraphs(chr(10).join(block.lines))}</div></td></tr>"
    )


def paragraphs(text: str) -> str:
    """Empty lines part paragraphs, other line ends stay line ends, and indented lines keep their blanks."""
    whole = _between(text)
    if "  " in whole:
        whole = whole.replace("  ", "&nbsp; ")
    if "\t" in whole:
        whole = whole.replace("\t", "&nbsp;&nbsp; ")
    pieces = [piece for piece in re.split(r"\n(?:[ \t]*\n)+", whole.strip("\n")) if piece.strip()]
    return "\n".join([_P + piece.replace("\n", "<br>\n") + "</p>" for piece in pieces])


# --- things to do ----------------------------------------------------------------------------------------------------


def _main(block: MainAction, card: _Card) -> str:
    fill = card.shades.fill
    return (
        f'<table role="presentation" class="m-full" {_PLAIN}{card.rtl}><tr><td class="d-main" '
        f'align="center" bgcolor="{fill}" style="border-radius:9px;background-color:{fill};mso-padding-alt:12px 26px">'
        f'<a class="d-main m-btn" href="{escape(block.target)}" style="display:inline-block;padding:12px 26px;'
        f"border-radius:9px;background-color:{fill};"
        f'font-size:16px;line-height:24px;font-weight:600;color:{card.shades.fill_ink};text-decoration:none">{card.words(block.words)}</a></td></tr></table>'
    )


def _actions(block: Actions, card: _Card) -> str:
    """Side by side, and on the next line where there is no room. Word draws their padding as a border."""
    links = [
        f'<a class="d-side" href="{escape(target)}" style="display:inline-block;margin-bottom:8px;padding:8px 15px;'
        f"border:1px solid #dcdfe6;"
        f"border-radius:9px;background-color:{SIDE};mso-padding-alt:0;mso-border-alt:8px solid {SIDE};font-size:16px;line-height:22px;"
        f'font-weight:600;color:{INK};text-decoration:none">{card.words(words)}</a>'
        for target, words in block.links
    ]
    return f'<div style="font-size:16px;line-height:24px">{"&nbsp; ".join(links)}</div>'


def _choices(block: Choices, card: _Card) -> str:
    """Tiles with number and word, best first, each an ordinary link."""
    size = 13 if card.paper.language.partition("-")[0] in _SMALL_TILES else 14
    tiles = [
        f'<td class="d-soft" width="18%" align="center" valign="top" bgcolor="{SOFT}" style="border:1px solid {SOFT_LINE};'
        f""
        f'border-radius:10px;background-color:{SOFT};mso-padding-alt:10px 2px">'
        f'<a href="{escape(target)}" style="display:block;padding:11px 0 10px;'
        f'text-decoration:none"><span class="d-link" style="font-size:21px;line-height:28px;font-weight:700;color:{card.shades.link}">'
        f'{score}</span><br><span class="d-ink" style="font-size:{size}px;line-height:18px;color:{INK}">{card.words(words)}</span></a></td>'
        for score, target, words in block.links
    ]
    gap = '<td width="2%" style="font-size:1px;line-height:1px">&nbsp;</td>'
    return card.table(f"<tr>{gap.join(tiles)}</tr>", "border-collapse:separate;table-layout:fixed")


#: How each block is written. What has a row of its own on top, or is for the text alone, is not among them.
_WRITTEN: Mapping[type[Any], Callable[[Any, _Card], str]] = {
    Paragraph: _paragraph, Section: _section, FactRows: _facts, Items: _items, Quote: _quote, EntryText: _entry, Byline: _byline, Box: _box,
    Steps: _steps, Meter: _meter, MainAction: _main, Actions: _actions, Choices: _choices, Remark: _remark, DataTable: _table,
    Picture: _picture,
}  # fmt: skip
#: Pixels above each block, and above one that belongs to what stands before it.
_TOP: Mapping[type[Any], int] = {
    Paragraph: 12, Section: 30, FactRows: 20, Items: 8, Quote: 14, EntryText: 20, Byline: 24, Box: 20, Steps: 22, Meter: 18, MainAction: 24,
    Actions: 20, Choices: 14, Remark: 8, DataTable: 12, Picture: 12,
}  # fmt: skip
_AFTER: Mapping[tuple[type[Any] | None, type[Any]], int] = {
    (Section, Paragraph): 6, (Section, Items): 2, (Section, FactRows): 10, (Section, DataTable): 4, (Section, Byline): 12,
    (Section, Quote): 10, (Section, EntryText): 10, (Section, Remark): 6, (Byline, EntryText): 16, (Byline, Quote): 14,
    (EntryText, Box): 10, (EntryText, Section): 20, (EntryText, Paragraph): 6, (EntryText, FactRows): 10, (EntryText, Byline): 14,
    (EntryText, Remark): 0, (MainAction, Actions): 12, (Actions, Remark): 6,
    (FactRows, Actions): 24, (FactRows, Paragraph): 18, (Steps, Paragraph): 20, (Paragraph, EntryText): 16,
}  # fmt: skip
