"""A PostgreSQL database that cannot be believed is not opened, the operator hears what to do, and nobody hears the password."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import make_url

from mailgate.model.installation import DatabaseSettings
from mailgate.record import opening, postgres
from mailgate.record.acceptor import Acceptor
from mailgate.record.rows import Busy
from mailgate.record.store import create_store, open_store
from mailgate.record.trust import Untrusted
from tests.databases import a_database, look, settings_of
from tests.record.builders import LEASE, NOON, a_keep, a_letter, a_person, a_ticket, claims, opened, some_keeps
from tests.record.test_crashes import a_program, lines_until
from tests.servers import postgresql

pytestmark = pytest.mark.database("postgresql", because="what only a server has")


def refusal(settings, **options):
    with pytest.raises(Untrusted) as refused:
        open_store(settings, NOON, **options)
    assert refused.value.way_out
    assert os.environ[postgresql.PASSWORD] not in str(refused.value)
    return refused.value


@pytest.fixture
def settings(tmp_path):
    return a_database(tmp_path)


@pytest.fixture
def empty():
    with postgresql.a_new_database() as url:
        yield settings_of(url)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_an_empty_database_is_never_taken_for_a_new_one(empty):
    assert "--only-database" in refusal(empty).way_out
    assert "--only-database" in refusal(empty, for_serve=True).way_out


def test_a_record_is_made_whole_once_and_in_nobody_elses_database(empty):
    create_store(empty, NOON)
    with open_store(empty, NOON, for_serve=True) as store:
        assert not store.standing.is_restored() and store.inbox.keep(some_keeps(1))
    with pytest.raises(FileExistsError):
        create_store(empty, NOON)
    with postgresql.a_new_database() as url:
        postgresql.execute("create table bills (id int)", str(url.database))
        with pytest.raises(Untrusted, match="another program"):
            create_store(settings_of(url), NOON)
        assert "not made by mailgate" in refusal(settings_of(url)).reason


def test_a_server_that_is_not_there_or_does_not_know_us_is_told_in_a_sentence(settings):
    nowhere = make_url(settings.url).set(port=1).render_as_string()
    assert "cannot be opened" in refusal(replace(settings, url=nowhere)).reason
    unknown = make_url(settings.url).set(database="nothing_of_this_name").render_as_string()
    assert "does not exist" in refusal(replace(settings, url=unknown)).reason
    os.environ["MAILGATE_TEST_WRONG"] = "wrong"
    assert "password" in refusal(replace(settings, password_env="MAILGATE_TEST_WRONG")).reason


@pytest.mark.parametrize(
    "url", ["postgresql://db", "postgresql://", "postgresql://me:secret@db/mailgate", "postgresql://me@db/x?password=secret"]
)
def test_a_url_without_a_database_or_with_a_password_is_refused_and_the_password_not_repeated(url):
    with pytest.raises(Untrusted) as refused:
        open_store(DatabaseSettings(url), NOON)
    assert "secret" not in str(refused.value)


def test_no_name_of_the_place_holds_a_password():
    for url in ("postgresql://me:secret@db/mailgate?sslmode=require&password=secret", "postgresql://me:se@cret@db/mailgate"):
        assert "se" not in postgres.place_of(DatabaseSettings(url)).removeprefix("postgresql://me@")


def test_a_password_never_travels_in_clear_to_another_machine_unless_somebody_said_so():
    assert postgres.url_of(DatabaseSettings("postgresql://me@db.example.org/x")).query == {"sslmode": "require"}
    assert postgres.url_of(DatabaseSettings("postgresql://me@db.example.org/x?sslmode=verify-full")).query == {"sslmode": "verify-full"}
    for here in ("127.0.0.1", "localhost", "[::1]", ""):
        assert postgres.url_of(DatabaseSettings(f"postgresql://me@{here}/x")).query == {}
    assert postgres.url_of(DatabaseSettings("postgresql://me@/x?host=/run/postgresql")).query == {"host": "/run/postgresql"}


def test_without_the_library_the_operator_hears_which_one(settings, monkeypatch):
    monkeypatch.setattr(opening.importlib.util, "find_spec", lambda name: None)
    assert "mailgate[postgresql]" in refusal(settings).way_out


def test_every_session_flushes_its_commits_and_waits_for_nobody_for_ever(settings):
    with open_store(settings, NOON) as store, store._db.room.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in [*postgres._SESSION, *postgres._SAFE]}
    assert found["synchronous_commit"] == "on" and found["fsync"] == "on"
    assert (found["statement_timeout"], found["lock_timeout"], found["idle_in_transaction_session_timeout"]) == ("30s", "5s", "10s")


@pytest.mark.parametrize(("name", "value"), [("synchronous_commit", "off"), ("synchronous_commit", "local")])
def test_a_server_whose_commits_are_not_safe_is_refused(settings, monkeypatch, name, value):
    monkeypatch.setitem(postgres._SESSION, name, value)
    assert f"{name} = {value}" in refusal(settings).reason


def test_a_counter_that_lags_behind_is_refused(settings):
    with open_store(settings, NOON) as store:
        claims(store, 3)
        look(store, "update counters set value = 1 where name = 'inbox'")
    assert "is given out" in refusal(settings).reason


def test_several_serves_work_on_one_database(settings):
    with open_store(settings, NOON, for_serve=True) as one, open_store(settings, NOON, for_serve=True) as other:
        one.inbox.keep(some_keeps(1))
        assert len(other.inbox.claim(5, NOON, LEASE)) == 1


# --- copies -------------------------------------------------------------------------------------------------------


def test_a_dump_that_was_restored_elsewhere_holds_its_outbox_and_gives_no_number_twice(settings):
    with open_store(settings, NOON) as store:
        (claim,) = claims(store)
        store.record([opened(a_ticket(), a_person(), claim, letters=(a_letter(),))], NOON)
        store.numbers.take("person", 1)
        last = store.numbers.take("ticket", 1)[-1]
    name = make_url(settings.url).database
    copy = postgresql.new_database(str(name))
    try:
        for _ in range(2):
            with open_store(settings_of(copy), NOON, for_serve=True) as restored:
                assert restored.standing.is_restored() and restored.outbox.claim(5, NOON, LEASE) == []
                assert last + 10_000 < restored.numbers.take("ticket", 1)[0] < last + 11_000, "once, not at each start"
        with open_store(settings_of(copy), NOON) as restored:
            restored.standing.release_restored()
            assert len(restored.outbox.claim(5, NOON, LEASE)) == 1
    finally:
        postgresql.drop(copy)
    with open_store(settings, NOON, for_serve=True) as store:
        assert not store.standing.is_restored()


def test_an_operator_says_that_the_database_is_an_older_state_of_itself(settings):
    with open_store(settings, NOON) as store:
        before = store.numbers.take("ticket", 1)[0]
        store.standing.mark_restored(NOON)
        assert store.standing.is_restored() and store.numbers.take("ticket", 1)[0] > before + 10_000


def test_a_backup_is_the_servers_own_business(settings, tmp_path):
    with open_store(settings, NOON) as store, pytest.raises(Untrusted, match="pg_dump"):
        store.backup(tmp_path / "copy.db", NOON)
    assert list(tmp_path.iterdir()) == []


# --- restarts -----------------------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
def test_while_the_server_is_killed_and_started_every_mail_that_was_answered_is_stored_once(settings):
    """(fault 42)"""
    cluster = postgresql.own_cluster()
    over = threading.Event()
    answered: list[str] = []
    put_off: list[str] = []
    with open_store(settings, NOON, for_serve=True) as store:
        acceptor = Acceptor(store.inbox)

        def client(number):
            index = 0
            while not over.is_set():
                name = f"mail {number} {index}"
                try:
                    acceptor.submit([a_keep(name)]).result(200)
                except Busy:
                    put_off.append(name)
                    continue  # 451: the same mail comes again
                answered.append(a_keep(name).digest)
                index += 1

        clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
        for one in clients:
            one.start()
        try:
            for how in (signal.SIGQUIT, signal.SIGINT, signal.SIGQUIT):
                mark = len(answered)
                while len(answered) < mark + 40:
                    over.wait(0.005)
                cluster.stop(how)
                cluster.start()
            mark = len(answered)
            while len(answered) < mark + 40:
                over.wait(0.005)
        finally:
            over.set()
            for one in clients:
                one.join()
            acceptor.close()
        stored = [digest for (digest,) in look(store, "select digest from inbox")]
        assert set(answered) <= set(stored) and len(set(stored)) == len(stored) == len(answered)
        assert not acceptor.broken


def test_a_server_that_stays_away_is_busy_and_nothing_else(settings):
    """(fault 43)"""
    cluster = postgresql.own_cluster()
    with open_store(settings, NOON) as store:
        store._db._patience = 0.2
        cluster.stop()
        try:
            with pytest.raises(Busy, match="cannot be reached"):
                store.inbox.keep(some_keeps(1))
            with pytest.raises(Busy):
                store.inbox.rows()
        finally:
            cluster.start()
        store.inbox.keep(some_keeps(1))
        assert len(store.inbox.rows()) == 1


FROZEN = """
import os, signal, time

def work(connection):
    connection.exec_driver_sql("SELECT 1").fetchall()  # the transaction has begun
    driver = connection.connection.driver_connection
    query = "SELECT id FROM inbox ORDER BY id FOR UPDATE"
    if sys.argv[2] == "pipeline":  # as drivers send many rows: the server still expects more of the batch, and calls nobody idle
        driver.pgconn.enter_pipeline_mode()
        driver.pgconn.send_query_params(query.encode(), None)
        driver.pgconn.send_flush_request()
        while driver.pgconn.flush():
            pass
        while driver.pgconn.is_busy():
            driver.pgconn.consume_input()
    else:
        connection.exec_driver_sql(query).fetchall()
    print("holds", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

store._db.write(work)
"""


@pytest.mark.parametrize("way", ["plain", "pipeline"])
def test_a_node_frozen_in_the_middle_of_a_transaction_holds_others_up_for_seconds(settings, way):
    with open_store(settings, NOON) as store:
        store.inbox.keep(some_keeps(1))
        claimed = store.inbox.claim(1, NOON, LEASE)
        program = a_program(FROZEN, settings.url, way)
        try:
            lines_until(program, 1)
            began = time.monotonic()
            store.inbox.release(claimed)  # wants the row that the frozen node has locked
            assert time.monotonic() - began < 25, "seconds, not the minute"
            assert look(store, "select state from inbox") == [("waiting",)]
        finally:
            program.kill()
            program.communicate()
