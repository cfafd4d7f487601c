"""Wrong configuration never starts, and says everything that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailgate import settings
from mailgate.cli.init import write_configuration
from mailgate.model.policy import Metric, Target, When
from mailgate.settings import Mistaken
from tests.fakes.signer import in_pem, rsa_key


def folder_with(tmp_path: Path, **changes: str) -> Path:
    """The brought configuration with texts replaced: `policy={"old": "new"}` by way of old -> new pairs."""
    write_configuration(tmp_path / "config", dict(changes.items()))
    return tmp_path / "config"


def mistakes_of(folder: Path) -> list[str]:
    with pytest.raises(Mistaken) as mistaken:
        settings.load(folder)
    return [str(mistake) for mistake in mistaken.value.mistakes]


def edit(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    text = (folder / name).read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / name).write_text(text)


def test_what_init_writes_can_be_loaded(tmp_path: Path) -> None:
    loaded = settings.load(folder_with(tmp_path))
    assert loaded.policy.desks["it"].prefix == "IT"
    assert loaded.policy.slas["standard"].targets[(1, Metric.FIRST_REPLY)].minutes == 15
    assert loaded.policy.wants("ticket_opened") and not loaded.policy.wants("ticket_closed")


def test_promises_for_some_tickets_stand_beside_those_of_the_desk(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    requests = """[sla.requests]
order = 10
next_reply_from_first_message = true

[sla.requests.when]
kind = ["request"]
vip = false

[sla.requests.targets]
P4 = { pickup = "2h", first_reply = "78s", resolution = "80h" }

[timers]"""
    edit(folder, "policy.toml", ("[timers]", requests))
    slas = settings.load(folder).policy.slas
    assert slas["standard"].when == When()
    assert slas["requests"].when == When(kind=frozenset({"request"}), vip=False)
    assert (slas["requests"].order, slas["requests"].next_reply_from_first_message) == (10, True)
    assert slas["requests"].targets[(4, Metric.PICKUP)] == Target(120, "business")
    assert slas["requests"].targets[(4, Metric.FIRST_REPLY)].whole_s == 78


def test_an_agent_at_a_domain_beyond_ascii_is_known_by_the_name_that_mails_have(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    edit(folder, "policy.toml", ('mail = "ann@example.org"', 'mail = "Ann@müller.example"'))
    assert settings.load(folder).policy.agents["ann"].address == "Ann@xn--mller-kva.example"


def test_all_mistakes_of_both_files_are_said_at_once_with_their_lines(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    edit(
        folder,
        "policy.toml",
        ("prefix = ", "prefx = "),
        ('sla = "standard"', 'sla = "standrd"'),
        ('mon = ["08:00-18:00"]', 'mon = ["18:00-08:00"]'),
    )
    edit(folder, "mailgate.toml", ("port = 2424", "port = 99999"))
    found = mistakes_of(folder)
    lines = (folder / "policy.toml").read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if line.startswith("prefx"))
    assert any(f"policy.toml:{number} " in m and 'no such key: did you mean "prefix"?' in m for m in found), found
    assert any("desks.it.prefix" in m and "is missing" in m for m in found), found
    assert any(m.startswith("mailgate.toml:") and "doors.0.port" in m for m in found), found


MEANINGS: tuple[tuple[str, str, str, str], ...] = (
    ("policy.toml", 'sla = "standard"', 'sla = "standrd"', 'no sla "standrd": did you mean "standard"?'),
    ("policy.toml", "[timers]", "[sla.standard.when]\ndesk = ['itt']\n[timers]", 'no desk "itt": did you mean "it"?'),
    ("policy.toml", "[timers]", "[sla.standard.when]\ngroup = ['its']\n[timers]", 'no group "its": did you mean "it"?'),
    ("policy.toml", "[timers]", "[sla.standard.when]\ncategory = ['vpn']\n[timers]", 'no category "vpn"'),
    ("policy.toml", "[timers]", "[sla.standard.when]\norganisation = ['acme']\n[timers]", 'no organisation "acme"'),
    ("policy.toml", "[timers]", "[sla.standard.when]\nkind = ['wish']\n[timers]", "incident"),
    ("policy.toml", 'group = "it"', 'group = "its"', 'no group "its": did you mean "it"?'),
    ("policy.toml", 'mon = ["08:00-18:00"]', 'mon = ["18:00-08:00"]', "is no opening time"),
    ("policy.toml", 'mon = ["08:00-18:00"]', 'mon = ["08:00-12:00", "11:00-18:00"]', "overlap"),
    ("policy.toml", 'timezone = "Europe/Berlin"', 'timezone = "Europe/Berlinn"', "is no time zone"),
    ("policy.toml", 'lead = "ann"', 'lead = "anna"', 'no agent "anna": did you mean "ann"?'),
    ("policy.toml", 'lead = "ann"', 'lead = "zoe"', 'no agent "zoe": there are "ann", "bob"'),
    ("policy.toml", 'mail = "ann@example.org"', 'mail = "support@example.org"', "is the address of a desk"),
    ("policy.toml", 'mail = "ann@example.org"', 'mail = "ann@' + "ü" * 64 + '.example"', "longer than 63 octets"),
    ("policy.toml", 'mail = "bob@example.org"', 'mail = "ann@example.org"', "belongs to agents.ann as well"),
    ("policy.toml", 'agents_prove_by = "token"', 'agents_prove_by = "domain"', "[verify] in mailgate.toml names nobody"),
    ("policy.toml", 'agents_prove_by = "token"', 'agents_prove_by = "both"', "[verify] in mailgate.toml names nobody"),
    ("mailgate.toml", "# servers = [", 'servers = ["mx example"]#', "is not the name of a server"),
    ("mailgate.toml", "# stamps_from = [", 'stamps_from = ["mx.example.org"]#', "is no address or network"),
    ("mailgate.toml", "# stamps_from = [", 'stamps_from = ["0.0.0.0/0"]#', "lets anybody in 0.0.0.0/0 write a stamp"),
    ("mailgate.toml", "# stamps_from = [", 'stamps_from = ["2001:db8::/16"]#', "write a stamp himself and command as an agent"),
    ("mailgate.toml", "# dns = false ", 'dns = true\nresolver = ["dns.example.org"]\n#', "is no resolver"),
    ("mailgate.toml", "# resolver = [", 'resolver = ["127.0.0.1:53"]#', "is asked nothing without"),
    ("mailgate.toml", "# time_limit = ", 'time_limit = "5m"#', "mails wait for it"),
    ("mailgate.toml", 'host = "127.0.0.1"    ', 'host = ""\ninsiders = true #', "listens on loopback only"),
    ("policy.toml", 'language = "en"', 'language = "xx"', 'no letters in "xx"'),
    ("mailgate.toml", "# [web]", '[web]\nbase_url = "https://help.example.org"\nlisten = "8080"', "is no address with a port"),
    ("mailgate.toml", "# [web]", '[web]\nbase_url = "https://help.example.org"\nlisten = "127.0.0.1:99999"', "is no address with a port"),
    ("mailgate.toml", "# [web]", '[web]\nbase_url = "https://help.example.org"\nlisten = "::1:8080"', "is no address with a port"),
    ("mailgate.toml", "# [web]", '[web]\nbase_url = "https://help.example.org"\nlisten = "a b:80"', "is no address with a port"),
    *(
        ("mailgate.toml", "# [web]", f'[web]\nlisten = "127.0.0.1:8080"\nbase_url = "{url}"', words)
        for url, words in (
            ("http://help.example.org", "what only the reader of a letter should see"),
            ("javascript:alert(1)", "is nothing that a link can begin with"),
            ("https://", "is nothing that a link can begin with"),
            ("https://user@help.example.org", "is nothing that a link can begin with"),
            ("https://help.example.org/?x", "is nothing that a link can begin with"),
            ("https://help.example.org/#x", "is nothing that a link can begin with"),
            ("https://help.example.org/../x", "is nothing that a link can begin with"),
            ("https://help.example.org:99999", "a port that there is not"),
            ("https://hélp.example.org", "is nothing that a link can begin with"),
            ("ftp://help.example.org", "is nothing that a link can begin with"),
            ("https://help.example.org/a b", "is nothing that a link can begin with"),
            ("//help.example.org", "is nothing that a link can begin with"),
        )
    ),
    ("mailgate.toml", "# [web]", '[web]\nlisten = "127.0.0.1:8080"', "needs both `listen` and `base_url`"),
    ("mailgate.toml", "# [web]", '[web]\nbase_url = "https://help.example.org"', "needs both `listen` and `base_url`"),
    ("policy.toml", "ticket_closed = false", "ticket_closd = false", 'did you mean "ticket_closed"?'),
    ("policy.toml", 'P1 = { first_reply = "15m"', 'P1 = { first_reply = "15 apples"', "is no duration"),
    ("mailgate.toml", 'mail = "postmaster@example.org"', 'mail = "support@example.org"', "would come back as a ticket"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me:geheim@db/mailgate"', "holds a password"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me@db/mailgate?password=geheim"', "holds a password"),
    ("mailgate.toml", 'url = "mailgate.db"', 'url = "postgresql://me@db/mailgate"\npassword_file = "nowhere"', "is not there"),
    ("mailgate.toml", 'kind = "maildir"  ', 'kind = "smtp"\nuser = "me"\n#', "needs `password_file`"),
)


@pytest.mark.parametrize(("name", "old", "new", "words"), MEANINGS, ids=[new[:40] for _, _, new, _ in MEANINGS])
def test_a_mistake_in_the_meaning_is_told_with_the_way_out(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    folder = folder_with(tmp_path)
    edit(folder, name, (old, new))
    assert any(words in mistake for mistake in mistakes_of(folder)), mistakes_of(folder)
    assert not any("geheim" in mistake for mistake in mistakes_of(folder))


@pytest.mark.parametrize("address", ["support@example.org", "Support@EXAMPLE.org", "support+ann@example.org"])
def test_an_agent_at_the_address_of_a_desk_is_refused(tmp_path: Path, address: str) -> None:
    """Each notice to him would come back as a mail of his, and be told to him (fault 68)."""
    folder = folder_with(tmp_path)
    edit(folder, "policy.toml", ('mail = "ann@example.org"', f"mail = '{address}'"))
    assert any("is the address of a desk" in mistake for mistake in mistakes_of(folder)), mistakes_of(folder)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "keys").chmod(0o644)
    assert any("chmod 600" in mistake for mistake in mistakes_of(folder))


@pytest.mark.parametrize("keys", ["", "zz" * 32, "ab" * 8])
def test_a_bad_key_is_refused_and_never_shown(tmp_path: Path, keys: str) -> None:
    folder = folder_with(tmp_path)
    (folder / "keys").write_text(keys)
    found = mistakes_of(folder)
    assert any(" keys " in mistake for mistake in found)
    assert not keys or not any(keys in mistake for mistake in found)


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    edit(folder, "policy.toml", ("[groups.it]", "[groups.it"))
    number = (folder / "policy.toml").read_text().split("\n").index("[groups.it") + 1
    assert [mistake.split()[0] for mistake in mistakes_of(folder)] == [f"policy.toml:{number}"]


def test_no_secret_shows_in_the_repr_of_the_settings(tmp_path: Path) -> None:
    """(fault 125)"""
    folder = folder_with(tmp_path)
    key = next(line for line in (folder / "keys").read_text().splitlines() if not line.startswith("#"))
    loaded = settings.load(folder)
    assert key not in repr(loaded) and repr(bytes.fromhex(key)) not in repr(loaded)


def test_a_configuration_is_looked_for_where_the_manual_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_with(tmp_path)
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert settings.places.configuration() == Path("config")
    monkeypatch.chdir("/")
    monkeypatch.setenv("MAILGATE_CONFIG", str(folder))
    assert settings.places.configuration() == folder
    monkeypatch.setenv("MAILGATE_CONFIG", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match="mailgate init"):
        settings.places.configuration()


def test_own_templates_replace_single_files(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "templates" / "ticket_opened").mkdir(parents=True)
    (folder / "templates" / "ticket_opened" / "requester.txt").write_text("Subject: ours\n\nOurs.\n")
    texts, _ = settings.brought_templates(folder)
    assert texts["ticket_opened/requester.txt"] == "Subject: ours\n\nOurs.\n"
    assert len(texts) > 5


def _with_dkim(folder: Path, *tables: str) -> None:
    path = folder / "mailgate.toml"
    path.write_text(path.read_text() + "".join(f"\n[[dkim]]\n{table}\n" for table in tables))


_KEY = 'domain = "example.org"\nselector = "mg1"\nkey_file = "dkim.pem"'


@pytest.mark.parametrize(
    ("data", "mode", "words"),
    [
        (None, 0o600, "is not there; `mailgate dkim key example.org mg1"),
        (b"canary horse", 0o600, "is no private key in PEM"),
        (rsa_key(1024), 0o600, "is an RSA key of 1024 bits"),
        (rsa_key(), 0o644, "others can read"),
        (rsa_key(), 0o640, "and so sign in our name: chmod 600"),
    ],
    ids=["missing", "garbage", "short", "world", "group"],
)
def test_a_key_that_cannot_sign_or_is_not_ours_alone_is_refused(tmp_path: Path, data: Any, mode: int, words: str) -> None:
    folder = folder_with(tmp_path)
    _with_dkim(folder, _KEY)
    if data is not None:
        (folder / "dkim.pem").write_bytes(data if isinstance(data, bytes) else in_pem(data))
        (folder / "dkim.pem").chmod(mode)
    found = mistakes_of(folder)
    assert any("dkim.0.key_file" in mistake and words in mistake for mistake in found), found
    assert not any("canary" in mistake for mistake in found)


def test_one_selector_twice_and_names_that_dns_cannot_hold_are_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "dkim.pem").write_bytes(in_pem(rsa_key()))
    (folder / "dkim.pem").chmod(0o600)
    _with_dkim(folder, _KEY, _KEY)
    assert any('"mg1" of example.org stands here twice' in mistake for mistake in mistakes_of(folder))
    for wrong in ("mg_1", "-a", "a b", "", "a" * 200):
        other = folder_with(tmp_path / f"x{len(wrong)}")
        _with_dkim(other, _KEY.replace("mg1", wrong))
        assert any("dkim.0.selector" in mistake and "is not a selector" in mistake for mistake in mistakes_of(other)), wrong


def test_keys_are_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "dkim.pem").write_bytes(in_pem(rsa_key()))
    (folder / "dkim.pem").chmod(0o600)
    _with_dkim(folder, _KEY.replace("mg1", "MG1"))
    [key] = settings.load(folder).dkim
    assert (key.selector, key.domain, key.key_file) == ("mg1", "example.org", str(folder / "dkim.pem"))


@pytest.mark.parametrize(
    ("listen", "base_url", "place", "path"),
    [
        ("127.0.0.1:8080", "https://help.example.org", ("127.0.0.1", 8080), ""),
        ("[::1]:8080", "https://help.example.org/desk/", ("::1", 8080), "/desk"),
        (":80", "http://127.0.0.1:8080", ("", 80), ""),
        ("localhost:0", "http://[::1]/a/b", ("localhost", 0), "/a/b"),
    ],
)
def test_a_web_door_listens_at_one_place_and_is_called_by_another(
    tmp_path: Path, listen: str, base_url: str, place: tuple[str, int], path: str
) -> None:
    folder = folder_with(tmp_path)
    edit(folder, "mailgate.toml", ("# [web]", f'[web]\nlisten = "{listen}"\nbase_url = "{base_url}"'))
    web = settings.load(folder).web
    assert (web.place, web.path, web.links) == (place, path, base_url.rstrip("/"))


def test_without_a_table_there_is_no_web_door(tmp_path: Path) -> None:
    assert settings.load(folder_with(tmp_path)).web.links == ""
