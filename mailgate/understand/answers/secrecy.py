"""The words with which people say that a text is for colleagues only, in the languages that agents write in, and slips of them.

A command is English (`#note`, `#internal`, `#private`). Whoever means it and writes `#Notiz`, `#noet` or `#nоte` with a Cyrillic letter
must not have written to the requester instead: such a word is never obeyed, and never text."""

import unicodedata
from typing import Literal

#: Words of each language. A slip of the finger in one of four letters or more is still that word.
_BY_LANGUAGE = {
    "en": "note notes internal internally private confidential",
    "de": "notiz notizen intern interne internen internes interner privat privates vertraulich vermerk anmerkung bemerkung",
    "fr": "note notes interne internes privé privée confidentiel confidentielle remarque mémo",
    "es": "nota notas interno interna internos privado privada confidencial anotación",
    "it": "nota interno interna privato privata riservato riservata",
    "pt": "nota interno interna privado privada anotação",
    "ca": "nota intern interna privat privada",
    "ro": "notă intern internă privat",
    "nl": "notitie intern interne privé vertrouwelijk opmerking",
    "sv": "anteckning intern internt privat notering",
    "da": "note notat intern internt privat",
    "no": "notat intern internt privat merknad",
    "fi": "muistiinpano sisäinen yksityinen huomautus",
    "et": "märkus sisemine",
    "lv": "piezīme iekšējs",
    "lt": "pastaba vidinis",
    "pl": "notatka wewnętrzna wewnętrzne wewnętrznie prywatne prywatna poufne",
    "cs": "poznámka interní soukromé soukromá důvěrné",
    "sk": "poznámka interné interná súkromné dôverné",
    "hu": "megjegyzés belső bizalmas",
    "sl": "opomba interno zasebno",
    "hr": "bilješka napomena interno privatno",
    "sr": "белешка напомена интерно приватно beleška",
    "bg": "бележка вътрешно лично",
    "ru": "заметка примечание внутреннее внутренний внутренняя внутри приватно служебное",
    "uk": "нотатка примітка внутрішнє внутрішня приватно",
    "el": "σημείωση εσωτερικό εσωτερική ιδιωτικό εμπιστευτικό",
    "tr": "dahili gizli kişiye",
    "he": "הערה פנימי פנימית פרטי",
    "ar": "ملاحظة ملحوظة داخلي داخلية خاص خاصة سري سرية",
    "fa": "یادداشت داخلی محرمانه",
    "hi": "नोट टिप्पणी आंतरिक निजी",
    "th": "บันทึก ภายใน",
    "vi": "ghichú nộibộ",
    "id": "catatan internal pribadi",
    "zh": "备注 備註 内部 內部 私密 笔记 筆記 註記",
    "ja": "メモ 内部 社内 ノート 非公開 内部メモ 社内メモ 内部用 社内用 注記",
    "ko": "메모 내부 비공개 노트",
}
#: Said in two words, or run together. Exactly so: nobody's slip ends here.
_PHRASES = (
    "internalnote internenotiz interneanmerkung privatenote noteinterne notainterna notainterno notapersonal agentsonly staffonly "
    "teamonly nurintern nurfürkollegen nichtöffentlich notpublic nonpublic onlyinternal internalonly memo"
)
#: A slip away from one of them, and words of their own that agents write: `#internet is down again`.
_OTHER_WORDS = frozenset("internet inferno inverno notar nova rota iota".split())
#: The same, but so near to `note` that only a text which is no sentence (a number, code, other tags) saves them.
ORDINARY = frozenset("not node none nope nose vote rote tote mote dote noted notes bote".split())

#: Letters of other alphabets that look like Latin ones, and figures that stand for letters.
_ALIKE = str.maketrans("аеорсухіјѕԁһӏοναιρτεκυᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ0ıłø", "aeopcyxijsdhlovaiptekuabcdefghijklmnoprstuvwyzoilo")
_SHORTEST = 4  #: letters of a word in which a slip is still told from another word

Near = Literal["exact", "slip", ""]


def folded(word: str) -> str:
    """A word without case and marks above, below and through its letters."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", _plain_letters(word))
    return "".join(ch for ch in apart if unicodedata.category(ch)[0] != "M").casefold()


def _plain_letters(word: str) -> str:
    """White letters on black circles and squares, which no normal form takes for letters, as letters."""
    return "".join(
        chr(ord("a") + (ord(ch) - 0x1F150) % 32) if 0x1F150 <= ord(ch) <= 0x1F189 and (ord(ch) - 0x1F150) % 32 < 26 else ch for ch in word
    )


#: Every word, folded; of those that may be mistyped: by their length.
WORDS = frozenset(folded(word) for words in _BY_LANGUAGE.values() for word in words.split()) | {folded(w) for w in _PHRASES.split()}
_MISTYPED: dict[int, tuple[str, ...]] = {}
for _word in sorted({folded(word) for words in _BY_LANGUAGE.values() for word in words.split() if len(word) >= _SHORTEST}):
    _MISTYPED[len(_word)] = (*_MISTYPED.get(len(_word), ()), _word)


def means_inside(word: str) -> Near:
    """Whether a word says that the text is for colleagues: exactly, by one slip of the finger, or not at all."""
    plain = folded(word)
    alike = plain.translate(_ALIKE)
    if plain in WORDS or alike in WORDS:
        return "exact"
    if sum(ch.isdigit() for ch in alike) > 1 or alike in _OTHER_WORDS:
        return ""  # a name, a version; one figure may be the key beside the right one
    near = (known for length in (-1, 0, 1) for known in _MISTYPED.get(len(alike) + length, ()))
    return "slip" if any(one_slip(alike, known) or one_slip(plain, known) for known in near) else ""


def one_slip(a: str, b: str) -> bool:
    """Whether one letter was left out, put in, mistaken, or swapped with its neighbour."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        return a[at + 1 :] == b[at + 1 :] or (a[at + 2 :] == b[at + 2 :] and a[at : at + 2] == b[at : at + 2][::-1])
    return a[at + 1 :] == b[at:] or a[at:] == b[at + 1 :]
