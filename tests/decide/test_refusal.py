"""A letter that never arrived: it shows on the ticket, clocks run on, and the agents hear of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide.refusal import NonDelivery, on_settled, sent_without
from mailgate.model.delivery import OutboxState
from mailgate.model.events import AgentReplied, LetterRefused, TicketReopened, TicketResolved
from mailgate.model.letter import Audience, Letter, PartRef
from mailgate.model.person import Role
from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome, Status, TicketFile, Visibility
from tests.decide.build import ANN, ANN_AT, BOB, BOB_AT, KNOWN, MAX, MAX_AT, NOON, PIA, PIA_AT, Life, a_file, a_policy, a_scene


def sealed(event="agent_replied", *, to=MAX, audience=Audience.REQUESTER, closure=None, id="LETTERAA") -> Letter:
    return Letter(
        id=id, event=event, audience=audience, ticket=1042, desk="it", person=to, address=KNOWN[to].address, message_id="<1@x>", header=b"",
        body=b"", parts=(), boundary="", digest="", size=1, reverse_path="", automatic=False, proven=True, answer_is=Visibility.INTERNAL,
        made_at=NOON, closure=closure,
    )  # fmt: skip


def settled(letter, file, state=OutboxState.REFUSED, policy=None):
    return on_settled(a_scene(file, policy=policy), NonDelivery(letter, state.value, "550 5.1.1 no such user"), 700)


def a_lived(life: Life) -> TicketFile:
    return TicketFile(life.ticket, tuple(KNOWN.values()), ())


@pytest.mark.parametrize("state", [s for s in OutboxState if s not in (OutboxState.REFUSED, OutboxState.UNKNOWN)])
def test_a_letter_that_went_or_waits_is_no_news(state):
    assert settled(sealed(), a_file(), state) is None


def test_a_refused_answer_shows_on_the_ticket_and_the_owner_hears_of_it():
    decision = settled(sealed(), a_file())
    [entry] = decision.changes[0].entries
    assert entry.visibility is Visibility.INTERNAL and "550 5.1.1" in entry.text and MAX_AT in entry.text
    [letter] = decision.letters
    assert (letter.event, letter.audience, letter.person.address) == ("letter_refused", Audience.AGENT, BOB_AT)
    assert MAX_AT not in repr(decision.changes[0].events), "the address stands in the entry, not in the history"


def test_the_notice_of_it_says_whose_words_they_were_and_whether_they_count_as_none():
    file = a_file()
    words = replace(file.entries[-1], id=77, author=ANN, author_role=Role.AGENT, author_name="Ann Berg")
    file = replace(file, entries=(*file.entries, words))
    told = [
        (notice.kind.by, notice.kind.undone)
        for letter in (
            replace(sealed(), entry=words.id),
            replace(sealed(to=PIA, audience=Audience.PARTICIPANT), entry=words.id),
            sealed("reminder_due"),
        )
        for notice in settled(letter, file).letters
    ]
    assert told == [("Ann Berg", True), ("Ann Berg", False), ("", False)], "a machine's letter is nobody's, and a copy turns nothing back"


def test_a_refused_answer_did_not_stop_the_clock():
    life = Life().at("mon 10:00", AgentReplied, actor=BOB, letter="LETTERAA")
    assert life.cycle(Metric.FIRST_REPLY).outcome is Outcome.MET
    decision = settled(sealed(), a_lived(life))
    cycle = decision.changes[0].after.cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, cycle.annulled_by) == (Outcome.RUNNING, "LETTERAA")


def test_a_refused_copy_for_a_participant_or_an_agent_turns_no_clock_back():
    """(fault 32)"""
    life = Life().at("mon 10:00", AgentReplied, actor=BOB, letter="LETTERAA")
    for letter in (sealed(to=PIA, audience=Audience.PARTICIPANT), sealed("note_added", to=ANN, audience=Audience.AGENT)):
        decision = settled(letter, a_lived(life))
        assert decision.changes[0].after == life.ticket and decision.changes[0].events == ()
        assert [w.person.address for w in decision.letters] == [BOB_AT]
    assert PIA_AT in settled(sealed(to=PIA, audience=Audience.PARTICIPANT), a_lived(life)).changes[0].entries[0].text


def resolved(*, again: bool = False) -> Life:
    life = Life().at("mon 10:00", TicketResolved, actor=BOB, code="fixed", letter="LETTERAA")
    if again:
        life.at("mon 10:30", TicketReopened, actor=BOB).at("mon 11:00", TicketResolved, actor=BOB, code="fixed", letter="LETTERBB")
    return life


def test_a_refused_solution_opens_the_ticket_again():
    decision = settled(sealed("ticket_resolved", closure=1), a_lived(resolved()))
    assert decision.changes[0].after.status is Status.OPEN
    assert isinstance(decision.changes[0].events[0], LetterRefused)


def test_a_solution_that_was_replaced_meanwhile_does_not_take_the_new_one_back():
    file = a_lived(resolved(again=True))
    assert file.ticket.closure == 2
    assert settled(sealed("ticket_resolved", closure=1), file).changes[0].after.status is Status.RESOLVED
    assert settled(sealed("ticket_resolved", closure=2, id="LETTERBB"), file).changes[0].after.status is Status.OPEN


def test_nobody_knows_is_told_and_changes_nothing():
    decision = settled(sealed(), a_file(), OutboxState.UNKNOWN)
    assert decision.changes[0].events == () and [w.kind.state for w in decision.letters] == ["unknown"]
    for lost in (sealed("rating_given"), sealed("sla_warned", to=ANN, audience=Audience.AGENT), sealed("reminder_due")):
        assert settled(lost, a_file(), OutboxState.UNKNOWN) is None


def test_the_refused_notice_about_a_refused_letter_ends_there():
    decision = settled(sealed("letter_refused", to=ANN, audience=Audience.AGENT), a_file())
    assert decision.letters == () and decision.changes[0].entries


def test_who_could_not_be_reached_is_not_written_to_about_it():
    decision = settled(sealed("note_added", to=BOB, audience=Audience.AGENT), a_file(Status.NEW))
    assert [w.person.address for w in decision.letters] == [ANN_AT]


# --- without its files --------------------------------------------------------------------------------------------------------

LOG = PartRef(7, "2", "trace.log", "text/plain", 31_000_000, "0" * 64, False, "")


def lightened(letter, file, policy=None):
    return sent_without(a_scene(file, policy=policy), letter, (LOG,), "552 5.3.4 too large", 700)


def test_an_answer_that_leaves_without_a_file_shows_on_its_ticket_and_the_owner_hears_of_it():
    decision = lightened(sealed(), a_file())
    [change] = decision.changes
    assert change.before == change.after and change.events == (), "the words have left: no clock is turned back"
    assert "trace.log" in change.entries[0].text and change.entries[0].visibility is Visibility.INTERNAL
    assert [(w.event, w.person.address, w.kind.left) for w in decision.letters] == [
        ("letter_lightened", BOB_AT, (("trace.log", 31_000_000),))
    ]


def test_a_notice_names_to_its_own_reader_what_it_comes_without():
    assert lightened(sealed("requester_wrote", to=ANN, audience=Audience.AGENT), a_file()).letters == ()


def test_the_letter_about_it_can_be_switched_off():
    assert lightened(sealed(), a_file(), a_policy(letters={"letter_lightened": False})).letters == ()
