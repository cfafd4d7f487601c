"""Every mistake of a configuration is told in words of ours, at its line, with the way out, and beside all the others."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.cli.init import write_configuration
from mailgate.model.token import LONGEST_DETAIL
from mailgate.settings import Mistake, Mistaken
from mailgate.settings.reading import Unreadable, text_of
from mailgate.settings.words import why_not

#: What libraries and the system say. None of it helps anybody who reads it in the evening.
OF_A_LIBRARY = re.compile(
    r"pydantic|input should|value error|should match|valid (integer|string|boolean|list|tuple)|constrained|literal\[|function-|\[key\]|"
    r"errno|no such file|permission denied|is a directory|codec can|sqlalchemy|sqlite3\.|expected|at line \d+, column|end of document|"
    r"traceback",
    re.IGNORECASE,
)


def fresh(folder: Path) -> Path:
    write_configuration(folder / "config")
    return folder / "config"


def edit(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    text = (folder / name).read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / name).write_text(text)


def found(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(Mistaken) as mistaken:
        settings.load(folder)
    for one in mistaken.value.mistakes:
        assert not OF_A_LIBRARY.search(one.words), one.words
    return mistaken.value.mistakes


def line_of(folder: Path, name: str, words: str) -> int:
    return next(number for number, line in enumerate((folder / name).read_text().split("\n"), 1) if words in line)


#: file, what stands there, what somebody writes instead, what is told of it (at that line).
FORMS = (
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "mysql://root@db/tickets"', "not in MySQL: write the name of a file"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "mariadb+pymysql://root@db/tickets"', "not in MariaDB"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "mongodb://db/tickets"', "not in MongoDB"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "duckdb:///x"', 'not in "duckdb"'),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql+asyncpg://me@db/x"', "names a driver that is not used here"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me@[::1/x"', "host and port cannot be understood"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me@db:port/x"', "host and port cannot be understood"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me@db"', "names no database"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = ":memory:"', "keeps nothing"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "sqlite://"', "keeps nothing"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = ""', "is empty: write the name of a file"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "."', "is a folder: name a file in it"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "file:mailgate.db?mode=ro"', 'without "file:"'),
    ("mailgate.toml", "port = 2424", 'port = "smtp"', "a whole number, without quotes"),
    ("mailgate.toml", "port = 2424", "port = 70000", "at most 65535"),
    ("mailgate.toml", "port = 2424", "port = 24.5", "a whole number, without quotes"),
    ("mailgate.toml", 'kind = "lmtp"', 'kind = "lmpt"', 'did you mean "lmtp"?'),
    ("mailgate.toml", 'kind = "lmtp"', "kind = 5", '"smtp" or "lmtp"'),
    ("mailgate.toml", "# insiders = false", 'insiders = "perhaps" #', "true or false, without quotes"),
    ("mailgate.toml", "# max_size = ", 'max_size = "50MB" #', 'write "50MiB"'),
    ("mailgate.toml", "# max_size = ", 'max_size = "1 gb" #', 'write "1GiB"'),
    ("mailgate.toml", "# max_size = ", 'max_size = "large" #', "is no size: write 1048576 or 50MiB"),
    ("mailgate.toml", "# max_size = ", "max_size = 0 #", "hold no mail"),
    ("mailgate.toml", "# command_timeout = ", 'command_timeout = "5 min" #', 'write "5m"'),
    ("mailgate.toml", "# command_timeout = ", "command_timeout = 300 #", '300 has no unit: write "300s"'),
    ("mailgate.toml", "# command_timeout = ", 'command_timeout = "2 weeks" #', "is no duration"),
    ("mailgate.toml", "# command_timeout = ", 'command_timeout = "0s" #', "more than 0"),
    ("mailgate.toml", "# command_timeout = ", f'command_timeout = "{"9" * 30}d" #', "longer than anything lasts"),
    ("mailgate.toml", "# workers = 2", "worker = 2 #", 'no such key: did you mean "workers"?'),
    ("mailgate.toml", "# workers = 2", "reverse_path = 'desk' #", "it belongs to [relay]"),
    ("mailgate.toml", "# workers = 2", "colour = 'red' #", "no such key: there are workers, "),
    ("mailgate.toml", 'hostname = "localhost"', "hostname = 5", 'a text: put it into quotes, "like this"'),
    ("mailgate.toml", '# format = "text"', 'format = "xml" #', '"text" or "json"'),
    ("mailgate.toml", "# message_id_pattern = '250 .*<(.+)>'", "message_id_pattern = '(' #", "is no regular expression"),
    ("mailgate.toml", 'mail = "postmaster@example.org"', 'mail = "postmaster"', "is no e-mail address"),
    ("policy.toml", 'groups = ["it"] ', 'groups = "it" ', 'a list: put it into brackets, ["like this"]'),
    ("policy.toml", 'role = "lead"', "skills = { network = 9 } #", "at most 3"),
    ("policy.toml", "auto_resolve = 6", 'auto_resolve = "soon"', '"never"'),
    ("policy.toml", 'prefix = "IT"', 'prefix = "I T"', "is not a prefix"),
    ("policy.toml", 'group = "it"', 'group = "IT"', "small letters"),
    ("policy.toml", '# colleagues = ["example.org"]', 'colleagues = ["example"] #', "is not the name of a domain"),
    ("policy.toml", "# old_number_pattern = '\\[#(\\d+)\\]'", "old_number_pattern = '[' #", "is no regular expression"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), FORMS, ids=[new[:40] for _, _, new, _ in FORMS])
def test_a_mistake_is_told_once_in_our_words_at_its_line(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    folder = fresh(tmp_path)
    edit(folder, name, (old, new))
    [mistake] = found(folder)
    assert words in mistake.words
    assert (mistake.file, mistake.line) == (name, line_of(folder, name, new.split("\n")[0]))


#: file, line as it is, as somebody breaks it, what is told.
BROKEN = (
    ("mailgate.toml", 'hostname = "localhost"', 'hostname = "localhost', "a quote is opened and not closed"),
    ("mailgate.toml", 'hostname = "localhost"', "hostname = localhost", "a text stands in quotes"),
    ("mailgate.toml", 'hostname = "localhost"', "hostname : 5", "a key, then =, then its value"),
    ("mailgate.toml", 'hostname = "localhost"', 'hostname = "a" "b"', "one key on one line"),
    ("mailgate.toml", 'hostname = "localhost"', 'hostname = "a"\nhostname = "b"', "stands here a second time"),
    ("mailgate.toml", 'hostname = "localhost"', 'hostname = "C:\\dir"', "in which \\ is only a \\"),
    ("mailgate.toml", 'hostname = "localhost"', "$hostname = 5", "neither key = value"),
    ("mailgate.toml", "[relay]", "[relay", "ends with ]"),
    ("mailgate.toml", "\n[[doors]]", "\n[[doors]", "ends with ]]"),
    ("policy.toml", "warn = [75, 90]", "warn = [75, 90", "a ] is missing"),
    ("policy.toml", 'P2 = { first_reply = "1h", resolution = "8h" }', 'P2 = { first_reply = "1h"', "is missing"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), BROKEN, ids=[f"{i}-{new[:20]}" for i, (_, _, new, _) in enumerate(BROKEN)])
def test_broken_toml_is_told_in_our_words_and_hides_no_mistake_of_the_other_file(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    folder = fresh(tmp_path)
    edit(folder, name, (old, new))
    other = (
        ("policy.toml", 'sla = "standard"', 'sla = "standrd"') if name == "mailgate.toml" else ("mailgate.toml", "port = 2424", "port = -1")
    )
    edit(folder, other[0], other[1:])
    mistakes = found(folder)
    assert [one.file for one in mistakes].count(name) == 1, [str(one) for one in mistakes]
    assert any(one.file == name and one.line and words in one.words for one in mistakes), [str(one) for one in mistakes]
    assert any(one.file == other[0] for one in mistakes)


def test_two_broken_lines_and_a_wrong_word_of_one_file_are_told_together(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    edit(
        folder, "mailgate.toml", ('hostname = "localhost"', "hostname = localhost"), ("port = 2424", "port = "), ('"maildir" ', '"pigeon" ')
    )
    told = {one.key: one.line for one in found(folder)}
    assert told == {
        "hostname": line_of(folder, "mailgate.toml", "hostname = localhost"),
        "doors.0.port": line_of(folder, "mailgate.toml", "port = "),
        "relay.kind": line_of(folder, "mailgate.toml", "pigeon"),
    }


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        ("\ufeff", "", 0),  # editors of Windows begin with it: nothing is wrong
        ('hostname = "gr\u00fcn"\n'.encode("latin-1"), "is not UTF-8, from this line on", 3),
        ("x".encode("utf-16"), "is written in UTF-16", 1),
    ],
)
def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path, data: str | bytes, words: str, line: int) -> None:
    folder = fresh(tmp_path)
    path = folder / "mailgate.toml"
    if isinstance(data, str):
        path.write_text(data + path.read_text())
        assert settings.load(folder).hostname == "localhost"
        return
    path.write_bytes(data if line == 1 else b"# a\n# b\n" + data)
    [mistake] = found(folder)
    assert words in mistake.words and mistake.line == line


@pytest.mark.parametrize("name", ["mailgate.toml", "policy.toml"])
def test_a_file_that_is_missing_or_is_a_folder_is_told(tmp_path: Path, name: str) -> None:
    folder = fresh(tmp_path)
    (folder / name).unlink()
    assert any(one.file == name and "is not there; `mailgate init DIR` writes one" in one.words for one in found(folder))
    (folder / name).mkdir()
    assert any(one.file == name and "is a folder, not a file" in one.words for one in found(folder))


def test_a_file_that_this_user_may_not_read_is_told_with_whom_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(Unreadable, match="may not be read by this user: run mailgate as the user that owns it"):
        text_of(tmp_path / "policy.toml")


def test_no_refusal_of_the_system_is_shown_in_its_own_words() -> None:
    for number in range(1, 134):
        words = why_not(OSError(number, os.strerror(number), "/etc/mailgate/keys"))
        assert os.strerror(number).lower() not in words.lower()


# --- who else can write -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "mailgate.toml", "policy.toml", "templates", "templates/ticket_opened/requester.txt"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_a_configuration_that_others_can_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """Whoever can write it makes himself an agent (CVE-2026-40569, fault 132)."""
    folder = fresh(tmp_path)
    own = folder / "templates" / "ticket_opened"
    own.mkdir(parents=True)
    (own / "requester.txt").write_text("Subject: ours\n\nOurs.\n")
    settings.load(folder)
    path = folder / name
    path.chmod(path.stat().st_mode | mode)
    [mistake] = found(folder)
    assert f"chmod go-w {path}" in mistake.words


# --- keys ---------------------------------------------------------------------------------------------------------------------

KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("", "holds no key", 0),
        ("# nothing but words\n\n", "holds no key", 0),
        (f"# one\n{KEY}\nabcd\n", "shorter than 32 octets", 3),
        (f"{KEY}\n# two\n{'zz' * 32}\n", "is not hexadecimal", 3),
        (f"{'ab' * 32}\n", "a pattern that anybody can guess", 1),
        (f"{'0' * 64}\n", "a pattern that anybody can guess", 1),
    ],
)
def test_keys_that_protect_nothing_are_refused_at_their_line_and_never_shown(tmp_path: Path, text: str, words: str, line: int) -> None:
    folder = fresh(tmp_path)
    (folder / "keys").write_text(text)
    [mistake] = found(folder)
    assert words in mistake.words and (mistake.file, mistake.line) == ("keys", line)
    assert not any(word in str(mistake) for word in (KEY, "abcd", "zz" * 32))


def test_keys_that_are_not_there_or_open_to_others_or_no_text_are_told_at_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fresh(tmp_path)
    (folder / "keys").write_bytes(b"\xff" * 64)
    assert "one key a line" in found(folder)[0].words
    (folder / "keys").chmod(0o640)
    assert f"chmod 600 {folder / 'keys'}" in found(folder)[0].words
    (folder / "keys").unlink()
    [mistake] = found(folder)
    assert "is not there" in mistake.words and mistake.line == line_of(folder, "mailgate.toml", "[keys]")
    edit(folder, "mailgate.toml", ('file = "keys"', 'env = "MAILGATE_TEST_KEYS"'))
    monkeypatch.setenv("MAILGATE_TEST_KEYS", " ")
    assert "MAILGATE_TEST_KEYS is empty here" in found(folder)[0].words


# --- addresses -------------------------------------------------------------------------------------------------------------------

MOST = 64 - 1 - LONGEST_DETAIL


@pytest.mark.parametrize(
    ("local", "more", "good"),
    [
        ("a" * MOST, "", True),
        ("a" * (MOST + 1), "", False),
        ("\u00fc" * (MOST // 2), "", True),
        ("\u00fc" * (MOST // 2 + 1), "", False),  # octets, not letters
        ("a" * (MOST + 1), 'subaddress = "none"', True),
        ("a" * 64, 'subaddress = "none"', True),
        ("a" * 65, 'subaddress = "none"', False),
        ("support", f'aliases = ["{"a" * 64}@example.org"]', True),  # no letter of ours has a token behind an alias
        ("support", f'aliases = ["{"a" * 65}@example.org"]', False),
    ],
)
def test_a_desk_whose_addresses_no_server_has_to_take_is_refused_with_both_ways_out(
    tmp_path: Path, local: str, more: str, good: bool
) -> None:
    folder = fresh(tmp_path)
    edit(folder, "policy.toml", ('address = "support@example.org"', f'address = "{local}@example.org"\n{more}'))
    if good:
        assert settings.load(folder).policy.desks["it"].address == f"{local}@example.org"
        return
    [mistake] = found(folder)
    assert "64" in mistake.words and "shorten it" in mistake.words
    if not more:
        assert 'subaddress = "none"' in mistake.words and f"shorten it to {MOST}" in mistake.words


# --- files that are named ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "is not there"),
        (b"", 0o600, "is empty"),
        (b"\n", 0o600, "is empty"),
        (b"geheim\n", 0o644, "others can read"),
        (b"geheim\nsecond\n", 0o600, "several lines"),
        (b"\xff\xfe", 0o600, "is not UTF-8"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_told_and_never_shown(tmp_path: Path, content: bytes | None, mode: int, words: str) -> None:
    folder = fresh(tmp_path)
    edit(folder, "mailgate.toml", ('kind = "maildir" ', 'kind = "smtp"\nuser = "me"\npassword_file = "relay-password" #'))
    if content is not None:
        (folder / "relay-password").write_bytes(content)
        (folder / "relay-password").chmod(mode)
    [mistake] = found(folder)
    assert words in mistake.words and "geheim" not in mistake.words


def test_two_doors_on_one_port_are_told(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    edit(folder, "mailgate.toml", ("\n[[doors]]", '\n[[doors]]\nkind = "smtp"\nport = 2424\n[[doors]]'))
    assert "doors.0 listens on port 2424 already" in found(folder)[0].words


def test_a_template_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    own = folder / "templates" / "ticket_opened"
    own.mkdir(parents=True)
    (own / "requester.txt").write_bytes("Subject: x\n\nGr\u00fc\u00dfe\n".encode("latin-1"))
    [mistake] = found(folder)
    assert (mistake.file, mistake.line) == ("templates/ticket_opened/requester.txt", 3) and "save it as UTF-8" in mistake.words


def test_a_file_beside_the_configuration_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fresh(tmp_path)
    edit(folder, "mailgate.toml", ('url = "mailgate.db"', 'url = "sqlite:///mailgate.db"'))
    monkeypatch.chdir("/")
    assert settings.load(folder).database.url == str(folder / "mailgate.db")
