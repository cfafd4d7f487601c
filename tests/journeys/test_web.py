"""The web door of a running gateway: the links of real letters, what a requester's page shows and to whom, and how links end."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate.cli import app
from mailgate.model import token
from mailgate.model.decision import Change, Decision
from mailgate.model.events import TicketMerged
from mailgate.model.ticket import Status, Visibility
from mailgate.record.rows import ToRecord
from tests.journeys.browsing import BASE, Seen, links, post, visit, web_port, with_web
from tests.journeys.scanners import standing
from tests.journeys.served import environment
from tests.journeys.world import ANN, BOB, EVE, MAX, SUPPORT, World

#: Words that no byte of a requester's page may hold, and who has them.
NOTE, NOTICE, OTHERS = "canary-of-a-note", "canary-of-a-colleague", "canary-of-somebody-else"


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path, changes=with_web) as one:
        yield one


def solved(world: World, words: str = "The profile was too old.") -> list[str]:
    """A ticket of Max that Ann has solved: the five links of the closing letter, best first."""
    world.send(MAX, SUPPORT, "VPN drops", "Hello, since this morning the VPN drops.")
    world.letter(MAX)
    world.clock.turn(minutes=30)
    world.answer(ANN, world.letter(ANN, "VPN drops"), f"#resolve\n{words}")
    return [link for link in links(world.letter(MAX, words).data) if "/r/" in link]


def page_of(world: World, number: int = 1, to: str = MAX) -> str:
    """The link to the requester's page that the newest letter to this requester stands for."""
    world.settle()
    rows = [row.letter for row in world.store.outbox.of_ticket(number) if row.letter.address == to]
    return f"{BASE}/t/{token.page_detail(world.settings.ring, rows[-1].id)}"


def look(world: World, link: str) -> Seen:
    return visit(web_port(world), link)


# --- ratings ---------------------------------------------------------------------------------------------------------------


def test_the_closing_letter_asks_with_five_links_to_the_base_url(world: World) -> None:
    found = solved(world)
    assert [link.split(".")[-2] for link in found] == ["5", "4", "3", "2", "1"]
    assert all(link.startswith(f"{BASE}/r/") for link in found)
    for link, score in zip(found, "54321", strict=True):
        seen = look(world, link)
        assert seen.status == 200 and seen.text.count(" checked") == 1 and f'value="{score}" required checked' in seen.text
    assert standing(world) == {}, "looking rates nothing"


def test_without_a_web_door_they_are_ready_made_mails_and_no_library_of_it_is_loaded(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        assert solved(world) == []
        assert "mailto:" in "".join(one.data.decode() for one in world.letters_for(MAX)) and world._running.program.web is None
    there = "[m for m in ('starlette', 'uvicorn', 'h11', 'anyio') if m in sys.modules]"
    loaded = f"import sys, mailgate.app.program, mailgate.cli.serve; print({there})"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, env=environment(), check=True)
    assert done.stdout.strip() == b"[]"


def test_a_form_that_is_sent_rates_and_may_be_sent_again_with_another_score(world: World) -> None:
    links_ = solved(world)
    assert post(web_port(world), links_[0], score="5", comment="Quick!").headline == "Thanks for your rating."
    world.pass_time(minutes=2)
    assert standing(world) == {(1, 1): 5}
    assert post(web_port(world), links_[0], score="2", comment="It fails again.").headline == "We're sorry this didn't go well."
    world.pass_time(minutes=2)
    assert standing(world) == {(1, 1): 2}


def test_a_form_without_a_score_comes_back_with_its_comment(world: World) -> None:
    seen = post(web_port(world), solved(world)[0], comment="</textarea><b>x")
    assert seen.status == 400 and 'role="alert"' in seen.text and "&lt;/textarea&gt;&lt;b&gt;x</textarea>" in seen.text
    assert standing(world) == {}


def test_different_scores_within_seconds_are_a_programs_and_none_stands(world: World) -> None:
    found = solved(world)
    for link, score in zip(found, "54321", strict=True):
        post(web_port(world), link, score=score)
    world.pass_time(minutes=2)
    assert standing(world) == {}
    assert not any("rated" in one.header("Subject") for one in world.letters_for(ANN)), "nobody is alarmed by a machine"
    # A person who comes afterwards is counted.
    assert post(web_port(world), found[1], score="4").headline == "Thanks for your rating."
    world.pass_time(minutes=2)
    assert standing(world) == {(1, 1): 4}


def test_a_rating_long_after_closing_is_told_kindly_that_it_is_late(world: World) -> None:
    link = solved(world)[0]
    world.pass_time(days=20)
    world.pass_time(days=20)
    seen = look(world, link)
    assert seen.status == 200 and "<form" not in seen.text and seen.headline == "This rating came too late."
    assert post(web_port(world), link, score="5").headline == "This rating came too late."
    assert standing(world) == {}


# --- what the page shows ---------------------------------------------------------------------------------------------------


def a_busy_ticket(world: World) -> None:
    """Max's, with files, a note, a participant's mail, and Eve's ticket beside it."""
    mail = world.a_mail(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops. My card is 4111 1111 1111 1111.", Cc=EVE)
    mail.add_attachment(b"\x89PNG\r\n\x1a\nmax", maintype="image", subtype="png", filename="screen.png")
    world.deliver(mail.as_bytes(policy=SMTP), MAX, [SUPPORT])
    ack, notice = world.letter(MAX), world.letter(ANN, "VPN drops")
    note = world.a_mail(ANN, notice.reply_address, f"Re: {notice.header('Subject')}", f"#note\n{NOTE} {BOB}")
    note["In-Reply-To"] = notice.header("Message-ID")
    note.add_attachment(b"internal octets", maintype="image", subtype="png", filename=f"{NOTE}.png")
    world.deliver(note.as_bytes(policy=SMTP), ANN, [notice.reply_address])
    world.settle()
    assert NOTE in world.ticket(1).entries[-1].text
    world.clock.turn(minutes=5)
    world.answer(ANN, notice, "Which version is it?")
    world.letter(MAX, "Which version")
    world.clock.turn(minutes=5)
    # Eve got hold of a letter to Max: what she writes is for agents alone, until one of them admits it.
    world.answer(EVE, ack, f"{OTHERS} says Eve.")
    world.settle()
    assert OTHERS in world.ticket(1).entries[-1].text
    world.send(EVE, SUPPORT, f"{OTHERS} subject", f"{OTHERS} text")
    world.letter(ANN, f"{OTHERS} text")


def test_the_page_shows_what_was_written_and_sent_and_nothing_else_in_any_byte(world: World) -> None:
    a_busy_ticket(world)
    seen = look(world, page_of(world))
    assert seen.status == 200 and seen.headline
    for words in ("the VPN drops", "Which version is it?", "screen.png", "Ann", "IT-1", "CEST", "It works until"):
        assert words in seen.text, words
    for words in (NOTE, NOTICE, OTHERS, "Berg", "4111", ANN, BOB, EVE, "Bob", "Eve", "P3", "group", "internal", "#"):
        body = seen.text.partition("<body>")[2].replace("&#39;", "'").replace("&#34;", '"')
        assert words not in body, words


def test_of_what_the_requester_wrote_only_public_words_are_shown(world: World) -> None:
    """Whoever is an agent as well may have written notes, and whose name was misused has written nothing."""
    world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops.")
    world.letter(MAX)
    file = world.ticket(1)
    first, ids = file.entries[0], world.store.numbers.take("entry", 4)
    kinds = [(Visibility.INTERNAL, False), (Visibility.UNVERIFIED, False), (Visibility.PUBLIC, True), (Visibility.PUBLIC, False)]
    more = tuple(
        replace(first, id=id_, visibility=kind, hidden=hidden, text=f"words {kind.value} {hidden}", attachments=())
        for id_, (kind, hidden) in zip(ids, kinds, strict=True)
    )
    change = Change(file.ticket, file.ticket, (), more)
    world.store.record([ToRecord(None, Decision(changes=(change,)), ())], world.clock())
    assert re.findall("words [a-z]+ [A-Z][a-z]+", look(world, page_of(world)).text) == ["words public False"]


def test_an_answer_that_waits_and_may_be_taken_back_is_not_shown(tmp_path: Path) -> None:
    def held(config: Path) -> None:
        with_web(config)
        text = (config / "mailgate.toml").read_text()
        (config / "mailgate.toml").write_text(f'letters = "hold"\n{text}')

    with World(tmp_path, changes=held) as world:
        world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops.")
        world.settle()
        notice = next(row.letter for row in world.store.outbox.of_ticket(1) if row.letter.address == ANN)
        detail = token.reply_detail(world.settings.ring, notice.id)
        answer = world.a_mail(ANN, f"support+{detail}@example.org", "Re: VPN drops", "A hasty answer.", In_Reply_To=notice.message_id)
        world.deliver(answer.as_bytes(policy=SMTP), ANN, [f"support+{detail}@example.org"])
        world.settle()
        assert "A hasty answer." in [e.text.strip() for e in world.ticket(1).entries]
        link = page_of(world)
        assert "A hasty answer." not in look(world, link).text and "the VPN drops" in look(world, link).text
        world.store.outbox.release(world.clock())
        world.settle()
        assert "A hasty answer." in look(world, link).text


def test_files_of_public_entries_can_be_saved_and_no_others(world: World) -> None:
    a_busy_ticket(world)
    link = page_of(world)
    name = next(a.sha256 for e in world.ticket(1).entries for a in e.attachments if a.name == "screen.png")[:20]
    hidden = next(a.sha256 for e in world.ticket(1).entries for a in e.attachments if NOTE in a.name)[:20]
    saved = look(world, f"{link}/f/{name}")
    assert saved.body == b"\x89PNG\r\n\x1a\nmax" and saved.headers["content-disposition"].startswith("attachment; ")
    assert saved.headers["content-type"] == "image/png" and "sandbox" in saved.headers["content-security-policy"]
    for other in (hidden, name[:-1], "", "x", "1"):
        assert look(world, f"{link}/f/{other}").status == 404, other
    assert look(world, f"{page_of(world, 2, EVE)}/f/{name}").status == 404, "another ticket's page"


#: What a browser would open in the place of a page, as mails call it.
ACTIVE = (
    "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "application/pdf", "text/javascript",
    "application/x-shockwave-flash", "text/css", "image/png2", "text/plain",
)  # fmt: skip


def test_what_could_act_is_saved_as_octets_whatever_its_mail_calls_it(world: World) -> None:
    """(fault 107, CVE-2022-25802, CVE-2024-39126)"""
    mail = world.a_mail(MAX, SUPPORT, "Files", "Hello, here are files.")
    mail.make_mixed()
    for number, kind in enumerate(ACTIVE):
        part = EmailMessage()
        part.set_content(b"<script>alert(%d)</script>" % number, "application", "octet-stream", filename=f"f{number}.html")
        part.replace_header("Content-Type", kind)
        mail.attach(part)
    world.deliver(mail.as_bytes(policy=SMTP), MAX, [SUPPORT])
    world.letter(MAX)
    link = page_of(world)
    files = [a for e in world.ticket(1).entries for a in e.attachments]
    assert len(files) == len(ACTIVE) and {each.type for each in files} >= {"text/html", "image/svg+xml"}
    for each in files:
        seen = look(world, f"{link}/f/{each.sha256[:20]}")
        assert seen.status == 200 and seen.headers["content-type"] == "application/octet-stream", each
        assert seen.headers["content-disposition"].startswith("attachment; ") and seen.headers["x-content-type-options"] == "nosniff", each
        assert "sandbox" in seen.headers["content-security-policy"], each


def test_the_page_rates_what_was_solved_and_shows_the_score_that_stands(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops.")
    world.letter(MAX)
    assert "<form" not in look(world, page_of(world)).text, "nothing is solved yet"
    assert post(web_port(world), page_of(world), score="5").status == 409
    world.answer(ANN, world.letter(ANN, "VPN drops"), "#resolve\nDone.")
    world.letter(MAX, "Done.")
    link = page_of(world)
    assert "<form" in look(world, link).text and " checked" not in look(world, link).text
    assert post(web_port(world), link, score="4").headline == "Thanks for your rating."
    world.pass_time(minutes=2)
    assert standing(world) == {(1, 1): 4}
    assert 'value="4" required checked' in look(world, link).text


def test_its_links_to_answer_and_close_are_the_signed_addresses_of_its_letter(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops.")
    world.letter(MAX)
    seen = look(world, page_of(world))
    letter = page_of(world).rpartition("/")[2][:8].upper()
    ring = world.settings.ring
    assert f"mailto:support+{token.reply_detail(ring, letter)}@example.org?" in seen.text
    close = token.action_detail(ring, letter, "close")
    assert f"mailto:support+{close}@example.org?" in seen.text
    world.send(MAX, f"support+{close}@example.org", "close", "close")
    world.settle()
    assert world.ticket(1).ticket.status in (Status.RESOLVED, Status.CLOSED)


# --- who gets in, and how long ----------------------------------------------------------------------------------------------


def test_no_other_signature_opens_a_page_and_nothing_says_what_is_wrong_with_a_link(world: World) -> None:
    """(CVE-2026-40496, GHSA-qjr9)"""
    """Each purpose has a key of its own: who may answer, rate or report has no page by that, nor the other way round."""
    a_busy_ticket(world)
    ring, good = world.settings.ring, page_of(world).rpartition("/")[2]
    letter, mac = good.split(".")
    mine = letter.upper()
    to_others = [row.letter.id for row in world.store.outbox.of_ticket(1) if row.letter.address in (ANN, BOB, EVE)]
    wrong = [
        f"{letter}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}", f"{letter}.{mac}0", f"{letter}.{mac[:-1]}", letter, f"{letter}.", f".{mac}",
        token.reply_detail(ring, mine), token.bounce_detail(ring, mine), token.action_detail(ring, mine, "close"),
        token.rating_detail(ring, mine, 5), token.page_detail(ring, "ZZZZZZZZ"), token.page_detail(token.Keyring((b"other" * 7,)), mine),
        *(token.page_detail(ring, other) for other in to_others), "x" * 5000, "%00", "'", '"><script>',
    ]  # fmt: skip
    answers = {look(world, f"{BASE}/{where}/{one}").body for one in wrong for where in ("t", "r")}
    statuses = {look(world, f"{BASE}/{where}/{one}").status for one in wrong for where in ("t", "r")}
    assert statuses == {404} and len(answers) == 1
    assert look(world, f"{BASE}/r/{good}").status == 404 and look(world, f"{BASE}/t/{good}").status == 200
    # As somebody types it from paper.
    assert look(world, f"{BASE}/t/{good.upper().replace('0', 'O')}").status == 200


def test_a_link_ends_in_its_time_and_the_next_letter_brings_another(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "Hello, the VPN drops.")
    world.letter(MAX)
    link = page_of(world)
    world.clock.turn(days=30, seconds=-1)
    assert look(world, link).status == 200
    world.clock.turn(seconds=1)
    seen = look(world, link)
    assert (seen.status, seen.headline) == (410, "This link has run out.") and "VPN" not in seen.text
    assert look(world, f"{link}/f/x").status == 410 and post(web_port(world), link, score="5").status == 410


def test_links_that_were_withdrawn_lead_nowhere_and_later_ones_do(world: World) -> None:
    found, link = solved(world), page_of(world)
    assert look(world, link).status == 200
    config = str(world.folder / "config")
    for _ in range(2):
        done = CliRunner().invoke(app, ["tickets", "withdraw-links", "IT-1", "--config", config])
        assert done.exit_code == 0, done.output
        # A command goes by the machine's clock, which is ahead of this world's.
    assert CliRunner().invoke(app, ["tickets", "withdraw-links", "99", "--config", config]).exit_code == 1
    assert look(world, link).status == 410 and look(world, found[0]).status == 410
    assert "page_links_withdrawn" in world.events(1)
    world.clock.at = world.store.tickets.files([1])[1].ticket.pages_void_before
    world.answer(MAX, world.mailboxes.letters[-1], "It fails again.")
    world.letter(ANN, "fails again")
    world.answer(ANN, [one for one in world.letters_for(ANN) if "fails again" in one.text][-1], "Try once more.")
    world.letter(MAX, "Try once more")
    assert look(world, page_of(world)).status == 200


def change(world: World, number: int, after: object, *events: object) -> None:
    before = world.store.tickets.files([number])[number].ticket
    outcome = ToRecord(None, Decision(changes=(Change(before, replace(before, **after), events),)), ())
    world.store.record([outcome], world.clock())


def test_a_ticket_that_is_somebody_elses_by_now_is_not_shown_to_who_had_it(world: World) -> None:
    a_busy_ticket(world)
    link = page_of(world)
    eve = world.ticket(2).ticket.requester
    change(world, 1, {"requester": eve})
    assert look(world, link).status == 410
    assert "VPN" not in look(world, link).text


def test_a_page_of_a_merged_ticket_leads_on_to_the_one_it_went_into(world: World) -> None:
    world.send(MAX, SUPPORT, "VPN drops", "The first words.")
    world.letter(MAX)
    world.send(MAX, SUPPORT, "Mail hangs", "The other words.")
    world.letter(MAX)
    world.settle()
    link = page_of(world, 2)
    change(world, 2, {"status": Status.MERGED, "merged_into": 1}, TicketMerged(at=world.clock(), into=1))
    seen = look(world, link)
    assert seen.status == 200 and "IT-1" in seen.text and "The first words." in seen.text and "The other words." in seen.text
    # Not where its reader has nothing to do with that one.
    world.send(EVE, SUPPORT, "Mine", "Words of Eve.")
    world.letter(EVE)
    change(world, 1, {"status": Status.MERGED, "merged_into": 3}, TicketMerged(at=world.clock(), into=3))
    assert look(world, link).status == 410


def test_what_somebody_writes_in_anothers_name_is_shown_to_nobody_on_a_page(world: World) -> None:
    """The acknowledgement to an address that never proved anything brings no link: its page would show the forger's words as ours."""
    world.send(MAX, SUPPORT, "Click here", "https://evil.example/")
    assert links(world.letter(MAX).data) == []


# --- the log ---------------------------------------------------------------------------------------------------------------


def test_no_link_stands_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = solved(world)
        link = page_of(world)
        for one in (*found, link, f"{link}x", f"{link}/f/x"):
            look(world, one)
            post(web_port(world), one, score="5")
        world.settle()
    secrets = {one.rpartition(".")[2] for one in (*found, link)}
    ours = [one for one in caplog.records if not one.name.startswith("mail.log")]  # the relay of this stage tells what it hears
    told = "\n".join(record.getMessage() + str(record.exc_text or "") for record in ours)
    assert told and not [one for one in secrets if one in told]
