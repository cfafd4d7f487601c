"""What is written down and read again is the same: addresses, encoded words and file names in thirty scripts; nothing raises on noise."""

from __future__ import annotations

import base64
import random
import string
from email.header import Header
from email.utils import formataddr
from urllib.parse import quote

import pytest

from mailgate.understand.mime.addresses import addresses, unaddressed
from mailgate.understand.mime.attachments import clean_file_name
from mailgate.understand.mime.charset import clean_line, clean_name, decode
from mailgate.understand.mime.headers import decode_words, message_id, parse_content_type, parse_disposition, repairs, unstructured

#: script -> words in it, and charsets beside UTF-8 that clients use for them.
SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "latin": ("Größe und Préférence", ("iso-8859-1", "windows-1252", "iso-8859-15")),
    "polish": ("Zażółć gęślą jaźń", ("iso-8859-2", "windows-1250")),
    "turkish": ("ığüşöç İstanbul", ("iso-8859-9", "windows-1254")),
    "baltic": ("ąčęėįšųūž", ("iso-8859-13", "windows-1257")),
    "vietnamese": ("Tiếng Việt", ()),
    "cyrillic": ("Привет, мир", ("koi8-r", "windows-1251")),
    "ukrainian": ("Їжак і ґедзь", ("koi8-u", "windows-1251")),
    "greek": ("Ωραία ημέρα", ("iso-8859-7", "windows-1253")),
    "hebrew": ("שלום עולם", ("iso-8859-8", "windows-1255")),
    "arabic": ("مرحبا بالعالم", ("iso-8859-6", "windows-1256")),
    "persian": ("سلام دنیا", ()),
    "urdu": ("ہیلو دنیا", ()),
    "hindi": ("नमस्ते दुनिया", ()),
    "bengali": ("ওহে বিশ্ব", ()),
    "tamil": ("வணக்கம்", ()),
    "telugu": ("నమస్కారం", ()),
    "kannada": ("ನಮಸ್ಕಾರ", ()),
    "malayalam": ("നമസ്കാരം", ()),
    "gujarati": ("નમસ્તે", ()),
    "punjabi": ("ਸਤ ਸ੍ਰੀ ਅਕਾਲ", ()),
    "sinhala": ("ආයුබෝවන්", ()),
    "thai": ("สวัสดีชาวโลก", ("tis-620",)),
    "lao": ("ສະບາຍດີ", ()),
    "khmer": ("សួស្តី", ()),
    "burmese": ("မင်္ဂလာပါ", ()),
    "tibetan": ("བཀྲ་ཤིས་", ()),
    "georgian": ("გამარჯობა", ()),
    "armenian": ("Բարեւ", ()),
    "amharic": ("ሰላም", ()),
    "cherokee": ("ᎣᏏᏲ", ()),
    "mongolian": ("ᠮᠣᠩᠭᠣᠯ", ()),
    "chinese": ("打印机坏了", ("gb2312", "gbk", "gb18030")),
    "traditional": ("印表機壞了", ("big5",)),
    "japanese": ("プリンターが動きません", ("iso-2022-jp", "shift_jis", "euc-jp")),
    "korean": ("프린터 고장", ("euc-kr", "ks_c_5601-1987")),
    "emoji": ("🖨️ is on 🔥", ()),
}
CASES = [(name, label) for name, (_, labels) in SCRIPTS.items() for label in ("utf-8", *labels)]


def words(text: str, label: str, encoding: str) -> list[str]:
    """`text` in encoded words of at most 75 characters; multi-byte characters may be cut in two, as some clients do."""
    data = text.encode("windows-1252" if label == "iso-8859-1" else label)
    size = len(data) if label == "iso-2022-jp" else 30 if encoding == "b" else 15
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    if encoding == "b":
        return [f"=?{label}?B?{base64.b64encode(piece).decode()}?=" for piece in pieces]
    keep = (string.ascii_letters + string.digits).encode()
    return [f"=?{label}?Q?{''.join(chr(o) if o in keep else '_' if o == 32 else f'={o:02X}' for o in piece)}?=" for piece in pieces]


@pytest.mark.parametrize(("script", "label"), CASES)
def test_a_subject_is_read_as_it_was_written(script: str, label: str) -> None:
    for encoding in ("b", "q"):
        text = SCRIPTS[script][0]
        for joint in (" ", "\r\n ", ""):
            assert unstructured(joint.join(words(text, label, encoding)).encode("ascii")) == text
        assert unstructured(f"Re: {' '.join(words(text, label, encoding))} done".encode()) == f"Re: {text} done"


@pytest.mark.parametrize(("script", "label"), CASES)
def test_a_display_name_is_read_as_it_was_written(script: str, label: str) -> None:
    text = SCRIPTS[script][0]
    name = clean_name(text)
    for phrase in (" ".join(words(text, label, "b")), f'"{" ".join(words(text, label, "q"))}"'):
        found = addresses([f"{phrase} <a.b@example.com>, Jo <jo@example.org>".encode()], 10)
        assert [(one.name, one.address) for one in found] == [(name, "a.b@example.com"), ("Jo", "jo@example.org")]
    raw = addresses([f'"{text}" <{"ö" if script == "latin" else "a"}@example.com>'.encode()], 10)
    assert [one.name for one in raw] == [name]


@pytest.mark.parametrize(("script", "label"), CASES)
def test_a_file_name_is_read_as_it_was_written(script: str, label: str) -> None:
    text = SCRIPTS[script][0] + ".pdf"
    data = text.encode("windows-1252" if label == "iso-8859-1" else label)
    whole = f"attachment; filename*={label}''{quote(data, safe='')}"
    coded = quote(data, safe="")
    parts, at = [], 0
    while at < len(coded):  # never within an escape
        end = at + 30
        end -= 1 if coded[end - 1 : end] == "%" else 2 if coded[end - 2 : end - 1] == "%" else 0
        parts.append(coded[at:end])
        at = end
    split = "attachment;\r\n " + ";\r\n ".join(
        f"filename*{n}*={f'{label}{chr(39) * 2}' if n == 0 else ''}{part}" for n, part in enumerate(parts)
    )
    inside = f'attachment; filename="{" ".join(words(text, label, "b"))}"'
    for value in (whole, split, inside):
        assert clean_file_name(parse_disposition(value.encode("ascii"))[1]["filename"]) == clean_file_name(text)


@pytest.mark.parametrize(("script", "label"), CASES)
def test_a_text_is_read_in_its_charset(script: str, label: str) -> None:
    text = SCRIPTS[script][0]
    assert decode(text.encode(label), label)[0] == text


def test_what_the_standard_library_writes_is_read() -> None:
    for text, _ in SCRIPTS.values():
        assert unstructured(Header(text, "utf-8").encode().encode("ascii")) == clean_line(text)
        assert addresses([formataddr((text, "a@example.com")).encode("ascii")], 9)[0].name == clean_name(text)


LOCALS = ["a", "a.b", "a+b", "o'neil", "x_y-z", "!#$%&*/=?^`{|}~", '"a b"', '"a@b"', '"a\\"b"', "用户", "ö.ß", "a" * 64]
DOMAINS = ["example.com", "sub.example.com", "xn--exmple-cua.com", "[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost", "a_b.example.com"]
NAMES = ["", "Ann", "Ann Bee", "Bee, Ann", "A. B. Cee", 'the "boss"', "O'Neil", "a@b", "x; y", "x (y)", "Größe", "back\\slash", "<angle>"]


def test_every_list_of_addresses_is_read_as_it_was_written() -> None:
    dice = random.Random(20260305)
    for _ in range(800):
        wanted, out = [], []
        for _ in range(dice.randint(1, 6)):
            name, address = dice.choice(NAMES), f"{dice.choice(LOCALS)}@{dice.choice(DOMAINS)}"
            wanted.append((name, address if not address.rpartition("@")[2].startswith("[IPv6") else address.replace("[IPv6", "[ipv6")))
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            shown = f'"{quoted}" <{address}>' if name else dice.choice([address, f"<{address}>"])
            out.append(shown if dice.random() < 0.8 else f"\r\n\t{shown} (remark)" if name else shown)
        text = dice.choice([", ", ",", ",\r\n "]).join(out)
        if dice.random() < 0.2:
            text = f"Team: {text};"
        found = [(one.name, one.address) for one in addresses([text.encode()], 500)]
        assert found == wanted, text


def test_noise_raises_nothing_in_any_header() -> None:
    dice = random.Random(20260306)
    pieces = (
        *"=? ?= ?B? ?q? utf-8 iso-2022-jp ( ) \" \\ < > @ , ; : *0*= *= '' % = a filename .".split(" "),
        *("\x1b$B", "\r\n ", "\n", "\r", "\t", "\0", "\xff", "ä", "\xed\xa0\xbd", " "),
    )
    for _ in range(1_500):
        raw = "".join(dice.choice(pieces) for _ in range(dice.randint(0, 40))).encode("utf-8" if dice.random() < 0.5 else "latin-1")
        found = [unstructured(raw), decode_words(raw.decode("latin-1")), message_id(raw) or "", *repairs(raw)]
        found += [part for one in addresses([raw], 50) for part in (one.name, one.address)]
        if (stated := unaddressed([raw])) is not None:
            found += [stated.name, stated.address]
        found += parse_content_type(raw, "text/plain").parameters.values()
        found += [clean_file_name(value) for value in parse_disposition(raw)[1].values()]
        for text in found:
            text.encode("utf-8")
        assert all("\n" not in text and "\0" not in text for text in (found[0], *found[2:]))
