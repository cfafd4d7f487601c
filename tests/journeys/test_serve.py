"""The life of the running program: signals, a second one beside it, commands beside it, and a record it cannot trust."""

from __future__ import annotations

import signal
import smtplib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.running import Running
from mailgate.cli.demo import configuration
from mailgate.record.store import create_store
from tests import databases
from tests.journeys.served import Served, mailgate
from tests.journeys.world import ANN, OPERATOR

CEM = "cem@example.org"
NEW_AGENT = '\n[agents.cem]\nname = "Cem Aslan"\nmail = "cem@example.org"\ngroups = ["it"]\n'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as one:
        yield one


def test_sigterm_under_load_ends_within_ten_seconds_and_loses_nothing(tmp_path: Path) -> None:
    """(fault 49)"""
    taken: list[str] = []
    over = threading.Event()

    def client(served: Served, number: int) -> None:
        for index in range(1000):
            if over.is_set():
                return
            name = f"m{number}x{index}"
            try:
                served.send(name)
            except (OSError, smtplib.SMTPException):
                return  # the door is closed
            taken.append(name)

    with Served(tmp_path) as served:
        clients = [threading.Thread(target=client, args=(served, number)) for number in range(4)]
        for one in clients:
            one.start()
        served.until(lambda: len(taken) >= 60)
        served.signal(signal.SIGTERM)
        began = time.monotonic()
        code = served.process.wait(100)
        took = time.monotonic() - began
        over.set()
        for one in clients:
            one.join()
        assert (code, took < 10) == (0, True), (code, took, served.log)
        assert "Traceback" not in served.log and "alarm" not in served.log, served.log  # a stop is no trouble of the relay
        with served.store() as store:
            rows = store.inbox.rows(None, 10000)
            assert {row.state for row in rows} <= {"waiting", "done"}
            assert {row.reverse_path for row in rows} >= {f"{name}@example.com" for name in taken}
        assert not served.config.joinpath("mailgate.db-wal").exists() or not served.config.joinpath("mailgate.db-wal").stat().st_size
        with Running(settings.load(served.config)) as again:  # what was not read is read at the next start
            served.until(lambda: not any(again.program.store.standing.health(wall_clock()).inbox.values()))
            read = {row.reverse_path for row in again.program.store.inbox.rows("done", 10000)}
            assert read >= {f"{name}@example.com" for name in taken}


@pytest.mark.either_database
def test_sigterm_while_all_clients_hang_up_at_once_drains_and_ends_well(tmp_path: Path) -> None:
    """150 sockets that close in the same instant as the signal comes (fault 49)."""
    with Served(tmp_path) as served:
        clients = [socket.create_connection(("127.0.0.1", served.port), timeout=60) for _ in range(150)]
        for client in clients:
            assert client.recv(4) in (b"220 ", b"421 ")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        served.signal(signal.SIGTERM)
        for client in clients:
            client.close()
        assert served.process.wait(100) == 0, served.log
        assert "Traceback" not in served.log and "cannot listen" not in served.log, served.log


@pytest.mark.either_database
def test_an_address_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        other = tmp_path / "other"
        configuration(other, 9, taken.getsockname()[1])
        databases.configure(other)
        databases.ensure(settings.load(other).database, wall_clock())
        said = mailgate("serve", "--config", str(other))
        assert said.returncode == 1 and b"cannot listen: smtp on 127.0.0.1 port" in said.stderr, said


def test_sighup_adopts_a_good_policy_and_keeps_the_old_one_before_a_faulty_one(served: Served) -> None:
    policy = served.config / "policy.toml"
    served.send("before-all-of-it")
    served.boxes.take(lambda one: one.recipient == ANN and "before-all-of-it" in one.header("Subject"))
    good = policy.read_text().replace('first_reply = "8h"', 'first_reply = "7h"') + NEW_AGENT
    policy.write_text(good)
    served.signal(signal.SIGHUP)
    welcome = served.boxes.take(lambda one: one.recipient == CEM)
    assert "Cem" in welcome.text
    with served.store() as store:
        served.until(lambda: store.tickets.files([1])[1].ticket.cycles[0].target_s == 7 * 3600)  # what runs is counted anew
        assert store.tickets.history(1)[-1].name == "policy_changed"
    served.send("after-the-good-one")
    served.boxes.take(lambda one: one.recipient == CEM and "after-the-good-one" in one.header("Subject"))

    policy.write_text(good.replace('group = "it"', 'group = "nobody"').replace('sla = "standard"', 'sla = "standrd"'))
    served.signal(signal.SIGHUP)
    alarm = served.boxes.take(lambda one: one.recipient == OPERATOR and "mailgate check" in one.text)
    assert "2 mistakes" in alarm.text
    assert 'did you mean "standard"' in served.log
    served.send("after-the-faulty-one")
    served.boxes.take(lambda one: one.recipient == CEM and "after-the-faulty-one" in one.header("Subject"))
    policy.write_text(good)


@pytest.mark.database("sqlite", because="a file has one serve")
def test_a_second_serve_on_the_same_file_is_refused_with_the_way_out(served: Served) -> None:
    second = served.run("serve")
    assert second.returncode == 74
    words = " ".join(second.stderr.decode().split())
    assert "another `mailgate serve` works on this database" in words, words
    assert "Stop that one first" in words and "Traceback" not in words, words
    served.send("after-the-second")


def test_deliver_beside_a_serve_stores_the_mail_and_says_so_with_its_exit_code(served: Served, tmp_path: Path) -> None:
    mail = b"From: pia@example.com\nTo: support@example.org\nSubject: by pipe\nMessage-ID: <pipe-1@example.com>\n\nHello by pipe.\n"
    assert served.run("deliver", "-f", "pia@example.com", "support@example.org", given=mail).returncode == 0
    served.boxes.take(lambda one: one.recipient == "pia@example.com")
    assert served.run("deliver", "-f", "pia@example.com", "support@example.org", given=mail).returncode == 0
    unknown = served.run("deliver", "-f", "pia@example.com", "nobody@example.org", given=mail)
    assert unknown.returncode == 67 and b"nobody@example.org" in unknown.stderr
    assert served.run("deliver", "-f", "pia@example.com", "support@example.org").returncode == 75, "no mail at all"
    assert mailgate("deliver", "--config", str(tmp_path), "support@example.org", given=mail).returncode == 75, "no configuration"
    with served.store() as store:
        assert len([row for row in store.inbox.rows(None, 1000) if row.door == "pipe"]) == 1, "the same mail twice is one mail"


@pytest.mark.database("sqlite", because="a file is copied by a command of ours, a server has its own")
def test_status_and_backup_work_beside_a_serve(served: Served) -> None:
    copy = served.folder / "copy.db"
    assert served.run("backup", str(copy)).returncode == 0
    assert served.run("backup", str(copy)).returncode == 1, "nothing is overwritten"
    assert copy.stat().st_mode & 0o077 == 0
    assert served.run("status").returncode == 0, served.run("status").stdout


# --- a record that cannot be trusted -----------------------------------------------------------------------------------


def prepared(folder: Path) -> Path:
    configuration(folder / "config", 9)
    create_store(settings.load(folder / "config").database, wall_clock())
    return folder / "config"


def missing(database: Path) -> None:
    database.unlink()


def empty(database: Path) -> None:
    database.write_bytes(b"")


def damaged(database: Path) -> None:
    whole = bytearray(database.read_bytes())
    for page in range(3, len(whole) // 4096, 2):
        whole[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    database.write_bytes(bytes(whole))


def open_to_others(database: Path) -> None:
    database.chmod(0o644)


@pytest.mark.database("sqlite", because="what can be wrong with a file")
@pytest.mark.parametrize("what", [missing, empty, damaged, open_to_others])
def test_serve_refuses_a_database_that_it_cannot_trust_and_makes_no_other(tmp_path: Path, what) -> None:  # type: ignore[no-untyped-def]
    config = prepared(tmp_path)
    database = config / "mailgate.db"
    what(database)
    before = database.read_bytes() if database.exists() else None
    refused = mailgate("serve", "--config", str(config))
    assert refused.returncode == 74, refused.stderr
    words = refused.stderr.decode()
    assert "mailgate.db" in words and "Traceback" not in words, words
    assert (database.read_bytes() if database.exists() else None) == before


@pytest.mark.database("sqlite", because="what can be wrong with a file")
def test_deliver_puts_a_mail_off_when_the_database_is_missing(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    (config / "mailgate.db").unlink()
    put_off = mailgate("deliver", "--config", str(config), "support@example.org", given=b"From: a@example.com\n\nx\n")
    assert put_off.returncode == 75
    assert not (config / "mailgate.db").exists()
