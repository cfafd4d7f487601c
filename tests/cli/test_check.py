"""`mailgate check` tells the mistakes of all stages in one run, in our words, and waits for nobody for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate import settings
from mailgate.app import checks, wall_clock
from mailgate.app.plain import plainly
from mailgate.model.installation import DoorSettings
from mailgate.settings.keys import SHORTEST_KEY
from tests.cli.house import House, configured
from tests.settings.test_mistakes import OF_A_LIBRARY, edit

pytestmark = pytest.mark.database("sqlite", because="what is checked is beside the record")


@contextmanager
def listening(says: bytes) -> Iterator[int]:
    """Somebody on a port of loopback who says this to whoever comes, and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        kept = []

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                kept.append(peer)
                peer.sendall(says)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
    for one in kept:
        one.close()


def lines(house: House) -> tuple[list[str], int]:
    done = house.run("check")
    said = done.output.splitlines()
    for line in said:
        assert "Traceback" not in line and not OF_A_LIBRARY.search(line), line
    return said, done.exit_code


def wrong(said: list[str]) -> list[str]:
    return [line.removeprefix("no  ") for line in said if line.startswith("no  ")]


def test_the_mistakes_of_every_stage_are_told_in_one_run(tmp_path: Path) -> None:
    with listening(b"220 another program\r\n") as taken:
        house = configured(tmp_path)
        edit(
            house.config,
            "mailgate.toml",
            ("# workers = 2", "worker = 2 #"),
            ("port = 0", f'port = {taken}\n[[doors]]\nkind = "smtp"\nhost = "198.51.100.7"\nport = 2525'),
            ('kind = "maildir" ', 'kind = "smtp"\nhost = "127.0.0.1"\nport = 9\ntls = "none" #'),
            ("[verify]", '[verify]\ndns = true\nresolver = ["127.0.0.1:9"]\ntime_limit = "1s"'),
            ("# Tokens in place", '[[mailboxes]]\nname = "a"\ndesk = "it"\nhost = "127.0.0.1"\nport = 9\nuser = "me"\n'
                                  'password_file = "pw"\ntls = "none"\n#'),
        )  # fmt: skip
        edit(house.config, "policy.toml", ('sla = "standard"', 'sla = "standrd"'))
        (house.config / "pw").write_text("geheim")
        (house.config / "pw").chmod(0o600)
        own = house.config / "templates" / "ticket_opened"
        own.mkdir(parents=True)
        (own / "requester.txt").write_text("Subject: x\n\n{{ nonsense }\n")
        (house.config / "keys").write_text("")
        (house.config / "mailgate.db").chmod(0o644)
        said, code = lines(house)
    assert code == 78
    told = wrong(said)
    for part in (
        "reader.worker",
        "desks.it.sla",
        "keys ",
        "letters ",
        "ticket_opened/requester.txt",
        "chmod 600",
        "another program has this port (it says '220 another program')",
        "host is no address of this machine",
        "mailbox       a at 127.0.0.1 port 9",
        "nobody listens on that port",
        "relay ",
    ):
        assert any(part in line for line in told), (part, said)
    assert not any("geheim" in line for line in said)
    assert "with them nothing is started" in said[-1]


def test_dns_is_asked_where_the_policy_is_sound(tmp_path: Path) -> None:
    house = configured(tmp_path)
    edit(house.config, "mailgate.toml", ("[verify]", '[verify]\ndns = true\nresolver = ["127.0.0.1:9"]\ntime_limit = "1s"'))
    said, code = lines(house)
    assert code == 1 and [line.split()[0] for line in wrong(said)] == ["dns"]


# --- doors ------------------------------------------------------------------------------------------------------------------


def a_door(port: int, host: str = "127.0.0.1") -> DoorSettings:
    return DoorSettings("lmtp", host, port, "desk.example.org")


@pytest.mark.parametrize(
    ("greeting", "serving", "fine"),
    [
        (b"220 desk.example.org LMTP ready\r\n", False, True),  # ours, on a record of a server that says nothing
        (b"220 other.example.org LMTP ready\r\n", False, False),
        (b"220 desk.example.org ESMTP ready\r\n", False, False),  # another door of ours is not this one
        (b"220 other.example.org LMTP ready\r\n", True, True),  # a serve has our file, and so its ports
        (b"\x1b]0;owned\x07", False, False),
    ],
)
def test_who_has_the_port_of_a_door_is_told(greeting: bytes, serving: bool, fine: bool) -> None:
    with listening(greeting) as port:
        words, good = checks._listener(a_door(port), serving)
    assert good is fine
    assert fine or "choose another port" in words
    assert "\x1b" not in words or fine


@pytest.mark.parametrize(
    ("error", "words"), [(13, "CAP_NET_BIND_SERVICE"), (99, "is no address of this machine"), (105, "the system says ENOBUFS")]
)
def test_what_keeps_a_door_shut_is_told_in_words(monkeypatch: pytest.MonkeyPatch, error: int, words: str) -> None:
    class Refused(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(error, "in the system's own words")

    monkeypatch.setattr(socket, "socket", Refused)
    said, fine = checks._listener(a_door(25), serving=False)
    assert words in said and not fine and "own words" not in said


def test_a_host_of_a_door_that_is_no_name_is_told() -> None:
    assert "neither an address nor a name" in checks._listener(a_door(2424, "no such host"), serving=False)[0]


@pytest.mark.parametrize(
    ("host", "verify", "told"),
    [
        ("0.0.0.0", 'servers = ["mx.example.org"]', True),
        ("", "microsoft = true", True),
        ("192.0.2.7", 'servers = ["mx.example.org"]', True),
        ("::", 'servers = ["mx.example.org"]', True),
        ("127.0.0.1", 'servers = ["mx.example.org"]', False),
        ("::1", "microsoft = true", False),
        ("0.0.0.0", "dns = true", False),  # nobody's word is taken there
        ("0.0.0.0", "", False),
    ],
)
def test_a_stamp_that_anybody_can_write_is_told(tmp_path: Path, host: str, verify: str, told: bool) -> None:
    """Who reaches a door with a stamp of his own would be believed to be anybody (fault 86)."""
    house = configured(tmp_path)
    edit(house.config, "mailgate.toml", ('host = "127.0.0.1"', f'host = "{host}"'), ("[verify]", f"[verify]\n{verify}"))
    found = list(checks._stamps(settings.examine(house.config)))
    assert bool(found) is told
    for name, words, fine in found:
        assert (name, fine) == ("stamps", False) and "127.0.0.1 behind the server that stamps" in words


# --- far away -----------------------------------------------------------------------------------------------------------------


def test_a_relay_that_takes_the_call_and_says_nothing_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PATIENCE", timedelta(milliseconds=300))
    with listening(b"") as port:
        house = configured(tmp_path)
        edit(
            house.config,
            "mailgate.toml",
            ('kind = "maildir" ', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\ntls = "none" #'),
            ("# Tokens in place", f'[[mailboxes]]\nname = "a"\ndesk = "it"\nhost = "127.0.0.1"\nport = {port}\nuser = "me"\n'
                                  'password_env = "NONE"\ntls = "none"\n#'),
        )  # fmt: skip
        began = time.monotonic()
        found = {name: (words, fine) for name, words, fine in checks._far_away(settings.examine(house.config), wall_clock())}
    assert time.monotonic() - began < 60
    for name in ("relay", "mailbox"):
        words, fine = found[name]
        assert not fine and ("no answer" in words or "too long to answer" in words), words


def test_who_hangs_for_ever_holds_up_nobody_and_is_told() -> None:
    never = threading.Event()

    def hangs() -> tuple[str, bool]:
        never.wait()
        return "", True

    def breaks() -> tuple[str, bool]:
        raise ConnectionRefusedError(111, "Connection refused")

    answers = list(checks.at_once([hangs, lambda: ("well", True), breaks], 0.2))
    never.set()
    assert [fine for _, fine in answers] == [False, True, False]
    assert "no answer within" in answers[0][0] and answers[2][0].startswith("nobody listens on that port")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("the relay cannot be reached: [Errno 111] Connection refused", "the relay cannot be reached: nobody listens"),
        ("the relay cannot be reached: Name or service not known", "DNS does not know this name"),
        ("TLS with the relay failed: WRONG_VERSION_NUMBER", "speaks no TLS on this port"),
        ("TLS with mx failed: certificate has expired", "whoever runs it has to renew it"),
        ("refused the connection: 554 5.7.1 go away", "refused the connection: 554 5.7.1 go away"),
    ],
)
def test_a_librarys_words_are_replaced_and_a_servers_own_stay(said: str, told: str) -> None:
    assert told in plainly(said)


# --- keys and database -------------------------------------------------------------------------------------------------------


def test_another_key_than_the_database_was_made_with_is_refused_with_the_way_out(tmp_path: Path) -> None:
    house = configured(tmp_path)
    old, new, newer = (f"{number:02x}".join(f"{octet:02x}" for octet in range(SHORTEST_KEY)) for number in (1, 2, 3))

    def with_keys(*keys: str) -> None:
        (house.config / "keys").write_text("\n".join(keys) + "\n")

    def adopt(accept: bool = False) -> None:
        with house.store() as store:
            store.standing.adopt_keys(settings.load(house.config).ring.prints, accept)

    with_keys(old)
    adopt()
    with_keys(new)
    said, code = lines(house)
    assert code == 1
    [told] = wrong(said)
    assert told.startswith("keys") and "Put the file with the old keys back" in told and "keys.accept_other = true" in told
    assert old not in told and new not in told
    with pytest.raises(Exception, match="was made with other keys"):
        adopt()
    with_keys(new, old)  # as a key is changed
    adopt()
    with_keys(newer, new)
    adopt()
    with_keys(old)
    with pytest.raises(Exception, match="was made with other keys"):
        adopt()
    adopt(accept=True)
    assert lines(house)[1] == 0
