"""Agents read at once who wrote, from which address, and how far that is proven; nobody passes for one of them by a name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mailgate.compose import samples
from mailgate.compose.names import is_called_like_us
from mailgate.model.mail import Address
from mailgate.model.person import Role
from mailgate.model.ticket import Visibility
from mailgate.understand.mime.addresses import addresses
from tests.compose.desk import a_context, a_letter, flowing, header, policy, text

ANN = next(iter(policy().agents.values())).name


def asked(**changes):
    entry = replace(samples.an_entry("asked"), reverse="max@example.com", flags=("proof:none",), **changes)
    return entry


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("proof:none",), "not verified, only the email itself says so"),
        (("proof:token",), "verified, by a reply to an email that only they had"),
        (("proof:domain",), "verified, by the mail server"),
        (("proof:token", "proof:domain"), "verified, by a reply to our email and by the mail server"),
        (("proof:failed",), "not verified, and the address may be forged"),
        (("proof:forwarded",), "not verified, somebody else passed it on"),
    ],
)
@pytest.mark.parametrize("event", ["ticket_opened", "requester_wrote", "unverified_wrote"])
def test_a_notice_shows_the_address_and_how_far_it_is_proven(event: str, flags: tuple[str, ...], words: str):
    said = text(a_letter(event, "agent", entry=replace(asked(), flags=flags)))
    assert "max@example.com" in said and words in " ".join(said.split())


def test_an_entry_that_is_older_than_the_proof_says_nothing_of_it():
    said = flowing(a_letter("requester_wrote", "agent", entry=replace(asked(), flags=(), reverse=None)))
    assert "Sender:" not in said and " Max Muster, max@example.com, Monday, 1 June 2026" in said


def test_who_else_had_the_mail_is_named_with_name_and_address():
    copied = (Address("Eva Kraft", "eva@client.test"), Address("", "kim@client.test"))
    said = flowing(a_letter("ticket_opened", "agent", entry=asked(copied=copied)))
    assert "In copy: Eva Kraft <eva@client.test>" in said and "In copy: kim@client.test" in said


def test_the_signature_of_a_requester_is_there_below_the_marker_and_that_of_an_agent_is_not():
    said = text(a_letter("requester_wrote", "agent", entry=asked(signature="Max Muster\nRoom 4711")))
    assert said.index("Room 4711") > said.index(said.splitlines()[0])
    agents = replace(samples.an_entry("answered"), signature="Ann, extension 12")
    assert "extension 12" not in text(a_letter("agent_replied", "agent", entry=agents))


@pytest.mark.parametrize("line", ["-- ", "--", "---", "__"])
def test_the_line_that_begins_a_signature_is_left_out_or_programs_would_fold_the_rest_of_the_notice(line: str):
    said = text(a_letter("requester_wrote", "agent", entry=asked(signature=f"{line}\nMax Muster\nRoom 4711")))
    assert "Room 4711" in said and [row for row in said.splitlines() if row.strip() in ("--", line.strip())] == ["-- "], "our own footer"


def test_no_letter_to_the_outside_shows_address_proof_signature_or_copies():
    entry = replace(
        samples.an_entry("answered"),
        reverse="ann@example.org",
        flags=("proof:token",),
        signature="x4711",
        copied=(Address("", "eva@client.test"),),
    )
    for audience in ("requester", "participant"):
        said = text(a_letter("agent_replied", audience, entry=entry))
        assert not any(secret in said for secret in ("ann@example.org", "x4711", "eva@client.test", "verified"))


@pytest.mark.parametrize(
    "name",
    [
        ANN,
        ANN.upper(),
        ", ".join(reversed(ANN.split())),
        f"{ANN} (IT)",
        ANN.replace("A", "\u0410").replace("e", "\u0435"),
        ANN.replace("n", "n\u200b"),
        ANN.replace("e", "\u00e9"),
        "IT Support",
        "\uff29\uff34 Support",
    ],
)
def test_who_is_called_like_one_of_us_and_is_none_is_told_apart(name: str):
    """(fault 89)"""
    assert is_called_like_us(name, policy())
    letter = a_letter("ticket_opened", "agent", entry=asked(author_name=name))
    assert "(external)" in header(letter, "From") and "(external), max@example.com, Monday" in flowing(letter)


@pytest.mark.parametrize("name", ["Max Muster", "Anna Bergmann", "Ann", "Berg", "Support", ""])
def test_other_names_stay_as_they_are(name: str):
    assert not is_called_like_us(name, policy())


def test_an_agent_whose_own_request_is_not_proven_is_called_unverified():
    context = a_context("ticket_opened")
    agent = next(p for p in context.people.values() if p.name == ANN)
    people = {**context.people, agent.id: replace(agent, agent=next(iter(policy().agents)))}
    entry = asked(author=agent.id, author_name=ANN, author_role=Role.REQUESTER)
    assert "(unverified)" in header(a_letter("ticket_opened", "agent", entry=entry, context=replace(context, people=people)), "From")
    proven = replace(entry, flags=("proof:token",))
    assert "(unverified)" not in header(a_letter("ticket_opened", "agent", entry=proven, context=replace(context, people=people)), "From")


# --- the whole story ---------------------------------------------------------------------------------------------------------------


def a_story(**changes):
    context = a_context("ticket_assigned")
    assert context.file is not None
    first, second, *_ = context.file.entries
    note = replace(second, id=77, visibility=Visibility.INTERNAL, text="He broke it himself.", author_role=Role.AGENT)
    machine = replace(first, id=78, text="I am away.", hidden=True)
    entries = changes.pop("entries", (first, second, note, machine))
    ticket = replace(context.file.ticket, **changes)
    return replace(context, file=replace(context.file, ticket=ticket, entries=entries))


def test_whoever_is_given_a_ticket_reads_all_of_it_and_gets_its_files():
    letter = a_letter("ticket_assigned", "agent", context=a_story())
    said = text(letter)
    assert all(words in said for words in ("VPN", "He broke it himself.", "a note, only the team sees it"))
    assert "I am away." not in said
    assert [part.name for part in letter.parts] == [a.name for a in samples.an_entry("asked").attachments]


def test_whom_the_ticket_is_about_does_not_read_what_only_others_may():
    context = a_story()
    assert context.file is not None
    reader = samples.ANN.id
    said = text(a_letter("ticket_assigned", "agent", context=a_story(requester=reader)))
    assert "He broke it himself." not in said


def test_a_very_long_story_is_told_from_its_end():
    first = samples.an_entry("asked")
    entries = tuple(replace(first, id=n, text=f"Number {n}: " + "x" * 5000) for n in range(100))
    said = text(a_letter("ticket_assigned", "agent", context=a_story(entries=entries)))
    assert "Number 99:" in said and "Number 1:" not in said and re.search(r"\n\d+ older messages aren't shown here\.", said)


FORGED = [
    '"ann@example.org" <eve@evil.example>', '"Ann Berg <ann@example.org>" <eve@evil.example>',
    "=?utf-8?q?ann=40example=2Eorg?= <eve@evil.example>", "=?utf-8?b?QW5uIDxhbm5AZXhhbXBsZS5vcmc+?= <eve@evil.example>",
    "Ann\u202eBerg\u2066 <eve@evil.example>", "\u200bAnn\u00ad Berg\ufeff <eve@evil.example>", "Ann Berg\x00\x1b[2J <eve@evil.example>",
    "Ann Berg <ann@ex\u0430mple.org>", "\u0410nn Berg <ann@\u0435xample.org>", "Ann <ann@example.org.evil.example>",
]  # fmt: skip


@pytest.mark.parametrize("written", FORGED)
def test_whatever_a_name_pretends_to_be_the_real_address_stands_beside_it(written: str):
    """Another address as a name, letters that turn around or cannot be seen, a domain of letters that look alike (fault 89)."""
    [author] = addresses([written.encode()], 9)
    assert author.address.isascii() and author.address != "ann@example.org"
    letter = a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), author_name=author.name, reverse=author.address))
    said = flowing(letter)
    [byline] = re.findall(r"the team sees it\. (?:The ticket is open again\. )?(?:Now .*? eve@example\.net\. )?(.*?), Monday, 1 June", said)
    assert byline.endswith(author.address) and byline.count("@") == 1, "the real one, and no other beside it"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u202a-\u202e\u2066-\u2069\ufeff]", said + header(letter, "From"))
    assert header(letter, "From").endswith(" <support@example.org>")
