"""The weekly report is written once for each week and reader, whatever happens between, and says what `mailgate report` says."""

from __future__ import annotations

import csv
import email
import email.policy
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import StringIO

import pytest

from mailgate.compose import samples
from mailgate.compose.writing import LetterWriter
from mailgate.decide import weekly
from mailgate.decide.reporting import due_week
from mailgate.gateway.reporting import ReportRound
from mailgate.model.reporting import ReportSettings
from tests.compose.desk import templates
from tests.figures.lives import policy, recorded
from tests.record.builders import a_store

HEADS = ("head@example.org", "Deputy@Example.org")
#: Monday, 30 March 2026, 7:00 in Berlin, where summer time began the day before.
DUE = datetime(2026, 3, 30, 5, 0, tzinfo=UTC)


def writer(**changes: object) -> LetterWriter:
    made = replace(policy(), report=ReportSettings(to=HEADS, **changes))  # type: ignore[arg-type]
    return LetterWriter(made, samples.RING, templates(), "verp", "postmaster@example.org", False, "")


@pytest.fixture
def store(tmp_path, database_kind):
    with a_store(tmp_path) as made:
        recorded(made, 40, seed=12)
        yield made


def mails(store) -> list[EmailMessage]:
    rows = [row.letter for row in store.outbox.rows(None, 100) if row.letter.event == "report_due"]
    return [email.message_from_bytes(one.header + b"\r\n\r\n" + one.body, policy=email.policy.default) for one in rows]


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (DUE, "2026-03-23"),
        (DUE - timedelta(seconds=1), "2026-03-16"),  # not yet: the last one that was due is a week older
        (DUE + timedelta(days=6, hours=16), "2026-03-23"),
        (DUE + timedelta(days=7), "2026-03-30"),
    ],
)
def test_due_is_the_last_full_week_from_its_hour_on(now, first):
    assert due_week(writer().policy, now).first.isoformat() == first


def test_it_is_written_once_for_each_reader_and_by_one_of_several_nodes(store):
    clock = [DUE]
    nodes = [ReportRound(store, lambda: clock[0]) for _ in range(2)]
    assert [node.run(writer(), {}) for node in nodes] == [2, 0]
    assert sorted(mail["To"] for mail in mails(store)) == ["Deputy@Example.org", "head@example.org"]
    clock[0] += timedelta(days=3)
    assert [node.run(writer(), {}) for node in (*nodes, ReportRound(store, lambda: clock[0]))] == [0, 0, 0]
    # Three weeks off, and one report: the last.
    clock[0] += timedelta(days=23)
    assert nodes[0].run(writer(), {}) == 2 and nodes[1].run(writer(), {}) == 0
    assert {"week-2026-13.csv", "week-2026-16.csv"} == {part.get_filename() for mail in mails(store) for part in mail.iter_attachments()}


@pytest.mark.either_database
def test_nobody_is_written_to_where_nobody_is_named_or_nothing_happened(store):
    long_ago = datetime(2025, 1, 6, 12, tzinfo=UTC)
    assert ReportRound(store, lambda: DUE).run(writer(), {}) == 2
    for round_, desk in (
        (ReportRound(store, lambda: long_ago), writer()),
        (ReportRound(store, lambda: DUE + timedelta(days=7)), replace_to(())),
    ):
        assert round_.run(desk, {}) == 0
    assert len(mails(store)) == 2


def replace_to(to: tuple[str, ...]) -> LetterWriter:
    made = writer()
    return replace(made, policy=replace(made.policy, report=ReportSettings(to=to)))


@pytest.mark.either_database
def test_the_mail_is_complete_as_text_with_a_table_of_all_numbers_and_three_pictures(store):
    ReportRound(store, lambda: DUE).run(writer(), {})
    mail = mails(store)[0]
    assert mail.get_content_type() == "multipart/mixed" and mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert len(text.splitlines()) <= 60 and "docs/reports.md" in text
    (attached,) = mail.iter_attachments()
    rows = {row["number"]: row for row in csv.DictReader(StringIO(attached.get_content()))}
    assert len(rows) > 80 and rows["created"]["from"] == "2026-03-23" and rows["created"]["population"]
    created, solved, open_ = (rows[id_]["value"] for id_ in ("created", "resolved", "backlog"))
    assert f"{created} new, {solved} solved, {open_} open" in text
    pictures = {part["Content-ID"]: part for part in mail.walk() if part.get_content_type() == "image/png"}
    page = mail.get_body(("html",))
    assert page is not None and len(pictures) == 3
    shown = page.get_content()
    for cid, part in pictures.items():
        assert f"cid:{cid.strip('<>')}" in shown and part.get_content().startswith(b"\x89PNG") and len(part.get_content()) < 20_000
    assert shown.count('alt="Bars:') == 3


@pytest.mark.either_database
def test_without_the_library_for_pictures_the_tables_say_it_all(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    ReportRound(store, lambda: DUE).run(writer(), {})
    mail = mails(store)[0]
    assert not [part for part in mail.walk() if part.get_content_type() == "image/png"]
    page = mail.get_body(("html",))
    assert page is not None and "<img" not in page.get_content() and "Bars:" not in page.get_content()


@pytest.mark.either_database
def test_a_report_that_cannot_be_counted_is_tried_again_later_and_stops_nothing(store, monkeypatch):
    clock = [DUE]
    one = ReportRound(store, lambda: clock[0])
    monkeypatch.setattr("mailgate.decide.weekly.weekly", lambda *_: 1 / 0)
    assert one.run(writer(), {}) == 0
    monkeypatch.undo()
    assert one.run(writer(), {}) == 0, "not every round"
    clock[0] += timedelta(hours=1)
    assert one.run(writer(), {}) == 2


@pytest.mark.parametrize("before", range(0, 40, 4))
def test_a_card_number_is_masked_before_a_title_is_cut(before):
    said = weekly.cut(f"{'x' * before} 4111 1111 1111 1111 and more words behind it", weekly.TITLE)
    assert "1111 11" not in said and "4111" not in said
