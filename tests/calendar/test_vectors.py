"""Every worked date of the domain: the calendar must match all of them."""

import csv
from datetime import date
from pathlib import Path

import pytest

from scheduler import calendar

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (Path(__file__).parent / "vectors" / f"{name}-vectors.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def named(row: Row) -> str:
    return " ".join(value or "-" for value in row.values())


def day(text: str) -> date:
    return date.fromisoformat(text)


def known(text: str) -> date | None:
    return day(text) if text else None


def test_the_vector_files_are_whole() -> None:
    assert [len(rows(name)) for name in ("cycle", "first-cycle", "after", "band")] == [20, 8, 8, 21]


@pytest.mark.parametrize("row", rows("cycle"), ids=named)
def test_a_cycle_has_the_worked_dates(row: Row) -> None:
    got = calendar.cycle(day(row["certified_on"]))
    assert {name: str(getattr(got, name)) for name in row if name != "certified_on"} == {
        k: v for k, v in row.items() if k != "certified_on"
    }
    assert got.start == day(row["certified_on"])


@pytest.mark.parametrize("row", rows("first-cycle"), ids=named)
def test_a_first_cycle_has_the_worked_dates(row: Row) -> None:
    start = calendar.cycle_start(known(row["certified_on"]), day(row["benefit_started_on"]))
    assert start == day(row["start"])
    got = calendar.cycle(start)
    assert (str(got.reminder_due), str(got.deadline)) == (row["reminder_due"], row["deadline"])


@pytest.mark.parametrize("row", rows("after"), ids=named)
def test_what_follows_an_act_has_the_worked_date(row: Row) -> None:
    rule = {"last_day_to_object": calendar.last_day_to_object, "long_terminated_follow_up": calendar.long_terminated_follow_up}[row["what"]]
    assert rule(day(row["on"])) == day(row["due"])


@pytest.mark.parametrize("row", rows("band"), ids=named)
def test_a_band_is_the_worked_one(row: Row) -> None:
    start, as_of = day(row["certified_on"]), day(row["as_of"])
    assert calendar.full_months(start, as_of) == int(row["full_months"])
    assert calendar.band(start, as_of) == (row["band"] or None)
