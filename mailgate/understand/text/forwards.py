"""Is this mail passed on, and whose is it? An attached original, and the blocks that Gmail, Outlook, Apple Mail and Thunderbird write.

Only the outermost forward counts, and only where the forwarder's own words stand above it. Linear in the text, never fails."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailgate.model.mail import Address
from mailgate.model.subjects import ANSWERS, EITHER, FORWARDS, prefix_at
from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime.addresses import addresses
from mailgate.understand.mime.charset import clean_line
from mailgate.understand.text.body import cut
from mailgate.understand.text.quote_words import HEADER_WORDS

#: How mail programs call a forwarded mail between dashes, lower case: Gmail and Thunderbird, by language.
_CALLED = frozenset(
    {
        "forwarded message", "weitergeleitete nachricht", "message transféré", "message réexpédié", "mensaje reenviado",
        "messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada", "doorgestuurd bericht", "videresendt meddelelse",
        "videresendt melding", "vidarebefordrat meddelande", "vidarebefordrat mejl", "välitetty viesti", "przekazana wiadomość",
        "treść przekazanej wiadomości", "přeposlaná zpráva", "továbbított üzenet", "mesaj redirecționat", "iletilen mesaj",
        "iletilmiş mesaj", "пересылаемое сообщение", "пересланное сообщение", "переслане повідомлення", "προωθημένο μήνυμα",
        "転送メッセージ", "转发的邮件", "轉寄郵件", "전달된 메일", "missatge reenviat",
    }
)  # fmt: skip
#: The line with which Apple Mail begins one, lower case, without its colon.
_BEGINS = frozenset(
    {
        "begin forwarded message", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",
        "début du message réexpédié", "début du message transféré", "inicio del mensaje reenviado", "inizio messaggio inoltrato",
        "início da mensagem encaminhada", "início da mensagem reencaminhada", "begin doorgestuurd bericht", "start på videresendt besked",
        "vidarebefordrat brev", "videresendt melding", "välitetty viesti alkaa", "początek przekazywanej wiadomości",
        "začátek přeposílané zprávy", "továbbított levél kezdete", "iletilen ileti başlangıcı", "начало переадресованного сообщения",
        "転送されたメッセージ", "开始转发的邮件", "開始轉寄郵件", "전달된 메시지 시작",
    }
)  # fmt: skip
_ORIGINAL = frozenset(
    {"original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "mensaje original", "messaggio originale",
     "mensagem original", "oorspronkelijk bericht", "wiadomość oryginalna", "oprindelig meddelelse", "ursprungligt meddelande"}
)  # fmt: skip
_DASHED = re.compile(r"\s{0,8}(-{4,40})\s{0,3}([^-\n]{3,60}?)\s{0,3}(-{4,40})[\s:]{0,3}")
_FIELD = re.compile(r"[\s*_]{0,6}([^\W\d_][^:：\n*]{0,24}?)[\s*_]{0,3}[:：][\s*_]{0,6}(.*)")
_BARE = re.compile(r"[^\s<>\[\](),;:\"']{1,64}@[^\s<>\[\](),;:\"']{1,200}")
_BRACKETED = re.compile(r"[<\[(].*")
_FIELDS_MOST, _SEARCHED = 16, 2_000
#: Words that may stand above an attached mail that is passed on without saying so in the subject.
_FEW_WORDS = 300


@dataclass(frozen=True, slots=True)
class Passed:
    """A forward found in a text: what is above it, what its block says, and the text below."""

    above: str
    fields: Mapping[str, str]  #: from, sent, subject, ...
    author: Address
    body: str
    form: str


def says_forwarded(subject: str) -> bool:
    """Whether a subject begins like a forward's: "Fwd:", "WG:", also behind "Re:"."""
    position = 0
    while (found := prefix_at(subject, position)) is not None and position < 80:
        word, position, _ = found
        if word in FORWARDS:
            return True
        if word not in ANSWERS:
            return False
    return False


def begins_as_forward(subject: str) -> bool:
    """Whether the first word before a subject is a forward's and never an answer's, nor the number of an item ("i:")."""
    found = prefix_at(subject)
    return found is not None and found[0] in FORWARDS and found[0] not in EITHER and found[0] != "i"


def bare_subject(subject: str) -> str:
    """A subject without the prefixes of forwards and answers."""
    position = 0
    while (found := prefix_at(subject, position)) is not None and (found[0] in FORWARDS or found[0] in ANSWERS):
        position = found[1]
    return subject[position:].strip().removesuffix("]" if "[" in subject[:position] else "").strip()


def in_text(subject: str, text: str, limits: ReadingLimits) -> Passed | None:
    """The forward that a text holds, None when it holds none, or does not say who wrote it."""
    lines = text.split("\n")
    said = says_forwarded(subject)
    for index, line in enumerate(lines[:_SEARCHED]):
        form, start = _begins(line, index, said)
        if not form:
            continue
        block = _block(lines, start)
        if block is None:
            continue
        fields, below, quoted = block
        author = _author(fields.get("from", ""))
        own = cut("\n".join(lines[:index]).rstrip("\n_-= ").strip("\n"), limits)
        if author is None or own.quoted:
            return None  # it is further down in something that is quoted: an answer, not a forward
        rest = lines[below:]
        if quoted:
            rest = [each.removeprefix(">").removeprefix(" ") for each in rest]
        return Passed(own.new, fields, author, "\n".join(rest).strip("\n").rstrip(), form)
    return None


def is_passed_on(subject: str, own_words: str) -> bool:
    """Whether an attached mail is the matter of the mail that carries it."""
    return says_forwarded(subject) or len(own_words) <= _FEW_WORDS


def _begins(line: str, index: int, said: bool) -> tuple[str, int]:
    """The form of the forward that begins in this line, and where its block is looked for; "" when none begins. `said`: by the subject."""
    bare = line.strip("> \t*")
    if bare.startswith("----") and (match := _DASHED.fullmatch(bare)) is not None:
        words = match[2].strip().lower()
        if words in _CALLED:
            # Gmail writes ten dashes and nine, Thunderbird eight and eight.
            return "gmail" if len(match[1]) >= 9 else "thunderbird", index + 1
        if said and words in _ORIGINAL:
            return "outlook", index + 1
    elif bare.endswith((":", "：")) and bare.rstrip(":： ").lower() in _BEGINS:
        return "apple", index + 1
    elif said and not line.startswith(">") and (field := _FIELD.match(line)) and HEADER_WORDS.get(field[1].strip().lower()) == "from":
        return "outlook", index
    return "", 0


def _block(lines: Sequence[str], start: int) -> tuple[dict[str, str], int, bool] | None:
    """The fields of the block that begins here, the line behind it, and whether it is quoted with ">"."""
    position = start
    while position < len(lines) and position < start + 4 and not lines[position].strip("> \t"):
        position += 1
    if position >= len(lines):
        return None
    quoted = lines[position].startswith(">")
    fields: dict[str, str] = {}
    last = ""
    for line in lines[position : position + _FIELDS_MOST]:
        bare = line.lstrip("> ") if quoted else line
        if not bare.strip():
            break
        match = _FIELD.match(bare)
        role = HEADER_WORDS.get(match[1].strip().lower()) if match is not None else None
        if match is not None and role is not None:
            # "de" and "van" name the author in one language and something else in another: the first of each role counts.
            last = role if role not in fields else ""
            if last:
                fields[role] = clean_line(match[2].strip("* "))
        elif last:
            fields[last] = clean_line(f"{fields[last]} {bare.strip()}")[:2000]
        else:
            break
        position += 1
    return (fields, position, quoted) if "from" in fields and len(fields) >= 2 else None


def _author(words: str) -> Address | None:
    """Who is named in a From line of a block (`Name <a@b>`, `Name [mailto:a@b]`, `a@b <mailto:a@b>`); None: no address, or two."""
    found = {match[0].lower().strip(".'"): match[0].strip(".'") for match in _BARE.finditer(words[:1000])}
    if len(found) != 1:
        return None
    (address,) = found.values()
    name = _BRACKETED.sub("", words).strip(" \t\"'*")
    read = addresses([f'"{name.replace(chr(34), "").replace(chr(92), "")}" <{address}>'.encode()], 1)
    if not read:
        return None
    return Address("" if "@" in read[0].name else read[0].name, read[0].address)
