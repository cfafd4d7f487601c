"""A mail that is passed on: whose ticket it opens, who hears of it, and what a claim alone cannot do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailgate.decide import authority
from mailgate.decide.rules import rules_for
from mailgate.model.decision import Decision
from mailgate.model.events import TicketOpened
from mailgate.model.evidence import Proof, Verdict, VerdictKind
from mailgate.model.mail import Address, Attachment, Forwarded, Kind
from mailgate.model.person import Role
from mailgate.model.policy import Forwards, Metric, Policy, ProveBy
from mailgate.model.ticket import Outcome
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB_AT,
    EVE_AT,
    MAX,
    MAX_AT,
    NOON,
    SUPPORT,
    a_mail,
    a_notice,
    a_policy,
    decided,
    entries,
    event,
    events,
    faults,
    inside,
    letters,
    outside,
)  # fmt: skip
from tests.decide.life import replay

EVA_AT = "eva@client.example"
FILE = Attachment("screen.png", "image/png", 9, "b" * 64, False, "", "2!2")


def a_forward(above: str = "", author: str = EVA_AT, **more: Any) -> Forwarded:
    given: dict[str, Any] = {
        "author": Address("Eva Brandt", author), "date": "Tue, 3 Mar 2026 10:15", "subject": "Printer", "text": "The printer is dead.",
        "quoted": "", "message_id": "<eva-1@client.example>", "form": "attached", "attachments": (FILE,), "language": "en",
    }  # fmt: skip
    return Forwarded(above=above, **{**given, **more})


def by_ann(above: str = "", original: Forwarded | None = None, **around: Any) -> Decision:
    """What follows when Ann passes Eva's mail on to the address of a letter that was made for her and is about no ticket."""
    letter = around.pop("letter", a_notice(ANN, "agent_welcomed", ticket=None))
    mail = a_mail(ANN_AT, above, answers=letter, subject="Fwd: Printer", forwarded=original or a_forward(above), **around.pop("mail", {}))
    return decided(mail, letters=(letter,), **around)


def with_colleagues(**desk: Any) -> Policy:
    policy = a_policy()
    home = replace(policy.desks["it"], forwards=Forwards.COLLEAGUES, colleagues=frozenset({"elsewhere.example"}), **desk)
    return replace(policy, desks={**policy.desks, "it": home})


def test_a_forward_of_a_proven_agent_opens_the_ticket_for_who_wrote_first():
    decision = by_ann()
    assert events(decision) == ["ticket_opened", "watcher_added"]
    (change,) = decision.changes
    (requester,) = decision.people
    assert (requester.name, requester.address, requester.proven) == ("Eva Brandt", EVA_AT, False)
    assert change.after.requester == requester.id
    assert change.after.title == "Printer"
    assert change.after.watchers() == (ANN,)
    (entry,) = change.entries
    assert (entry.text, entry.author, entry.author_role, entry.attachments) == (
        "The printer is dead.",
        requester.id,
        Role.REQUESTER,
        (FILE,),
    )
    assert entry.message_id == "<eva-1@client.example>"
    assert decision.proof.token


def test_its_clocks_start_when_the_forward_arrived():
    (change,) = by_ann().changes
    cycle = change.after.cycle(Metric.FIRST_REPLY)
    assert cycle is not None
    assert (cycle.outcome, cycle.started_at) == (Outcome.RUNNING, NOON)


def test_who_wrote_first_is_acknowledged_as_an_unproven_stranger_in_answer_to_his_own_mail():
    (ack,) = outside(by_ann())
    assert (ack.event, ack.person.address, ack.automatic, ack.proven) == ("ticket_opened", EVA_AT, True, False)
    assert (ack.answers, ack.thread) == ("<eva-1@client.example>", ("<eva-1@client.example>",))


def test_an_acknowledgement_names_no_mail_that_its_reader_never_saw():
    (ack,) = outside(by_ann(original=a_forward(message_id=None, form="gmail")))
    assert (ack.answers, ack.thread) == (None, ())


def test_the_group_and_the_forwarder_hear_of_it():
    assert inside(by_ann()) == [("ticket_opened", ANN_AT), ("ticket_opened", BOB_AT)]


def test_answers_to_the_original_lead_to_its_ticket():
    assert "<eva-1@client.example>" in by_ann().message_ids
    assert "<eva-1@client.example>" not in by_ann(message_ids={"<eva-1@client.example>": 7}).message_ids


def test_what_an_agent_writes_above_is_a_note_and_never_leaves():
    decision = by_ann("She is a difficult one.\nBe kind.")
    assert entries(decision) == [("public", "The printer is dead."), ("internal", "She is a difficult one.\nBe kind.")]
    assert events(decision) == ["ticket_opened", "watcher_added", "note_added"]
    assert [letter.entry for letter in outside(decision)] == [None]
    note = decision.changes[0].entries[1]
    assert (note.author, note.attachments, note.id) == (ANN, (), 502)


def test_commands_above_a_forward_are_carried_out_on_its_ticket():
    decision = by_ann("#take\n#priority P2\nCall her back.")
    (change,) = decision.changes
    assert (change.after.owner, change.after.priority) == (ANN, 2)
    assert entries(decision)[1] == ("internal", "Call her back.")
    assert {verb for _, verb in decision.commands} == {"take", "priority"}
    assert change.before is None


@pytest.mark.parametrize(
    ("above", "code"), [("#noet\nx", "E_UNKNOWN"), ("#reply\nHello Eva", "E_CONFLICT"), ("#priority P9\nx", "E_VALUE")]
)
def test_a_faulty_command_above_a_forward_opens_nothing_and_comes_back(above: str, code: str):
    decision = by_ann(above)
    assert decision.changes == ()
    assert [found for found, _ in faults(decision)] == [code]
    assert letters(decision) == [("commands_refused", ANN_AT)]


@pytest.mark.parametrize("above", ["#noet\nx", "#reply\nHello Eva", "#priority P9\nx", "#resolv"])
def test_what_cannot_be_done_and_cannot_come_back_is_a_ticket_of_the_forwarders_with_all_words(above: str):
    """A list's mail, or one that says bulk: no machine may answer it, so nobody would hear that nothing was done."""
    decision = by_ann(above, answer=False, answer_because="precedence: bulk")
    assert letters(decision) == [] or "commands_refused" not in dict(letters(decision))
    (change,) = decision.changes
    assert change.before is None
    assert change.after.requester == ANN, "nothing of hers can reach whoever wrote first"
    first, *others = entries(decision)
    assert first[1] == above
    assert any("Eva Brandt wrote first" in text for _, text in others), "and agents read why it is not hers"


def test_the_ticket_can_be_rebuilt_from_its_history():
    (change,) = by_ann("#take\n#priority P2\nCall her back.").changes
    blank = replace(change.after, status=type(change.after.status).NEW, priority=4, owner=None, members=(), cycles=(), next_check_at=None,
                    timers=(), waiting_since=None)  # fmt: skip
    assert replay(blank, [(e, NOON) for e in change.events], rules_for(a_policy(), blank)) == change.after


def test_a_from_alone_passes_nothing_on():
    mail = a_mail(ANN_AT, "fyi", subject="Fwd: Printer", forwarded=a_forward("fyi"))
    decision = decided(mail)
    assert event(decision, TicketOpened).requester == ANN
    assert [visibility for visibility, _ in entries(decision)] == ["public", "internal"]
    assert "Eva Brandt wrote first" in entries(decision)[1][1]
    assert EVA_AT not in [letter.person.address for letter in decision.letters]
    assert any(line.rule == "forward" for line in decision.trace)


@pytest.mark.parametrize("spoilt", [
    {"letter": a_notice(ANN, "agent_welcomed", ticket=None, spent_at=NOON)},
    {"letter": a_notice(ANN, "agent_welcomed", ticket=None, made_at=NOON - timedelta(days=31))},
    {"letter": a_notice(MAX, "agent_welcomed", ticket=None)},
])  # fmt: skip
def test_a_token_that_is_spent_old_or_another_persons_passes_nothing_on(spoilt: dict[str, Any]):
    decision = by_ann(**spoilt)
    assert event(decision, TicketOpened).requester == ANN


def test_an_agent_without_proof_still_gets_his_commands_back():
    decision = decided(a_mail(ANN_AT, "#take\nfyi", subject="Fwd: Printer", forwarded=a_forward("#take\nfyi")))
    assert decision.changes == ()
    assert letters(decision) == [("commands_refused", ANN_AT)]


@pytest.mark.parametrize("author", ["support@example.org", ANN_AT, "moderator", "a b@client.example", "x@localhost"])
def test_some_authors_cannot_have_a_ticket_by_a_forward(author: str):
    decision = by_ann(original=a_forward(author=author))
    assert event(decision, TicketOpened).requester == ANN


def test_a_noreply_author_gets_the_ticket_and_no_letter():
    decision = by_ann(original=a_forward(author="noreply@shop.example"))
    assert outside(decision) == []
    assert "letter_suppressed" in events(decision)


def test_an_author_whom_we_know_is_not_made_anew():
    decision = by_ann(original=a_forward(author=MAX_AT))
    assert decision.people == ()
    assert decision.changes[0].after.requester == MAX


def test_a_customers_forward_is_his_own_mail():
    decision = decided(a_mail(MAX_AT, "see below", subject="Fwd: Printer", forwarded=a_forward("see below")))
    assert event(decision, TicketOpened).requester == MAX
    assert entries(decision) == [("public", "see below")]


def test_a_desk_may_do_without():
    policy = a_policy()
    never = replace(policy, desks={"it": replace(policy.desks["it"], forwards=Forwards.NEVER)})
    assert event(by_ann(policy=never), TicketOpened).requester == ANN


def test_a_machines_forward_is_a_machines_mail():
    assert "ticket_opened" not in events(by_ann(kind=Kind.AUTO_REPLY))


def by_eve(above: str = "", *, proven: bool = True, monkeypatch: pytest.MonkeyPatch) -> Decision:
    proof = Proof(domain=proven, because="dkim=pass" if proven else "no verdict")
    monkeypatch.setattr(authority, "proof_in", lambda s: (proof, ()))
    return decided(a_mail(EVE_AT, above, subject="Fwd: Printer", forwarded=a_forward(above)), policy=with_colleagues())


def test_a_colleague_whose_domain_is_proven_takes_part_in_the_authors_ticket(monkeypatch: pytest.MonkeyPatch):
    decision = by_eve("He is right, I saw it.", monkeypatch=monkeypatch)
    (change,) = decision.changes
    eva, eve = decision.people
    assert (eva.address, eve.address) == (EVA_AT, EVE_AT)
    assert change.after.outsiders() == (eva.id, eve.id)
    assert entries(decision) == [("public", "The printer is dead."), ("internal", "He is right, I saw it.")]
    assert [letter.person.address for letter in outside(decision)] == [EVA_AT]


def test_a_colleague_without_proof_has_a_ticket_of_his_own(monkeypatch: pytest.MonkeyPatch):
    decision = by_eve("see below", proven=False, monkeypatch=monkeypatch)
    assert [person.address for person in decision.people] == [EVE_AT]
    assert "the domain of the forwarder is not proven" in entries(decision)[1][1]


def test_a_colleagues_commands_are_text(monkeypatch: pytest.MonkeyPatch):
    decision = by_eve("#take", monkeypatch=monkeypatch)
    assert decision.changes[0].after.owner is None
    assert entries(decision)[1] == ("internal", "#take")


def test_a_forward_to_two_desks_opens_a_ticket_at_each_and_none_where_it_is_sent_on():
    policy = a_policy()
    policy = replace(policy, desks={id_: replace(desk, agents_prove_by=ProveBy.DOMAIN) for id_, desk in policy.desks.items()})
    verdict = Verdict(VerdictKind.PASS, "example.org", "mx.example.org", "dmarc=pass")

    def passed_on(to: str = SUPPORT, **around: Any) -> Decision:
        mail = a_mail(ANN_AT, subject="Fwd: Printer", forwarded=a_forward(), message_id="<fwd@example.org>", to=(to, "people@example.org"))
        return decided(mail, policy=policy, verdict=verdict, **around)

    known = frozenset(passed_on().once)
    other = passed_on(once=known, read_elsewhere=True)
    assert known and "ticket_opened" in events(other) and known.isdisjoint(other.once)
    assert not events(passed_on(once=known)), "the same desk once more"
    assert not events(passed_on("more@example.org", once=known, read_elsewhere=True)), "a desk that the mail does not name"
