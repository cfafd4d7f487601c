"""Each command on a small installation: what it says, what it changes, and its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.running import Running
from mailgate.cli import app
from mailgate.model.delivery import Suppression, SuppressionKind
from mailgate.model.mail import Arrival, Door
from tests.cli.house import NOBODY, PLAIN, House, configured, lived_in, mailgate, wicked
from tests.fakes.dns_server import NameServer, text
from tests.journeys.world import SUPPORT, World
from tests.servers import postgresql


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> House:
    """Only looked at: a test that changes something makes its own."""
    return lived_in(tmp_path_factory.mktemp("house"))


def words(text: str) -> str:
    return " ".join(text.split())


# --- demo, init, check --------------------------------------------------------------------------------------------------------


@pytest.mark.database("sqlite", because="the demo and init make files")
def test_the_demo_plays_a_tickets_life_in_under_thirty_seconds(tmp_path: Path) -> None:
    done = mailgate("demo", folder=tmp_path, seconds=30)
    assert done.returncode == 0, done.stderr
    for said in ("E_UNKNOWN", "rating_given", "ticket_resolved", "That was the life of a ticket"):
        assert said in done.stdout, said
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


@pytest.mark.database("sqlite", because="the demo and init make files")
def test_init_writes_an_installation_that_check_finds_good_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    done = CliRunner().invoke(app, ["init", str(folder)])
    assert done.exit_code == 0, done.output
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("mailgate.toml", "policy.toml", "keys", "mailgate.db"), 0o600
    )
    before = {path: path.read_bytes() for path in folder.iterdir()}
    checked = CliRunner().invoke(app, ["check", "--config", str(folder)])
    assert checked.exit_code == 0, checked.output
    for said in ("configuration", "every letter can be written in ", "database", "lmtp on 127.0.0.1 port 2424", "relay"):
        assert said in words(checked.output), said
    again = CliRunner().invoke(app, ["init", str(folder)])
    assert again.exit_code == 1 and "nothing was overwritten" in words(again.output)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.database("sqlite", because="the demo and init make files")
def test_init_beside_a_lone_file_of_an_installation_changes_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("mine")
    done = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys"] and (tmp_path / "keys").read_text() == "mine"


@pytest.mark.database("sqlite", because="touches no database")
def test_check_says_every_mistake_of_both_files_with_its_line_and_starts_nothing(tmp_path: Path) -> None:
    house = configured(tmp_path)
    policy = house.config / "policy.toml"
    policy.write_text(policy.read_text().replace("prefix = ", "prefx = ").replace('sla = "standard"', 'sla = "standrd"'))
    toml = house.config / "mailgate.toml"
    toml.write_text(toml.read_text().replace("port = 0", "port = 99999").replace('kind = "maildir"', 'kind = "pigeon"'))
    done = house.run("check")
    assert done.exit_code == 78
    said = words(done.output)
    for mistake in ("desks.it.prefx", 'did you mean "prefix"', "desks.it.prefix", 'did you mean "standard"', "doors.0.port", "relay.kind"):
        assert mistake in said, (mistake, said)
    assert re.search(r"policy\.toml:\d+", said) and re.search(r"mailgate\.toml:\d+", said)
    for command in (("serve",), ("status",), ("inbox", "list")):
        assert house.run(*command).exit_code == 78, command


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        ("policy.toml", 'prefix = "IT"', "", "desks.it.prefix"),
        ("policy.toml", 'address = "support@example.org"', "", "desks.it.address"),
        ("policy.toml", 'address = "support@example.org"', 'address = "support"', "desks.it.address"),
        ("policy.toml", 'mail = "bob@example.org"', "mail = 5", "agents.bob.mail"),
        ("policy.toml", "warn = [75, 90]", 'warn = ["many"]', "sla.standard.warn.0"),
        ("policy.toml", "auto_resolve = 6", 'auto_resolve = "soon"', "timers.auto_resolve"),
        ("mailgate.toml", "port = 0", "port = 99999", "doors.0.port"),
        ("mailgate.toml", 'kind = "lmtp"', 'kind = "uucp"', "doors.0.kind"),
        ("mailgate.toml", '[keys]\nfile = "keys"', "", "keys"),
        ("mailgate.toml", '[operator]\nmail = "postmaster@example.org"', "", "operator"),
        ("mailgate.toml", 'kind = "maildir"', 'kind = "pigeon"', "relay.kind"),
    ],
)
@pytest.mark.database("sqlite", because="touches no database")
def test_one_mistake_of_form_is_said_once_and_leads_to_no_others(tmp_path: Path, name: str, old: str, new: str, key: str) -> None:
    house = configured(tmp_path)
    file = house.config / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(settings.Mistaken) as mistaken:
        settings.load(house.config)
    assert {mistake.key for mistake in mistaken.value.mistakes} == {key} or {
        mistake.key.rsplit(".", 1)[0] for mistake in mistaken.value.mistakes
    } == {key}, [str(mistake) for mistake in mistaken.value.mistakes]


@pytest.mark.either_database
@pytest.mark.parametrize(
    ("prove_by", "verify", "said", "code"),
    [
        ("token", "", "no domain can be proven: [verify] names nobody", 0),
        ("token", 'servers = ["mx.example.org"]', "; their domain (the stamp of mx.example.org) could be asked for as well", 0),
        ("domain", 'servers = ["mx.example.org"]\nmicrosoft = true',
         "by their domain (the stamp of mx.example.org, or the stamp of Microsoft 365), in any mail", 0),
        ("both", 'servers = ["mx.example.org"]', "by answering our letters (token), and by their domain (the stamp of mx.example.org)", 0),
        ("domain", "", 'needs somebody whose word counts: [verify] in mailgate.toml names nobody', 78),
        ("both", "", 'needs somebody whose word counts', 78),
    ],
)  # fmt: skip
def test_check_says_which_proof_is_reachable_and_refuses_one_that_is_not(
    tmp_path: Path, prove_by: str, verify: str, said: str, code: int
) -> None:
    house = configured(tmp_path)
    for name, old, new in (("policy.toml", '"token" ', f'"{prove_by}" '), ("mailgate.toml", "[verify]", f"[verify]\n{verify}")):
        path = house.config / name
        path.write_text(path.read_text().replace(old, new, 1))
    done = house.run("check")
    assert said in words(done.output), done.output
    assert done.exit_code == code


@pytest.mark.either_database
def test_check_asks_the_resolver_that_own_checks_would_need(tmp_path: Path) -> None:
    with NameServer({("_dmarc.example.org", "TXT"): text("v=DMARC1; p=none")}) as server:
        house = configured(tmp_path, **{"# dns = false ": f'dns = true\nresolver = ["{server.place}"]\ntime_limit = "1s"\n# '})
        done = house.run("check")
        assert "answers; example.org publishes DMARC" in words(done.output) and done.exit_code == 0
        server.dead = True
        done = house.run("check")
        assert "does not answer" in words(done.output) and done.exit_code == 1


@pytest.mark.either_database
def test_check_renders_the_letters_and_names_a_broken_one(tmp_path: Path) -> None:
    house = configured(tmp_path)
    own = house.config / "templates" / "ticket_opened"
    own.mkdir(parents=True)
    (own / "requester.txt").write_text("Subject: {{ ticket.titel }}\n\n{{ nonsense }}\n")
    done = house.run("check")
    assert done.exit_code == 1
    assert "ticket_opened/requester" in words(done.output), done.output


@pytest.mark.database("sqlite", because="touches no database")
def test_without_a_configuration_a_command_says_where_it_looked(tmp_path: Path) -> None:
    done = mailgate("status", folder=tmp_path)
    assert done.returncode == 78
    assert "config/mailgate.toml" in done.stderr and "/etc/mailgate" in done.stderr and "mailgate init" in done.stderr


# --- status --------------------------------------------------------------------------------------------------------------------


def test_status_says_what_needs_a_person_and_its_exit_code_says_it_too(house: House, tmp_path: Path) -> None:
    done = house.run("status")
    assert done.exit_code == 1
    assert "1 mails are set aside: mailgate inbox list --state set_aside" in words(done.output)
    well = configured(tmp_path).run("status")
    assert well.exit_code == 0 and "all is well" in well.output, well.output


def test_status_for_machines_is_json_with_the_same_exit_code(house: House) -> None:
    done = house.run("status", "--json")
    assert done.exit_code == 1
    said = json.loads(done.output)
    assert said["inbox"]["set_aside"] == 1 and said["tickets"]["new"] == 2
    assert len(said["troubles"]) == 1 and said["restored"] is False


@pytest.mark.database("sqlite", because="what can be wrong with a file")
def test_status_without_a_database_that_can_be_trusted_is_seventy_four(tmp_path: Path) -> None:
    house = configured(tmp_path)
    (house.config / "mailgate.db").unlink()
    assert house.run("status").exit_code == 74


# --- inbox ---------------------------------------------------------------------------------------------------------------------


def test_inbox_lists_shows_and_gives_back_every_mail(house: House) -> None:
    listed = house.run("inbox", "list")
    assert listed.exit_code == 0 and "set_aside" in listed.output and "done" in listed.output
    assert "done" not in house.run("inbox", "list", "--state", "set_aside").output
    assert house.run("inbox", "list", "--state", "nonsense").exit_code == 2
    shown = house.run("inbox", "show", "1")
    assert shown.exit_code == 0
    assert "<max@example.com>" in words(shown.output) and "ticket 1" in words(shown.output) and "classify" in shown.output
    assert "no author" in words(house.run("inbox", "show", "3").output)
    assert [house.run("inbox", "raw", str(number)).stdout_bytes for number in (1, 2, 3)] == [PLAIN, wicked(), NOBODY]
    assert house.run("inbox", "show", "99").exit_code == 1
    assert house.run("inbox", "raw", "99").exit_code == 1


def test_inbox_export_is_one_json_object_a_line(house: House) -> None:
    rows = [json.loads(line) for line in house.run("inbox", "export").output.splitlines()]
    assert {row["number"]: row["state"] for row in rows} == {1: "done", 2: "done", 3: "set_aside"}


def test_inbox_retry_lets_a_set_aside_mail_wait_again(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    assert house.run("inbox", "retry", "1").exit_code == 1, "it is not set aside"
    assert house.run("inbox", "retry", "3").exit_code == 0
    with house.store() as store:
        assert [row.id for row in store.inbox.rows("waiting")] == [3]


# --- outbox --------------------------------------------------------------------------------------------------------------------


def letters(house: House) -> dict[str, str]:
    """Letter -> state, of all."""
    with house.store() as store:
        return {row.letter.id: row.state.value for ticket in store.tickets.listed() for row in store.outbox.of_ticket(ticket.number)}


def test_outbox_shows_letters_as_they_leave(house: House) -> None:
    sent = house.run("outbox", "list", "--state", "sent")
    assert sent.exit_code == 0
    names = letters(house)
    assert set(names.values()) == {"sent"}
    assert all(name in sent.output for name in names)
    name = next(iter(names))
    shown = house.run("outbox", "show", name.lower())
    assert shown.exit_code == 0 and b"Message-ID:" in shown.stdout_bytes and shown.stdout_bytes.isascii()
    assert house.run("outbox", "show", "00000000").exit_code == 1
    assert house.run("outbox", "list", "--state", "nonsense").exit_code == 2
    assert house.run("outbox", "list", "--reported", "nonsense").exit_code == 2
    assert "no letters" in house.run("outbox", "list").output
    assert "no letters" in house.run("outbox", "list", "--reported", "bounced").output


def test_letters_are_held_released_cancelled_and_tried_again(tmp_path: Path) -> None:
    house = configured(tmp_path, **{'# letters = "send"                # "hold"': 'letters = "hold" # "hold"'})
    with Running(settings.load(house.config)) as running:
        now = wall_clock()
        asyncio.run(
            running.program.gateway.accept(Arrival(PLAIN, "max@example.com", ("support@example.org",), Door.PIPE, "pipe", now, now))
        )
        running.program.gateway.read_inbox()
    assert set(letters(house).values()) == {"held"}
    first, second, third = letters(house)
    assert house.run("outbox", "cancel", first.lower()).exit_code == 0
    assert house.run("outbox", "cancel", first).exit_code == 1, "it is cancelled already"
    assert "released" in house.run("outbox", "release").output
    assert letters(house) == {first: "cancelled", second: "queued", third: "queued"}
    assert "held" in house.run("outbox", "hold").output
    assert letters(house) == {first: "cancelled", second: "held", third: "held"}
    assert house.run("outbox", "retry", second).exit_code == 0
    assert house.run("outbox", "retry", "00000000").exit_code == 1
    assert letters(house) == {first: "cancelled", second: "queued", third: "held"}


# --- tickets, backup -----------------------------------------------------------------------------------------------------------


def test_tickets_are_listed_shown_and_exported(house: House) -> None:
    listed = house.run("tickets", "list")
    assert listed.exit_code == 0 and "VPN drops" in listed.output and "Max Muster" in listed.output
    assert "no tickets" in house.run("tickets", "list", "--status", "closed").output
    assert house.run("tickets", "list", "--status", "nonsense").exit_code == 2
    shown = words(house.run("tickets", "show", "1").output)
    for said in ("requester Max Muster <max@example.com>", "first_reply", "It drops every ten minutes.", "ticket_opened", "letter"):
        assert said in shown, (said, shown)
    assert "[public]" in shown and "\\[" not in shown, shown
    assert house.run("tickets", "show", "99").exit_code == 1
    rows = [json.loads(line) for line in house.run("tickets", "export").output.splitlines()]
    assert {row["number"]: row["status"] for row in rows} == {1: "new", 2: "new"}


@pytest.mark.database("sqlite", because="a file is copied by a command of ours, a server has its own")
def test_a_backup_is_a_private_copy_that_can_be_opened_and_overwrites_nothing(house: House, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    copy = tmp_path / "copy.db"
    assert house.run("backup", str(copy)).exit_code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    before = copy.read_bytes()
    again = house.run("backup", str(copy))
    assert again.exit_code == 1 and "nothing was overwritten" in words(again.output)
    assert copy.read_bytes() == before
    other = configured(tmp_path / "other")
    copy.rename(other.config / "mailgate.db")
    assert "VPN drops" in other.run("tickets", "list").output
    assert "restored" in other.run("status").output


# --- what a mail may do to a terminal, and what no output may hold ------------------------------------------------------------------

COMMANDS = (
    ("inbox", "list"), ("inbox", "show", "1"), ("inbox", "show", "2"), ("inbox", "show", "3"), ("inbox", "export"),
    ("outbox", "list"), ("outbox", "list", "--state", "sent"), ("tickets", "list"), ("tickets", "show", "1"), ("tickets", "show", "2"),
    ("tickets", "export"), ("status",), ("status", "--json"), ("check",), ("people", "list"), ("people", "show", "eve@example.net"),
)  # fmt: skip

#: All that moves a cursor, changes a colour, rings, or turns the reading direction round.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.either_database
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_words_of_a_mail_never_command_the_terminal(house: House, command: tuple[str, ...]) -> None:
    output = house.run(*command).output
    assert not UNSAFE.search(output), ascii(output)


@pytest.mark.either_database
def test_explaining_a_mail_commands_no_terminal_either(tmp_path: Path) -> None:
    (tmp_path / "wicked.eml").write_bytes(wicked())
    for form in ([], ["--json"]):
        output = CliRunner().invoke(app, ["explain", *form, str(tmp_path / "wicked.eml")]).output
        assert "wicked" in output and not UNSAFE.search(output), ascii(output)


@pytest.mark.either_database
def test_an_imitated_line_of_ours_does_not_stand_at_the_beginning_of_a_line(house: House) -> None:
    for command in (("tickets", "list"), ("tickets", "show", "2"), ("inbox", "show", "2")):
        for line in house.run(*command).output.splitlines():
            assert not line.startswith("all is well"), command


@pytest.mark.either_database
def test_no_key_and_no_password_is_in_any_output(tmp_path: Path) -> None:
    """(fault 125)"""
    password = "geheim-und-nirgends-zu-lesen"
    house = configured(tmp_path)
    toml = house.config / "mailgate.toml"
    toml.write_text(
        toml.read_text()
        .replace('kind = "maildir"', 'kind = "smtp"')
        .replace("# port = 25 ", "port = 9 ")
        .replace('# tls = "starttls"', 'tls = "none"')
        .replace("# user = ", "user = ")
        .replace('# password_file = "relay-password"', 'password_file = "relay-password"')
    )
    (house.config / "relay-password").write_text(password)
    (house.config / "relay-password").chmod(0o600)
    key = (house.config / "keys").read_text().split()[-1]
    loaded = settings.load(house.config)
    outputs = [house.run(*command).output for command in COMMANDS] + [repr(loaded), str(loaded), f"{loaded.ring} {loaded.relay}"]
    assert "9" in outputs[-2] and loaded.relay.user
    (house.config / "keys").chmod(0o644)
    outputs.append(house.run("check").output)
    (house.config / "keys").chmod(0o600)
    (house.config / "keys").write_text(key + "zz")
    outputs.append(house.run("check").output)
    assert not any(secret in output for output in outputs for secret in (password, key, str(bytes.fromhex(key))))


def test_a_mail_that_was_looked_at_is_put_away_and_status_is_content_again(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.deliver(b"Subject: from nobody\r\n\r\nno author\r\n", "x@example.net", [SUPPORT])
        world.letter("postmaster@example.org", "set aside")
        config = str(world.settings.folder)
        number = str(world.store.inbox.rows("set_aside", 1)[0].id)
        run = CliRunner()
        assert run.invoke(app, ["inbox", "done", number, "--config", config]).exit_code == 0
        assert run.invoke(app, ["inbox", "done", number, "--config", config]).exit_code == 1
        row = world.store.inbox.row(int(number))
        assert row.state == "done" and "no author" in str(row.reason)
        assert not world.store.standing.health(world.clock()).inbox.get("set_aside")


# --- people --------------------------------------------------------------------------------------------------------------------


def test_people_shows_who_is_on_file_and_lifts_the_silence_of_an_address(tmp_path: Path) -> None:
    house, now = lived_in(tmp_path), wall_clock()
    with house.store() as store:
        store.people.suppress(Suppression("max@example.com", SuppressionKind.BOUNCE, "user unknown", now, now + timedelta(days=60)))
    listed = house.run("people", "list")
    assert "max@example.com" in listed.output and "user unknown" in listed.output
    assert "max@example.com" in house.run("people", "list", "--dead").output
    shown = house.run("people", "show", "MAX@example.com").output
    assert "silent" in shown and "ticket_opened" in shown and "mailgate people lift" in shown
    assert "1 addresses get nothing automatic" in house.run("status").output
    assert house.run("people", "lift", "max@example.com").exit_code == 0
    assert house.run("people", "lift", "max@example.com").exit_code == 1
    assert "every address may be written to" in house.run("people", "list", "--dead").output
    assert "silent" not in house.run("people", "show", "max@example.com").output
    assert house.run("people", "show", "nobody@example.com").exit_code == 1


def test_an_operator_says_in_which_language_somebody_gets_their_letters(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    assert house.run("people", "language", "MAX@example.com", "de").exit_code == 0
    assert "language  de\n" in house.run("people", "show", "max@example.com").output
    assert house.run("people", "language", "max@example.com", "auto").exit_code == 0
    assert "language  de\n" not in house.run("people", "show", "max@example.com").output
    for arguments, words in (
        (("max@example.com", "tlh"), "no such language: tlh. There are "),
        (("nobody@example.com", "de"), "nobody has the address"),
        (("ann@example.org", "de"), "say it in policy.toml"),
    ):
        refused = house.run("people", "language", *arguments)
        assert refused.exit_code != 0 and words in refused.output, arguments


# --- PostgreSQL ----------------------------------------------------------------------------------------------------------------


@pytest.mark.database("postgresql", because="what only a server has")
def test_the_tables_are_made_in_an_empty_database_and_in_no_other(tmp_path: Path) -> None:
    house = configured(tmp_path)
    again = CliRunner().invoke(app, ["init", "--only-database", str(house.config)])
    assert again.exit_code == 1 and "nothing was changed" in words(again.output)
    with postgresql.a_new_database() as url:
        text = (house.config / "mailgate.toml").read_text()
        old = settings.load(house.config).database.url
        (house.config / "mailgate.toml").write_text(text.replace(old, url.render_as_string()))
        assert "--only-database" in words(house.run("status").output)
        assert CliRunner().invoke(app, ["init", "--only-database", str(house.config)]).exit_code == 0
        assert house.run("status").exit_code == 0


@pytest.mark.database("postgresql", because="what only a server has")
def test_nothing_says_the_databases_password(tmp_path: Path) -> None:
    house = configured(tmp_path)
    password = os.environ[postgresql.PASSWORD]
    said = "".join(house.run(*command).output for command in (("check",), ("status",), ("backup", str(tmp_path / "copy"))))
    assert "postgresql://mailgate@127.0.0.1" in said and "pg_dump" in said
    assert password not in said and password not in repr(settings.load(house.config))


def test_a_database_that_was_put_back_by_other_means_is_held_by_one_command(tmp_path: Path) -> None:
    house = configured(tmp_path)
    assert house.run("outbox", "hold", "--restored").exit_code == 0
    assert house.run("status").exit_code == 1
    assert house.run("outbox", "release").exit_code == 1
    assert house.run("outbox", "release", "--restored").exit_code == 0
    assert house.run("status").exit_code == 0


# --- ratings ------------------------------------------------------------------------------------------------------------------


def test_ratings_are_summed_up_and_a_ticket_shows_each_of_them(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.send("max@example.com", SUPPORT, "VPN", "It drops.")
        world.answer("ann@example.org", world.letter("ann@example.org", "VPN"), "#resolve\nThe line card was bad.")
        solved = world.letter("max@example.com", "line card")
        for said in ("5", "2\nIt took a week. \x1b[2J"):
            world.clock.turn(minutes=1)
            world.answer("max@example.com", solved, said)
        world.settle()
        config, day = world.folder / "config", f"{world.clock():%Y-%m-%d}"
    house = House(config)
    shown = house.run("tickets", "show", "1")
    for said in ("2 of 5, for the first solution", "before: 5 of 5 by mail", "follow-up open, due"):
        assert said in words(shown.output), shown.output
    for days in (("--from", day, "--to", day), ("--to", day)):
        said = house.run("ratings", *days)
        assert said.exit_code == 0 and "It took a week." in said.output and "\x1b" not in said.output and "100 %" in said.output
    rows = [json.loads(line) for line in house.run("ratings", "--from", day, "--to", day, "--json").output.splitlines()]
    assert [(row["of"], row["rated"], row["content"], row["asked"], row["answered"]) for row in rows] == [("all", 1, 0, 1, 1)]
    assert house.run("ratings", "--from", "2020-01-01", "--to", "2020-01-31").exit_code == 0
    for wrong in (("--from", "yesterday"), ("--from", "2026-02-01", "--to", "2026-01-01")):
        assert house.run("ratings", *wrong).exit_code == 2


def test_who_answered_no_surveys_is_asked_again_by_a_command(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    assert "surveys" not in house.run("people", "show", "max@example.com").output
    assert house.run("people", "survey", "Max@example.com", "--no").exit_code == 0
    assert "surveys" in house.run("people", "show", "max@example.com").output
    assert house.run("people", "survey", "max@example.com", "--yes").exit_code == 0
    assert "surveys" not in house.run("people", "show", "max@example.com").output
    assert house.run("people", "survey", "nobody@example.com", "--yes").exit_code == 1
