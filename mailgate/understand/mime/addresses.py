"""Address lists (RFC 5322, with the obsolete and the broken forms): who is named in a header. Never fails, linear in time.

In doubt a mailbox yields every address it could mean: two addresses where one is expected identify nobody."""

import re
from dataclasses import dataclass, field

from mailgate.model.mail import Address
from mailgate.understand.mime.charset import clean_name
from mailgate.understand.mime.headers import decode_words, display_words, unfold

_PIECE = re.compile(r'(?:[^\s",;:<>()\[]|\[[0-9A-Za-z:.]{2,60}\])+|[",;:<>()\[]|\s+')
_QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_BARE = re.compile(r"(?:mailto:)?([^\s@<>\"(),:;\[\]]{1,128}@[^\s@<>\"(),:;]{1,255})", re.IGNORECASE)
_LITERAL = re.compile(r"\[[0-9A-Za-z:.]{2,60}\]")
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_WORD = re.compile(r"=\?[^?\s]{1,75}\?[bBqQ]\?[^?<>]{0,400}\?=")  # one piece, though clients leave commas in it
_COMMENT_AT_END = re.compile(r"\(([^()]{1,200})\)\s{0,9}\Z")
_PARENTHESIS = re.compile(r"\\.|[()]")
_LOCAL = re.compile(r'[^\s"(),:;<>@\[\]\\]{1,128}|"(?:[^"\\\x00-\x1f]|\\[ -~]){0,128}"')


def addresses(raws: list[bytes], most: int) -> tuple[Address, ...]:
    """Every mailbox of these headers, groups opened, at most `most`."""
    out: list[Address] = []
    for raw in raws:
        if len(out) >= most:
            break
        out.extend(_mailboxes(unfold(raw), most - len(out)))
    return tuple(out[:most])


def bare_address(raw: bytes) -> str:
    """The one address of a trace header such as Delivered-To, "" when there is none."""
    found = _mailboxes(unfold(raw), 1)
    return found[0].address if found else ""


def unaddressed(raws: list[bytes]) -> Address | None:
    """What the first of these headers says, where it names no address: a name, and what stands in the address's place, as written."""
    for raw in raws:
        text = unfold(raw)[:1000]
        before, bracket, rest = text.partition("<")
        comment = _COMMENT_AT_END.search(text)
        if bracket:
            name, inner = before, rest.partition(">")[0]
        elif comment is not None:
            name, inner = comment[1], text[: comment.start()]
        else:
            name = inner = text
        found = Address(display_words(name.strip().strip('"')), clean_name(decode_words(inner).strip().strip('"')))
        if found.name or found.address:
            return found
    return None


@dataclass(slots=True)
class _UnfinishedAddress:
    """A mailbox that is being read."""

    words: list[str] = field(default_factory=list)  #: the phrase, quotes taken off
    bare: list[str] = field(default_factory=list)  #: text outside of quotes, as written: may be an address without brackets
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)


def _mailboxes(text: str, most: int) -> list[Address]:
    if not any(sign in text for sign in '",;:<>() =\t'):
        only = _address(text.strip())
        return [Address("", only)] if only else []
    out: list[Address] = []
    box = _UnfinishedAddress()
    position, size = 0, len(text)
    open_quotes = False  # an unpaired quote was seen: no later one can be paired
    while position < size and len(out) < most:
        match = (_WORD.match(text, position) if text.startswith("=?", position) else None) or _PIECE.match(text, position)
        if match is None:
            position += 1
            continue
        piece, position = match[0], match.end()
        if piece == '"':
            quoted = None if open_quotes else _QUOTED.match(text, position - 1)
            if quoted is None:
                open_quotes = True
                continue
            position = quoted.end()
            if text[position : position + 1] == "@":  # a quoted local part
                domain = _PIECE.match(text, position)
                rest = domain[0] if domain else ""
                box.bare.append(quoted[0] + rest)
                position += len(rest)
            else:
                box.words.append(_unquoted(quoted[0]))
        elif piece == "(":
            comment, position = _comment(text, position)
            box.comments.append(comment)
        elif piece == "<":
            inner, position = _angle(text, position)
            box.angles.append(inner)
        elif piece in ",;":
            out.extend(_settled(box))
            box = _UnfinishedAddress()
        elif piece == ":":
            # A group's name goes; "mailto:" and a display name with a colon in it stay with their address.
            if not (box.bare and box.bare[-1].lower() == "mailto"):
                following = text[position : position + 300]
                if "<" in following and text.find(";", position, position + 2000) < 0 and "," not in following.partition("<")[0]:
                    box.words.append(":")
                else:
                    box = _UnfinishedAddress()
        elif piece not in "<>()":
            box.words.append(piece)
            if not piece.isspace():
                box.bare.append(piece)
    out.extend(_settled(box))
    return out[:most]


def _unquoted(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1]) if "\\" in quoted else quoted[1:-1]


def _comment(text: str, start: int) -> tuple[str, int]:
    """The comment that was opened before `start`, and where it ends; parentheses nest, an open one reaches to the end."""
    depth = 1
    for match in _PARENTHESIS.finditer(text, start):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth == 0:
                return text[start : match.start()], match.end()
    return text[start:], len(text)


def _angle(text: str, start: int) -> tuple[str, int]:
    """What stands between angle brackets; an open one ends at the next comma or bracket."""
    end = text.find(">", start)
    again = text.find("<", start, end if end >= 0 else None)
    if end < 0 or again >= 0:
        stop = min(at for at in (again, text.find(",", start), len(text)) if at >= 0)
        return text[start:stop], stop
    return text[start:end], end + 1


def _settled(box: _UnfinishedAddress) -> list[Address]:
    """The addresses of one mailbox: one, or none, or several when it is ambiguous."""
    angled = [found for inner in box.angles if (found := _address(_inside(inner)))]
    loose = [found for word in box.bare if "@" in word and (found := _address(word.removeprefix("mailto:").strip("'.")))]
    if not angled and not loose and not box.angles:
        # `Jo Doe at "jo@example.org"`: only where nothing else could be meant.
        inner = [m[1] for word in box.words for m in _BARE.finditer(word[:1000])]
        loose = [found for one in inner[:2] if (found := _address(one))]
        return [Address("", one) for one in dict.fromkeys(loose)]
    words = "".join(_spaced([word for word in box.words if angled or "@" not in word]))
    name = display_words(words if angled else " ".join(words.split()))
    if not name and box.comments:
        name = display_words(box.comments[-1])
    keys = {angled[0].lower()} if angled else set()
    out = [Address(name, angled[0])] if angled else []
    for one in (*angled[1:], *loose):
        if one.lower() not in keys:
            keys.add(one.lower())
            out.append(Address(name if not angled else "", one))
    return out


def _spaced(words: list[str]) -> list[str]:
    """Quoted words that touch their neighbours stay apart."""
    out: list[str] = []
    for word in words:
        if out and not out[-1].isspace() and not word.isspace() and word != ":" and not word.startswith("=?"):
            out.append(" ")
        out.append(word)
    return out


def _inside(inner: str) -> str:
    """An angle address without its source route, `mailto:` and comments."""
    inner = inner.strip().strip("<>").strip()
    if inner[:7].lower() == "mailto:":
        inner = inner[7:]
    if inner.startswith("@") and ":" in inner:
        inner = inner.partition(":")[2]
    if "(" in inner:
        inner = re.sub(r"\([^()]*\)", "", inner)
    return inner


def _address(text: str) -> str | None:
    """`text` as an address, its domain in lower case and IDN as A-label; None when it is none."""
    if len(text) > 400:
        return None
    local, at, domain = text.strip().rpartition("@")
    local, domain = local.strip(), domain.strip().lower()
    if not at or not local or not domain:
        return None
    if " " in local and not local.startswith('"'):
        local = re.sub(r" ?\. ?", ".", local)  # obsolete, but no other space belongs there
    if not _LOCAL.fullmatch(local) or any(not sign.isprintable() for sign in local):
        return None
    if _LITERAL.fullmatch(domain):
        return f"{local}@{domain}"
    domain = (domain if domain.isascii() else _a_label(domain)).rstrip(".")
    return f"{local}@{domain}" if _DOMAIN.fullmatch(domain) else None


def _a_label(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except (UnicodeError, ValueError):
        return ""  # a name that DNS cannot hold is nobody's
