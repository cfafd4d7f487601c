"""Card numbers and passwords in what people write: found in six languages, so that no letter of ours hands them on.

Only the value goes, and of a card number the last four figures stay, so that people still know what is meant. A word is hidden only
where it is said to be a password; what it may cost to hide too much, and why, is in docs/decisions/0059."""

import re
from collections.abc import Iterator
from functools import lru_cache

HIDDEN = "••••••"
_DOT = "•"
_UNSPACED = "\u3000"  #: from here on are scripts without blanks between words

# --- card numbers ----------------------------------------------------------------------------------------------------

_BLANKS = " \u00a0\u2007\u202f\u3000"
#: Figures with at most two blanks, dots or dashes, or the end of a line, between them.
_RUN = re.compile(rf"\d(?:(?:[{_BLANKS}.\-\u2010-\u2015]{{1,2}}|[{_BLANKS}]?\n[{_BLANKS}]?)?\d)*")
_FIGURES = re.compile(r"\d+")
#: Issuers: first figures from and to, and how long their numbers are (ISO/IEC 7812).
_ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 18, 19)), (51, 55, (16,)), (2221, 2720, (16,)), (34, 34, (15,)), (37, 37, (15,)), (300, 305, (14, 16, 19)),
    (36, 36, (14, 16, 19)), (38, 39, (14, 16, 19)), (6011, 6011, (16, 19)), (644, 659, (16, 19)), (62, 62, (16, 17, 18, 19)),
    (3528, 3589, (16, 17, 18, 19)), (2200, 2204, (16, 17, 18, 19)), (60, 60, (16,)), (81, 82, (16, 19)),
    *((maestro, maestro, (13, 14, 15, 16, 17, 18, 19)) for maestro in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)),
)  # fmt: skip
#: How they are printed, besides in fours and all in one.
_PRINTED = frozenset({(4, 6, 5), (4, 6, 4), (8, 8), (6, 13), (4, 4, 5), (4, 4, 4, 4, 3)})
#: Right before a number: what else it is.
_OTHER_NUMBER = re.compile(
    r"(?:order|invoice|tracking|shipment|parcel|contract|customer|account|serial|phone|imei|iccid|ean|gtin|isbn|barcode|bestell|auftrags?"
    r"|rechnungs?|sendungs?|paket|vertrags?|kunden|serien|telefon|konto|commande|facture|suivi|contrat|client|s[eé]rie|t[eé]l[eé]phone"
    r"|compte|pedido|factura|seguimiento|contrato|cliente|tel[eé]fono|cuenta|الطلب|الفاتورة|الشحنة|الهاتف|الحساب|注文|請求書?|伝票|追跡|電話"
    r"|お客様|シリアル|口座)[ \-]?(?:no|nr|num|number|nummer|numéro|número|id|code|番号)?[ .:：#°º=]{0,4}\Z",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", re.IGNORECASE)


def _cards(text: str) -> Iterator[tuple[int, int, str]]:
    """Where card numbers stand, and what is shown of each."""
    accounts: list[tuple[int, int]] | None = None
    for run in _RUN.finditer(text):
        if run.end() - run.start() < 13 or not _stands_alone(text, run.start(), run.end()):
            continue
        if accounts is None:
            accounts = [found.span() for found in _IBAN.finditer(text) if _is_account(found[0])]
        groups = [found.span() for found in _FIGURES.finditer(text, run.start(), run.end())]
        at = 0
        while at < len(groups):
            last = _card_from(text, groups, at)
            start, end = groups[at][0], groups[last][1] if last is not None else 0
            if last is None or any(begin < end and start < stop for begin, stop in accounts) or _is_something_else(text, start):
                at += 1
                continue
            yield start, end, _last_four(text[start:end])
            at = last + 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Not within a word, a path or an address, and no number to call. Japanese has no blank between a word and a number."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if _is_letter(before) or (before and before in "+_/\\@%"):
        return False
    return not (_is_letter(after) or (after and after in "_@%"))


def _is_letter(sign: str) -> bool:
    return sign.isalnum() and sign < _UNSPACED


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of a card number that begins with this one."""
    if first and not _is_apart(text[groups[first - 1][1] : groups[first][0]]):
        return None
    sizes: list[int] = []
    figures = ""
    for last in range(first, len(groups)):
        start, end = groups[last]
        sizes.append(end - start)
        if sum(sizes) > 19:
            return None
        figures += text[start:end]
        ends = last + 1 == len(groups) or _is_apart(text[end : groups[last + 1][0]])
        if len(figures) >= 13 and ends and _is_printed_so(sizes) and _is_card(figures):
            return last
    return None


def _is_apart(between: str) -> bool:
    return any(blank.isspace() for blank in between)


def _is_printed_so(sizes: list[int]) -> bool:
    return len(sizes) == 1 or tuple(sizes) in _PRINTED or (set(sizes[:-1]) == {4} and sizes[-1] <= 4)


def _is_card(figures: str) -> bool:
    if figures[0] == "0" or (len(figures) == 13 and _weighted(figures, 3) % 10 == 0):
        return False  # thirteen figures with the sum of an article's number are on its box
    length = len(figures)
    known = any(length in lengths and low <= int(figures[: len(str(low))]) <= high for low, high, lengths in _ISSUERS)
    return known and sum(sum(divmod(2 * int(one), 10)) if at % 2 else int(one) for at, one in enumerate(reversed(figures))) % 10 == 0


def _weighted(figures: str, weight: int) -> int:
    return sum(int(one) * (weight if at % 2 else 1) for at, one in enumerate(reversed(figures)))


def _is_account(iban: str) -> bool:
    bare = iban.replace(" ", "").upper()
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _is_something_else(text: str, start: int) -> bool:
    return _OTHER_NUMBER.search(text[max(0, start - 40) : start]) is not None


def _last_four(number: str) -> str:
    kept = sum(sign.isdigit() for sign in number) - 4
    shown = []
    for sign in number:
        shown.append(_DOT if sign.isdigit() and kept > 0 else sign)
        kept -= sign.isdigit()
    return "".join(shown)


# --- passwords -------------------------------------------------------------------------------------------------------


def _one_of(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_BEFORE_STEM = 24  #: characters of a word, or of several, before what it is found by
#: One of these stands in every word for a password (lower case).
_STEMS = (
    "pass", "paß", "kennw", "contrase", "geheim", "zugangsc", "kartenpr", "access code", "code de s", "code sec", "código", "número sec",
    "secrète", "verification", "مرور", "السر", "パス", "暗証", "ピン", "セキュ",
)  # fmt: skip
#: These stand in many other words as well.
_SHORT_STEMS = ("pin", "pwd", "pw", "mdp", "clave", "cvv", "cvc")
#: What is called a password, one line for each language; then whole words that are too short to be part of another.
_PASSWORDS = _one_of(
    "pass[ -]?word", "pass[ -]?code", "passwd", "access code",
    "passwor[dt]", "paßwort", "kennwort", "zugangscode",
    "mots? de passe",
    "contrase(?:ñ|n\u0303|n)a",
    r"(?<![^\W_])(?:pwd|pw|pass|mdp|clave(?: de acceso| secreta)?)",
)  # fmt: skip
_WITHOUT_EDGES = _one_of("(?:ال)?كلم[ةه] (?:ال)?(?:مرور|سر)", "パスワード", "パスコード")
_PHRASES = _one_of("pass[ -]?phrase", "passwortsatz", "phrase (?:de passe|secrète)", "frase de contraseña", "عبارة المرور")
#: Of figures alone. `PIN` in capitals says so by itself; a pin has to be a code or a number, or to be something.
_PINS = _one_of(
    "(?-i:PINs?)", "pin[ -]?(?:code|number|nummer)", "pin(?= (?:is|ist|lautet|est|es) )", "geheimzahl", "code (?:pin|secret)",
    "(?:número|código) (?:pin|secreto)",
)  # fmt: skip
_PINS_WITHOUT_EDGES = _one_of("الرقم السري", "رقم السر", "暗証番号", "ピン(?:コード|番号)")
_CARD_CODES = _one_of(
    "cvv2?", "cvc2?", "card verification (?:code|value|number)", "kartenprüf(?:nummer|ziffer)", "code de sécurité", "código de seguridad"
)
_KEY = re.compile(
    rf"(?P<code>(?<![^\W_]){_CARD_CODES}(?![^\W_])|セキュリティコード)|(?P<pin>(?<![^\W_]){_PINS}(?![^\W_])|{_PINS_WITHOUT_EDGES})"
    rf"|(?P<phrase>{_PHRASES}(?![^\W_])|パスフレーズ)|(?P<word>{_PASSWORDS}(?![^\W_])|{_WITHOUT_EDGES})",
    re.IGNORECASE,
)
#: What it is for, between the word and the value: begins with one of these.
_FOR = re.compile(
    r"[ \u3000]{0,2}(?:\([^()\n]{0,40}\)|(?:for|to|of|on|at|in|from|with|fürs?|zum|zur|zu|von|vom|bei|beim|am|im|der|des|pour|de|du|d['’]"
    r"|sur|para|del|en|a|ل\w{0,12}|الخاصة|الخاص|على|في)(?![^\W_]))"
)
_STRONG = re.compile(
    r"[ \u3000]{0,3}(?:[:：]|=>?|->|→)|[ \u3000]{1,2}(?:lautet|lauten|heißt|heisst|is as follows|(?:(?:is|was|has been) )?(?:now )?"
    r"(?:set|changed|reset) to|wurde auf|ist wie folgt|es la siguiente|est le suivant)(?![^\W_]):?",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"[ \u3000]{1,2}(?:(?:is|was|remains)(?: now| still| currently| just)?|(?:ist|war|bleibt)(?: jetzt| nun| noch| immer noch| aktuell)?"
    r"|(?:est|était|c['’]est)(?: maintenant| toujours| encore)?|(?:es|era|sigue siendo)(?: ahora| todavía)?|هي|هو|[-–—])(?![^\W_])"
    r"|[ \u3000]?[はが](?=[ \u3000]?[!-~「『“])",
    re.IGNORECASE,
)
_ABOUT = 44  #: so many characters may stand between the word and what announces the value
_LONGEST = 128
_OPENS = {'"': '"', "'": "'", "`": "`", "„": '“”"', "“": '”“"', "‚": "‘’", "‘": "’", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』"}
_AT_ITS_END = ".,;:)]}»”“’\"'`、。」』"
_BEHIND = frozenset({"and", "und", "et", "y", "e", "user", "username", "login", "benutzer", "benutzername", "و", "/", "|", "(", "-", "–"})
#: What stands in the place of a value, and is none (lower case).
_NO_VALUE = frozenset(
    """none unknown forgotten forgot lost wrong incorrect invalid expired required missing empty reset changed correct right same see
    attached below above following follows there here this that what not never please the and but too also still yes nope okay weak strong
    with your mine is was has had have set sent changed unchanged new old default optional hidden secret confidential
    unbekannt vergessen falsch abgelaufen gesperrt keins keine kein siehe folgt folgendes anbei ungültig richtig korrekt leer nein nicht
    unverändert gleich geheim neues altes zurückgesetzt geändert verloren funktioniert bitte danke oben unten gestern heute
    oublié oubliée inconnu inconnue expiré expirée aucun aucune voir invalide incorrecte perdu erroné erronée bloqué suivant suivante merci
    olvidada olvidado olvidé desconocida caducada caducado ninguna ninguno incorrecta incorrecto perdida bloqueada siguiente gracias
    نسيتها نسيت غير خاطئة خاطئ منتهية منتهي مجهولة مفقودة صحيحة التالية شكرا なし 不明 忘れました""".split()
)
_LINK = re.compile(r"(?i)(?:https?:|www\.|mailto:|ftp:)")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){0,4}\.[A-Za-z]{2,24}")
_MOMENT = re.compile(r"\d{1,4}([-./:])\d{1,2}(?:\1\d{1,4})?|\d{1,3}(?:[.,]\d{3})+|\d+[.,]\d+")
_FIGURES_ONLY = re.compile(r"[ \u3000]?[\"'„“«「(]?(\d{3,8})(?![.,:/-]?\d|[^\W_\u3000-\uffff])")
_URL_SECRET = re.compile(r"://[^\s/:@]{1,64}:([^\s/@]{1,64})@")


def _passwords(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the values of passwords stand, and what is shown of each."""
    if "://" in text:
        yield from ((*found.span(1), HIDDEN) for found in _URL_SECRET.finditer(text))
    for key in _keys(text):
        said, position = _announced(text, key.end())
        if key.lastgroup in ("pin", "code"):
            span = _figures(text, position, 3 if key.lastgroup == "code" else 4)
        else:
            span = _value(text, position, said)
            if key.lastgroup == "phrase" and said == "strong":
                span = _phrase(text, position) or span
        if span is not None:
            yield *span, HIDDEN


def _keys(text: str) -> Iterator[re.Match[str]]:
    """Every word for a password: looked for only around its stem, for the expression takes a thousand times what finding that does."""
    low = text.lower()
    if len(low) != len(text):  # some letters become two
        yield from _KEY.finditer(text)
        return
    places: list[int] = []
    for stem in (*_STEMS, *_SHORT_STEMS):
        at = low.find(stem)
        while at >= 0:
            if stem not in _SHORT_STEMS or not low[at - 1 : at].isalnum():
                places.append(at)
            at = low.find(stem, at + 1)
    reached = 0
    for at in sorted(places):
        for key in _KEY.finditer(text, max(reached, at - _BEFORE_STEM), at + 2 * _BEFORE_STEM):
            if key.start() <= at < key.end():
                yield key
                reached = key.end()
                break


def _announced(text: str, position: int) -> tuple[str, int]:
    """How surely a value follows there (strong, weak, or "" where it could only stand right behind), and where it would begin."""
    about = _FOR.match(text, position)
    places = range(position, min(len(text), about.end() + _ABOUT)) if about is not None else (position,)
    for at in places:
        for said, sign in (("strong", _STRONG), ("weak", _WEAK)):
            if found := sign.match(text, at):
                return said, found.end()
        if text[at : at + 1] == "\n":
            break
    return "", position


def _figures(text: str, position: int, least: int) -> tuple[int, int] | None:
    found = _FIGURES_ONLY.match(text, position)
    return found.span(1) if found and len(found[1]) >= least else None


def _phrase(text: str, position: int) -> tuple[int, int] | None:
    """Several words to the end of the line: nothing but words."""
    line = text[position : _line_end(text, position)]
    words = line.split()
    if not 3 <= len(words) <= 12 or not all(word.isalpha() for word in words) or (len(words) == 3 and words[0].lower() in _NO_VALUE):
        return None
    start = position + len(line) - len(line.lstrip())
    return start, start + len(line.strip())


def _value(text: str, position: int, said: str) -> tuple[int, int] | None:
    """The word that stands there, where it can be taken for a password."""
    line_end = _line_end(text, position)
    start = _filled(text, position, line_end)
    if start == line_end and said == "strong":  # the value has a line of its own
        line_end = _line_end(text, start + 1)
        start = _filled(text, start + 1, line_end)
        said = "alone" if " " not in text[start:line_end].strip() else "none"
    if start >= line_end or (start == position and said == ""):
        return None
    if (closing := _OPENS.get(text[start])) is not None:
        end = min((at for sign in closing if (at := text.find(sign, start + 1, line_end)) > 0), default=-1)
        if end > start + 1:
            start = _filled(text, start + 1, end)
            inner = text[start:end].rstrip()
            return (start, start + len(inner)) if inner and " " not in inner and inner.strip(_AT_ITS_END).lower() not in _NO_VALUE else None
    end = start
    while end < line_end and not text[end].isspace() and (text[end] < _UNSPACED or text[start] >= _UNSPACED):
        end += 1
    word = text[start:end]
    bare = word.rstrip(_AT_ITS_END)
    if not _may_be_one(bare, text[end:line_end], word != bare, said):
        return None
    return start, start + len(bare)


def _line_end(text: str, position: int) -> int:
    """Of a very long line so much as a password may take."""
    end = text.find("\n", position, position + _LONGEST)
    return end if end >= 0 else min(len(text), position + _LONGEST)


def _filled(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _may_be_one(word: str, rest: str, ends: bool, said: str) -> bool:
    if len(word) < 4 or word.strip("!?-–*•._#xX").lower() in _NO_VALUE | {""} or _LINK.match(word) or _ADDRESS.fullmatch(word):
        return False
    if word[0] in "<[{" and word[-1] in ">]}":
        return False
    following = rest.split(maxsplit=1)
    last = ends or not following or rest[0] not in " " or rest[:2] == "  " or following[0].lower() in _BEHIND or following[0][0] in ",;/|(→"
    has_figure, has_letter = any(map(str.isdigit, word)), any(map(str.isalpha, word))
    strange = any(sign in "!$%&*#@^~+" for sign in word[:-1]) or (has_letter and has_figure)
    if said == "strong":
        return strange or (last and not _MOMENT.fullmatch(word))
    if said in ("weak", "alone"):
        return strange or (has_figure and last and not _MOMENT.fullmatch(word))
    return said == "" and has_letter and has_figure and len(word) >= 6 and last


# --- both ------------------------------------------------------------------------------------------------------------


@lru_cache(32)
def masked(text: str) -> str:
    """The text without its card numbers and passwords; itself where it holds none. Linear in the text."""
    found = sorted((*_cards(text), *_passwords(text)))
    if not found:
        return text
    shown: list[str] = []
    end = 0
    for start, stop, instead in found:
        if start < end:
            continue
        shown += (text[end:start], instead)
        end = stop
    return "".join((*shown, text[end:]))


def holds_secret(*texts: str) -> bool:
    """Whether any of these would be masked."""
    return any(masked(text) != text for text in texts)


def masked_quotes(text: str) -> str:
    """Somebody's own words as they are; only what they quote, behind `>`, is masked."""
    if not text.startswith(">") and "\n>" not in text:
        return text
    return "\n".join(masked(line) if line.startswith(">") else line for line in text.split("\n"))
