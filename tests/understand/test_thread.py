"""How a mail finds its ticket: which evidence it carries, and what counts when it disagrees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.mail import Address, Mail, Report
from mailgate.model.policy import Desk, Policy
from mailgate.model.reason import Reason
from mailgate.model.token import (
    Keyring,
    action_detail,
    anchor_id,
    bounce_detail,
    message_id,
    rating_detail,
    reply_detail,
    subject_token,
    thread_id,
)
from mailgate.understand.answers.thread import cited_ids, find_evidence, settle

RING = Keyring((b"0" * 32,))
OTHER_RING = Keyring((b"1" * 32,))
IT = Desk(id="it", address="support@example.org", prefix="IT", name="IT", group="first", aliases=("help@example.org",))
HR = Desk(id="hr", address="people@example.org", prefix="HR", name="HR", group="people")
POLICY = Policy(digest="d", desks={"it": IT, "hr": HR}, agents={}, groups={}, calendars={}, slas={})
A, B, C = "AAAAAAAA", "BBBBBBBB", "CCCCCCCC"
MAX, EVE = "max@home.example", "eve@elsewhere.example"


def a_mail(**parts: object) -> Mail:
    empty = Mail(
        message_id="<m1@home.example>", date=None, subject="", authors=(Address("Max", MAX),), sender=(), reply_to=(), to=(), cc=(),
        delivered_to=(), in_reply_to=(), references=(), headers=(), content_type="text/plain", report_type="", text="", html=None,
        new_text="", quoted="", signature="", inline_answers=False, new_html=None, attachments=(), language=None, defects=(),
    )  # fmt: skip
    return replace(empty, **parts)  # type: ignore[arg-type]


def to(*addresses: str) -> tuple[Address, ...]:
    return tuple(Address("", address) for address in addresses)


def found(mail: Mail, recipients: tuple[str, ...] = ("support@example.org",), policy: Policy = POLICY) -> tuple[Evidence, ...]:
    return find_evidence(mail, recipients, RING, policy, IT)


def signed(mail: Mail, recipients: tuple[str, ...] = ("support@example.org",)) -> list[tuple[str, str, str | None]]:
    """(kind, where, letter or ticket) of what is signed well."""
    return [
        (e.kind.value, e.where, e.letter or str(e.ticket))
        for e in found(mail, recipients)
        if e.valid and e.kind is not EvidenceKind.KNOWN_ID
    ]


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "recipients", "where"),
    [
        (a_mail(), (f"support+{reply_detail(RING, A)}@example.org",), "envelope"),
        (a_mail(to=to(f"support+{reply_detail(RING, A)}@example.org")), (), "to"),
        (a_mail(cc=to(f"help+{reply_detail(RING, A)}@example.org")), (), "cc"),
        (a_mail(delivered_to=(f"support+{reply_detail(RING, A)}@example.org",)), (), "delivered-to"),
        # Some mail programs change the case of an address.
        (a_mail(to=to(f"Support+{reply_detail(RING, A).upper()}@EXAMPLE.org")), (), "to"),
    ],
)
def test_a_signed_reply_address_is_found_wherever_it_stands(mail: Mail, recipients: tuple[str, ...], where: str):
    assert signed(mail, recipients) == [("reply_address", where, A)]


def test_the_same_token_in_envelope_and_header_is_one_piece_of_evidence():
    address = f"support+{reply_detail(RING, A)}@example.org"
    assert signed(a_mail(to=to(address)), (address,)) == [("reply_address", "envelope", A)]


def test_a_token_at_an_address_that_is_no_desk_of_ours_is_text():
    detail = reply_detail(RING, A)
    assert found(a_mail(to=to(f"support+{detail}@example.net", f"{detail}@example.org", f"max+{detail}@example.org"))) == (
        Evidence(EvidenceKind.KNOWN_ID, "message-id", "<m1@home.example>"),
    )


@pytest.mark.parametrize("detail", [reply_detail(OTHER_RING, A), reply_detail(RING, A)[:-1] + "z", "aaaaaaaa." + "0" * 16])
def test_a_bad_signature_is_shown_as_bad_and_names_no_letter(detail: str):
    first = found(a_mail(to=to(f"support+{detail}@example.org")))[0]
    assert (first.kind, first.valid, first.letter, first.ticket) == (EvidenceKind.REPLY_ADDRESS, False, None, None)


def test_what_an_address_is_for_is_read_and_its_token_is_never_shown_whole():
    details = [reply_detail(RING, A), action_detail(RING, A, "take"), rating_detail(RING, B, 4), bounce_detail(RING, C)]
    evidence = found(a_mail(to=to(*(f"support+{d}@example.org" for d in details))))[:4]
    assert [(e.letter, e.purpose, e.word) for e in evidence] == [
        (A, "reply", ""),
        (A, "action", "take"),
        (B, "rate", "4"),
        (C, "bounce", ""),
    ]
    assert not any(d.rpartition(".")[2] in e.value for d in details for e in evidence)


def test_of_two_desks_the_one_that_took_the_mail_in_is_believed_first():
    mail = a_mail(to=to(f"people+{reply_detail(RING, B)}@example.org", f"support+{reply_detail(RING, A)}@example.org"))
    assert [letter for _, _, letter in signed(mail)] == [A, B]


# --- Message-IDs --------------------------------------------------------------------------------------------------------


def test_own_message_ids_and_anchors_are_found_in_the_headers_of_an_answer():
    mail = a_mail(
        in_reply_to=(message_id(RING, 7, A, "example.org"),),
        references=(anchor_id(RING, 7, A, "example.org"), "<x@home.example>", message_id(RING, 9, B, "example.org")),
    )
    assert signed(mail) == [("own_id", "in-reply-to", A), ("own_id", "references", B), ("own_id", "references", A)]
    assert [e.ticket for e in found(mail)][:3] == [7, 9, 7]


def test_a_relay_that_rewrites_message_ids_leaves_the_anchor():
    mail = a_mail(in_reply_to=("<0100abc@relay.example>",), references=(anchor_id(RING, 7, A, "example.org"), "<0100abc@relay.example>"))
    first = found(mail)[0]
    assert (first.kind, first.letter, first.purpose) == (EvidenceKind.OWN_ID, A, "anchor")


def test_the_anchor_of_the_latest_letter_comes_before_letters_further_back():
    references = (anchor_id(RING, 7, B, "example.org"), message_id(RING, 7, A, "example.org"), "<0100abc@relay.example>")
    assert [letter for _, _, letter in signed(a_mail(references=references))] == [B, A]


def test_the_thread_of_a_ticket_finds_nothing_proves_nothing_and_is_never_recorded():
    thread = thread_id("IT", 1042, "example.org")
    mail = a_mail(in_reply_to=(thread,), references=(thread, thread.upper()))
    assert found(mail) == found(a_mail())
    assert cited_ids(mail) == ("<m1@home.example>",)
    report = a_mail(reported_ids=(thread,), report_type="delivery-status")
    assert found(report) == found(a_mail(report_type="delivery-status"))


def test_below_the_thread_of_its_ticket_the_anchor_is_found_where_it_stood_first():
    """The letter answered last is the one of the newest anchor: the ids of older ones stand behind it."""
    thread, older = thread_id("IT", 1042, "example.org"), message_id(RING, 1042, A, "example.org")
    anchor = anchor_id(RING, 1042, B, "example.org")
    mail = a_mail(references=(thread, anchor, older, "<rewritten-by-a-relay@relay.example>"))
    assert next(e.letter for e in found(mail) if e.kind is EvidenceKind.OWN_ID) == B


@pytest.mark.parametrize(
    "forged",
    [
        message_id(OTHER_RING, 7, A, "example.org"),
        message_id(RING, 7, A, "example.org").replace("<7.", "<8."),
        message_id(RING, 7, A, "example.org").replace(".aaaaaaaa.", ".bbbbbbbb."),
        anchor_id(RING, 7, A, "example.org").replace(".a.", "."),
    ],
)
def test_a_forged_message_id_of_ours_is_somebody_elses(forged: str):
    assert signed(a_mail(in_reply_to=(forged,), references=(forged,))) == []
    assert forged in cited_ids(a_mail(in_reply_to=(forged,)))


def test_a_report_names_the_letter_it_is_about_but_an_attached_letter_does_not():
    ids = (message_id(RING, 7, A, "example.org"),)
    report = Report("x@example.com", "failed", "5.1.1", None, True, "")
    assert signed(a_mail(reported_ids=ids, reports=(report,))) == [("own_id", "reported", A)]
    assert signed(a_mail(reported_ids=ids)) == []


def test_cited_ids_begin_with_the_mail_itself_and_name_each_once():
    mail = a_mail(in_reply_to=("<b@x>",), references=("<a@x>", "<b@x>"))
    assert cited_ids(mail) == ("<m1@home.example>", "<b@x>", "<a@x>")


def test_ten_thousand_references_are_not_all_looked_at():
    mail = a_mail(references=tuple(f"<{n}@x>" for n in range(10_000)))
    assert len(cited_ids(mail)) <= 120
    assert {"<0@x>", "<9999@x>"} <= set(cited_ids(mail))


# --- subjects -----------------------------------------------------------------------------------------------------------

T7, T9 = subject_token(RING, "IT", 7), subject_token(RING, "HR", 9)
BAD = "[IT-7-00000000]"


@pytest.mark.parametrize(
    ("subject", "tickets", "bad"),
    [
        (f"Re: printer {T7}", [7], 0),
        (f"{T7}", [7], 0),
        (f"AW: WG: {T7} Drucker geht nicht (Etage 3)", [7], 0),
        (f"Re: [EXTERNAL] printer {T7.lower()}", [7], 0),
        (f"Re: printer {T7} and {T9}", [7, 9], 0),
        (f"Re: {T9} {T7}", [9, 7], 0),  # the first valid one is believed
        (f"Re: {BAD} {T7}", [7], 1),
        (f"Re: {T7} {T7}", [7], 0),
        # Folded in the middle by a mail program.
        (f"Re: printer {T7.replace('-7-', '-7- ')}", [7], 0),
        (f"Re: printer {T7.replace('[IT-', '[IT- ')}", [7], 0),
        # Read from a screen: O for 0, I or L for 1.
        (f"Re: {T7.replace('0', 'O').replace('1', 'l')}", [7], 0),
        # Another ticket's number or another desk's prefix under this signature.
        (f"Re: {T7.replace('-7-', '-8-')}", [], 1),
        (f"Re: {T7.replace('[IT-', '[HR-')}", [], 1),
        (f"Re: {subject_token(OTHER_RING, 'IT', 7)}", [], 1),
        # Other systems' tokens, and what only looks like one, are text.
        ("Re: [x #79] order", [], 0),
        ("Re: [JIRA-1234-ABCDEFGH]", [], 0),
        ("Re: [#7] IT-7", [], 0),
        ("IT-7-K7QF3M9X without brackets", [], 0),
        ("Re: [IT-007-K7QF3M9X]", [], 0),
        ("[IT-7-K7QF3M9] [IT-7-K7QF3M9XX] [IT--K7QF3M9X]", [], 0),
        ("", [], 0),
        ("x" * 5000 + T7, [], 0),
    ],
)
def test_which_subject_finds_which_ticket(subject: str, tickets: list[int], bad: int):
    evidence = [e for e in found(a_mail(subject=subject)) if e.kind is EvidenceKind.SUBJECT_TOKEN]
    assert [e.ticket for e in evidence if e.valid] == tickets
    assert sum(not e.valid for e in evidence) == bad
    assert all(e.ticket is None for e in evidence if not e.valid)
    assert all(e.letter is None for e in evidence), "a subject finds; it names no letter that could authorise"


def test_a_predecessors_numbers_are_found_where_the_policy_has_a_pattern():
    policy = replace(POLICY, old_number_pattern=r"\[OldDesk #(\d+)\]")
    evidence = found(a_mail(subject="Re: [OldDesk #815] [OldDesk #0]"), policy=policy)
    assert [(e.kind, e.ticket) for e in evidence if e.ticket] == [(EvidenceKind.OLD_NUMBER, 815)]
    assert found(a_mail(subject="Re: [OldDesk #815]"))[-1].kind is EvidenceKind.KNOWN_ID


# --- what counts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    ticket: int | None


LETTERS = {A: Row(7), B: Row(9), C: Row(None)}
NOBODY: dict[str, int] = {}


def people(number: int) -> frozenset[str]:
    return frozenset({MAX}) if number in (7, 8) else frozenset({"ann@example.org"})


def everything() -> Mail:
    return a_mail(
        to=to(f"support+{reply_detail(RING, A)}@example.org"),
        in_reply_to=(message_id(RING, 9, B, "example.org"),),
        references=("<known@home.example>",),
        subject=f"Re: {subject_token(RING, 'IT', 11)} [OldDesk #8]",
    )


def test_all_evidence_is_kept_in_the_order_in_which_it_is_believed():
    policy = replace(POLICY, old_number_pattern=r"\[OldDesk #(\d+)\]")
    evidence = found(everything(), policy=policy)
    kinds = [e.kind for e in evidence]
    assert kinds == sorted(kinds, key=list(EvidenceKind).index)
    assert set(kinds) == set(EvidenceKind)
    thread = settle(evidence, LETTERS, {"<known@home.example>": 8}, people, MAX)
    assert (thread.ticket, thread.letter) == (7, A)
    assert len(thread.evidence) == len(evidence)
    assert {e.ticket for e in thread.evidence} == {7, 9, 11, 8, None}
    said = " ".join(map(str, thread.notes))
    assert "own_id says ticket 9" in said and "subject_token says ticket 11" in said and "known_id says ticket 8" in said


@pytest.mark.parametrize(
    ("without", "ticket", "letter"), [(0, 7, A), (1, 9, B), (2, 11, None), (3, 8, None), (4, 8, None), (5, None, None)]
)
def test_when_the_strongest_is_missing_the_next_decides(without: int, ticket: int | None, letter: str | None):
    policy = replace(POLICY, old_number_pattern=r"\[OldDesk #(\d+)\]")
    dropped = list(EvidenceKind)[:without]
    evidence = tuple(e for e in found(everything(), policy=policy) if e.kind not in dropped)
    thread = settle(evidence, LETTERS, {"<known@home.example>": 8}, people, MAX)
    assert (thread.ticket, thread.letter) == (ticket, letter)


@pytest.mark.parametrize("author", [EVE, "ann@example.org", None])
def test_a_known_message_id_counts_only_for_a_participant_of_its_ticket(author: str | None):
    evidence = found(a_mail(in_reply_to=("<known@home.example>",)))
    thread = settle(evidence, {}, {"<known@home.example>": 7}, people, author)
    assert thread.ticket is None
    assert any("takes no part" in str(note) for note in thread.notes)
    assert settle(evidence, {}, {"<known@home.example>": 7}, people, MAX).ticket == 7


def test_an_old_number_is_unsigned_so_it_counts_only_for_a_participant():
    evidence = found(a_mail(subject="[OldDesk #7]"), policy=replace(POLICY, old_number_pattern=r"#(\d+)"))
    assert settle(evidence, {}, NOBODY, people, EVE).ticket is None
    assert settle(evidence, {}, NOBODY, people, MAX).ticket == 7


def test_a_mail_that_overtook_its_question_is_found_by_its_own_id():
    # The answer came first and cited <m1@...>; now comes <m1@...> itself.
    assert settle(found(a_mail()), {}, {"<m1@home.example>": 7}, people, MAX).ticket == 7


def test_a_stranger_with_a_signed_address_finds_the_ticket_and_authority_decides_the_rest():
    evidence = found(a_mail(to=to(f"support+{reply_detail(RING, A)}@example.org")))
    assert settle(evidence, LETTERS, NOBODY, people, EVE).ticket == 7


def test_the_letters_row_says_where_it_belongs_not_the_number_in_its_id():
    evidence = found(a_mail(in_reply_to=(message_id(RING, 7, B, "example.org"),)))
    assert settle(evidence, LETTERS, NOBODY, people, MAX).ticket == 9
    assert settle(evidence, {}, NOBODY, people, MAX).ticket == 7  # its row is gone; the number is signed


def test_a_letter_about_no_ticket_is_answered_without_one():
    evidence = found(a_mail(to=to(f"support+{reply_detail(RING, C)}@example.org")))
    thread = settle(evidence, LETTERS, NOBODY, people, MAX)
    assert (thread.ticket, thread.letter) == (None, C)
    assert [note.values[2] for note in thread.notes] == [Reason("doubt.about_none")]  # and not that nobody knows it


def test_a_letter_about_no_ticket_is_not_what_a_mail_about_a_ticket_answers():
    evidence = found(a_mail(to=to(f"support+{reply_detail(RING, C)}@example.org"), subject=T7))
    thread = settle(evidence, LETTERS, NOBODY, people, MAX)
    assert (thread.ticket, thread.letter) == (7, None)


def test_what_is_badly_signed_never_counts():
    evidence = (Evidence(EvidenceKind.SUBJECT_TOKEN, "subject", "…", ticket=7, valid=False), *found(a_mail(subject=T9)))
    assert settle(evidence, LETTERS, NOBODY, people, MAX).ticket == 9


def test_a_letter_that_nobody_knows_any_more_is_noted():
    evidence = found(a_mail(to=to(f"support+{reply_detail(RING, 'DDDDDDDD')}@example.org"), subject=T7))
    thread = settle(evidence, LETTERS, NOBODY, people, MAX)
    assert thread.ticket == 7
    assert any("no such letter" in str(note) for note in thread.notes)


def test_a_ticket_that_does_not_exist_gives_way_to_the_next_evidence():
    evidence = found(a_mail(subject=f"{subject_token(RING, 'IT', 400)} {T7}"))
    thread = settle(evidence, {}, NOBODY, people, MAX, exists=lambda number: number < 100)
    assert thread.ticket == 7
    assert "there is no ticket 400" in str(thread.notes[0])


def test_subject_tokens_are_ignored_for_whoever_sent_too_many_bad_ones():
    evidence = found(a_mail(subject=T7, in_reply_to=(message_id(RING, 9, B, "example.org"),)))
    assert settle(evidence, LETTERS, NOBODY, people, EVE, ignore_subject_tokens=True).ticket == 9
    assert settle(found(a_mail(subject=T7)), LETTERS, NOBODY, people, EVE, ignore_subject_tokens=True).ticket is None


def test_evidence_that_agrees_needs_no_note():
    mail = a_mail(to=to(f"support+{reply_detail(RING, A)}@example.org"), in_reply_to=(message_id(RING, 7, A, "example.org"),), subject=T7)
    assert settle(found(mail), LETTERS, NOBODY, people, MAX).notes == ()


def test_a_mail_that_names_nothing_belongs_to_nothing():
    thread = settle(found(a_mail(subject="Printer")), {}, NOBODY, people, MAX)
    assert (thread.ticket, thread.letter, thread.notes) == (None, None, ())
