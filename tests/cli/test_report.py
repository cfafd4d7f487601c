"""`mailgate report`: plain text for a narrow terminal, the same for programs, and behind each number the rows that it was counted from."""

from __future__ import annotations

import csv
import json

import pytest

from tests.cli.house import House, configured
from tests.figures.lives import recorded

LIVES, DAYS = 60, ("--from", "2026-03-16", "--to", "2026-03-29")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> House:
    made = configured(tmp_path_factory.mktemp("house"), **{"# [services.mail]": '[services.mail]\nname = "E-mail"\ncalendar = "business"'})
    with made.store() as store:
        recorded(store, LIVES, seed=12)
    return made


def rows(house: House, *more: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in house.run("report", *DAYS, "--json", *more).output.splitlines()]


@pytest.mark.either_database
def test_it_fits_eighty_columns_and_names_whom_each_number_counts(house: House) -> None:
    said = house.run("report", *DAYS, "--by", "desk")
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert lines[0] == "2026-03-16 to 2026-03-29, Europe/Berlin, all desks" and lines[1] == "before: 2026-03-02 to 2026-03-15"
    for row in (row for row in rows(house) if row["n"] or row["before_n"]):
        assert any(line.strip().startswith(str(row["words"])) and f" {row['n']} " in line for line in lines), row["words"]
        assert any(line.endswith(f"  {row['population']}") for line in lines), row["population"]
    assert any(line.split()[:1] == ["hr"] for line in lines) and any(line.split()[:1] == ["it"] for line in lines)
    assert "too few" in said.output


@pytest.mark.either_database
def test_what_stands_behind_a_number_is_listed_row_by_row(house: House) -> None:
    for row in rows(house):
        number = str(row["number"])
        if number in ("net", "resolution_p50", "attainment_first_reply", "waiting_user"):
            behind = house.run("report", *DAYS, "--explain", number, "--json").output.splitlines()
            assert len(behind) == row["n"] > 0, number
    said = house.run("report", *DAYS, "--explain", "first_reply_p90").output.splitlines()
    (n,) = [row["n"] for row in rows(house) if row["number"] == "first_reply_p90"]
    head = next(at for at, line in enumerate(said) if line.startswith("ticket"))
    assert len(said) - head - 1 == n and all(line.startswith(("IT-", *"123456789")) for line in said[head + 1 :])
    assert max(map(len, said)) <= 80


def test_programs_read_the_same_numbers(house: House) -> None:
    whole = rows(house, "--by", "priority")
    table = list(csv.DictReader(house.run("report", *DAYS, "--csv", "--by", "priority").output.splitlines()))
    assert [(row["of"], row["number"], row["n"]) for row in table] == [(row["of"], row["number"], str(row["n"])) for row in whole]
    assert {row["of"] for row in table} == {"all", "priority P2", "priority P4"}
    assert all(row["value"] is None for row in whole if row["too_few"])


@pytest.mark.either_database
def test_what_cannot_be_counted_is_said_with_the_way_out(house: House) -> None:
    for words, hint in (
        (("--from", "yesterday"), "write 2026-12-24"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "lies behind the last"),
        (("--explain", "first_reply_p9"), "first_reply_p90"),
        (("--by", "colour"), "desk, group, category"),
        (("--desk", "sales"), "no such desk"),
        (("--json", "--csv"), "not both"),
    ):
        said = house.run("report", *words)
        assert said.exit_code == 2 and hint in " ".join(said.output.split()), said.output
    assert house.run("report").exit_code == 0  # the last full week, of which there is nothing
    assert house.run("report", "--to", "2026-03-29", "--desk", "it").output.startswith("2026-03-23 to 2026-03-29, Europe/Berlin, desk it")
