"""What the pages for operators promise, word for word: commands run, settings load, the unit and the lines for Postfix are good."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.cli import app
from mailgate.compose.words import ALARMS
from mailgate.model.delivery import Suppression, SuppressionKind
from mailgate.model.sentences import REFUSALS
from mailgate.model.setting import settings_of
from mailgate.settings.tables import PolicyFile
from tests.cli.house import PLAIN, House, configured, lived_in
from tests.fakes.signer import in_pem, rsa_key
from tests.house.tree import ROOT
from tests.servers import postfix
from tests.settings.test_mistakes import edit

pytestmark = pytest.mark.database("sqlite", because="the first hour has a file")

PAGES = ("README.md", "docs/operating.md")
TEXT = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
BLOCKS = [(page, block) for page in PAGES for block in re.findall(r"^```\n(.*?)^```$", TEXT[page], re.MULTILINE | re.DOTALL)]


def commands() -> list[str]:
    """Each line of a block that begins with our program; what stands behind three blanks explains it."""
    found = []
    for _, block in BLOCKS:
        for line in block.splitlines():
            line = re.sub(r"^(runuser -u mailgate -- )?(/opt/mailgate/bin/)?", "", line)
            if re.match(r"mailgate [a-z]", line):
                found.append(re.split(r" {3,}", line)[0].strip())
    return list(dict.fromkeys(found))


#: What is no command of its own: lines of other programs, and what has a test of its own (`--send`, `--roundtrip`, `serve`).
ELSEWHERE = ("mailgate serve", "mailgate check --send", "mailgate check --roundtrip", "mailgate unix")
HERE = [one for one in commands() if not one.startswith(ELSEWHERE)]


def test_the_pages_show_commands_of_every_kind() -> None:
    assert {"init", "check", "status", "inbox", "backup", "explain", "import", "people"} <= {one.split()[1] for one in HERE}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("docs")
    house = lived_in(folder)
    mail = folder / "support"
    mail.mkdir()
    (mail / "1.eml").write_bytes(PLAIN)
    (folder / "old.mbox").write_bytes(b"From max@example.com Mon Jun  1 08:00:00 2026\n" + PLAIN.replace(b"\r\n", b"\n") + b"\n")
    (folder / "42.eml").write_bytes(PLAIN)
    backups = folder / "backups"
    backups.mkdir(mode=0o700)
    return house


@pytest.mark.parametrize("command", HERE)
def test_each_command_of_the_pages_runs(prepared: House, command: str, tmp_path: Path) -> None:
    folder = prepared.config.parent
    said, _, given = command.partition(" | ") if " | " in command else (command, "", "")
    words = shlex.split(given or said.partition(" > ")[0])[1:]
    for old, new in (
        ("/var/lib/mailgate/backups", str(folder / "backups")), ("/var/lib/mailgate", str(tmp_path / "new")),
        ("/etc/mailgate", str(tmp_path / "etc")), ("/var/mail/support", str(folder / "support")), ("old.mbox", str(folder / "old.mbox")),
        ("42.eml", str(folder / "42.eml")), ("NUMBER...", "3"), ("NUMBER", "1"), ("ADDRESS", "max@example.com"),
        ("DIR", str(tmp_path / "dir")),
    ):  # fmt: skip
        words = [word.replace(old, new) for word in words]
    words = ["3" if word == "42" else word for word in words]  # the mail that is set aside here
    if words[:1] == ["dkim"]:
        (tmp_path / "new").mkdir()  # what `init` made before; a key is made without a configuration
    elif words[:1] != ["init"]:
        words = [word for word in words if not word.startswith("--config")]
        words = [word for word in words if word != str(tmp_path / "new")]
        words += ["--config", str(prepared.config)]
    if words[:2] == ["people", "lift"]:
        with prepared.store() as store:
            store.people.suppress(
                Suppression("max@example.com", SuppressionKind.BOUNCE, "user unknown", wall_clock(), wall_clock() + timedelta(days=1))
            )
    if "--only-database" in words:
        pytest.skip("for a server: test_commands has it")
    done = CliRunner().invoke(app, words, input=PLAIN)
    wanted = {1} if words[0] == "status" else {0, 1} if words[:2] in (["inbox", "retry"], ["inbox", "done"]) else {0}
    assert done.exit_code in wanted, (words, done.output)
    assert "Usage" not in done.output and "Traceback" not in done.output


# --- settings that the pages show ------------------------------------------------------------------------------------------------

TOML = [block for _, block in BLOCKS if re.match(r"\[{1,2}[a-z]", block) and "[Unit]" not in block]


def test_the_pages_show_settings() -> None:
    assert len(TOML) >= 3


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.splitlines()[0])
def test_settings_of_the_pages_load_as_they_stand(tmp_path: Path, block: str) -> None:
    house = configured(tmp_path)
    given = tomllib.loads(block)
    for table in [*given.values()] + [one for value in given.values() if isinstance(value, dict) for one in value.values()]:
        for one in table if isinstance(table, list) else [table]:
            for key, value in one.items() if isinstance(one, dict) else ():
                if key.endswith("_file") and isinstance(value, str):
                    secret = in_pem(rsa_key()) if value.endswith(".pem") else b"geheim"
                    (house.config / value).write_bytes(secret)
                    (house.config / value).chmod(0o600)
    file = house.config / ("policy.toml" if given.keys() <= settings_of(PolicyFile).keys() else "mailgate.toml")
    text = file.read_text()
    for name in given:
        if f"\n[{name}]" in text:  # the page's stands in its place
            text = re.sub(rf"^\[{name}\]\n.*?(?=^\[|^# The|\Z)", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    file.write_text(f"{text}\n{block}")
    loaded = settings.load(house.config)
    assert loaded.policy.desks


# --- systemd and Postfix -----------------------------------------------------------------------------------------------------------


def the_unit() -> str:
    return next(block for _, block in BLOCKS if block.startswith("[Unit]"))


def test_the_unit_starts_what_the_page_installs_where_it_installs_it() -> None:
    unit, page = the_unit(), TEXT["docs/operating.md"]
    assert "ExecStart=/opt/mailgate/bin/mailgate serve" in unit and "python3 -m venv /opt/mailgate" in page
    assert "MAILGATE_CONFIG=/var/lib/mailgate" in unit and "mailgate init /var/lib/mailgate" in page
    assert "User=mailgate" in unit and re.search(r"adduser .*mailgate$", page, re.MULTILINE)
    seconds = int(re.search(r"TimeoutStopSec=(\d+)", unit)[1])  # type: ignore[index]
    assert seconds > 10, "longer than the drain"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_good_in_the_eyes_of_systemd(tmp_path: Path) -> None:
    unit = tmp_path / "mailgate.service"
    unit.write_text(the_unit().replace("/opt/mailgate/bin/mailgate", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60)
    mine = [line for line in done.stderr.splitlines() if "mailgate.service" in line and "Unknown" in line]
    assert mine == [], done.stderr


def test_the_postfix_of_the_tests_is_set_up_as_the_page_says() -> None:
    """What the journeys prove of Postfix they prove of the lines on the page."""
    [lines] = [block for _, block in BLOCKS if block.startswith("relay_domains")]
    ours = postfix._MAIN.replace("{{", "{").replace("}}", "}")
    for line in lines.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        value = value.replace("desk.example.com", "{lmtp_domain}").replace("2424", "{lmtp_port}")
        assert f"{name} = {value}" in ours, line


# --- backup and restore, as the page tells it -----------------------------------------------------------------------------------------


def test_a_backup_is_made_and_restored_as_the_page_says(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    backups = tmp_path / "backups"
    backups.mkdir(mode=0o700)
    assert house.run("backup", str(backups / "one.sqlite")).exit_code == 0
    for name in ("mailgate.db", "mailgate.db-wal", "mailgate.db-shm"):
        (house.config / name).unlink(missing_ok=True)
    shutil.copyfile(backups / "one.sqlite", house.config / "mailgate.db")
    (house.config / "mailgate.db").chmod(0o600)
    done = house.run("status")
    assert done.exit_code == 1 and "mailgate outbox release --restored" in done.output
    assert house.run("outbox", "list").exit_code == 0
    assert house.run("outbox", "release", "--restored").exit_code == 0
    assert "its outbox is held" not in house.run("status").output
    assert "VPN drops" in house.run("tickets", "list").output


def test_a_roundtrip_says_why_nothing_can_come_back_with_what_init_writes(tmp_path: Path) -> None:
    house = configured(tmp_path)
    done = house.run("check", "--roundtrip")
    assert done.exit_code == 1 and 'name your mail server in [relay] (kind = "smtp")' in " ".join(done.output.split())
    edit(house.config, "mailgate.toml", ('kind = "maildir" ', 'kind = "smtp"\nhost = "127.0.0.1"\nport = 9\ntls = "none" #'))
    done = house.run("check", "--roundtrip")
    assert done.exit_code == 1 and "`mailgate serve` does not run" in done.output, "and nobody waits two minutes to hear it"


def test_the_page_for_operators_has_every_alarm_that_can_be_raised() -> None:
    section = TEXT["docs/operating.md"].split("gets a letter, of each kind", 1)[1].split("`operator_alarmed = false`", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(ALARMS)


def test_the_page_for_agents_has_every_code_that_can_come_back() -> None:
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(E_[A-Z_]+)`", page)) == set(REFUSALS) - {"E_MERGE"}, "nothing merges tickets yet"
