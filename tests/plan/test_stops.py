"""What stops what: the table of the domain, written down a second time and read cell by cell through `stops`."""

from datetime import date

import pytest
from msgspec import Struct

from gateway.model import Benefit
from gateway.stops import TABLE, stops, untrue
from gateway.words import Cause, Insurance, Kind, Lane, Reason

DAY, BEFORE, AFTER = date(2026, 11, 15), date(2026, 11, 14), date(2026, 11, 16)
MINE, OTHER = Insurance.RESIDENT_PENSION, Insurance.WORK_INJURY

# As in the domain's README, one letter a fact: certified (later date), deceased, resumed (that benefit), terminated (that benefit), opted out.
# S stops, - stands, A stops if all benefits, F stands to family or unit only, U stops unless urgent.
DOMAIN = """
reminder                    S S - A S
suspension/lapsed           S S S A -
suspension/not_certified    - S S S -
suspension/payment_failed   - S S S -
termination/death           - F S - -
termination/missing         - S S - -
termination/imprisoned      - S S - -
termination/not_certified   - S S - -
termination/other           - S S - -
resumption                  - S - S -
requested                   - S - - U
"""


class Row(Struct, frozen=True):
    kind: str
    cause: str
    insurance: tuple[Insurance, ...] = (MINE,)
    effective: date = DAY
    deadline: date | None = None
    lane: str = Lane.NORMAL


class Person(Struct, frozen=True):
    deadline: date | None = DAY
    deceased: bool = False
    conflict: bool = False
    insurance: tuple[Insurance, ...] = (MINE, OTHER)
    benefits: tuple[Benefit, ...] = ()


def row(name: str, **more: object) -> Row:
    kind, _, cause = name.partition("/")
    cycle = DAY if name in {"reminder", "suspension/lapsed"} else None
    return Row(kind, cause, deadline=cycle, **more)  # type: ignore[arg-type]


def state(insurance: Insurance, name: str, since: date) -> Benefit:
    return Benefit(insurance, name, since)


LINES = [line.split() for line in DOMAIN.strip().splitlines()]


def column(number: int) -> list[tuple[str, str]]:
    return [(line[0], line[number]) for line in LINES]


def test_the_table_has_every_kind_and_cause_and_no_other() -> None:
    assert {f"{kind}/{cause}" if cause else str(kind) for kind, cause in TABLE} == {line[0] for line in LINES}
    assert all(kind in set(Kind) and cause in set(Cause) for kind, cause in TABLE)


@pytest.mark.parametrize(("name", "cell"), column(1))
def test_a_later_certification_stops_what_speaks_of_the_old_cycle_only(name: str, cell: str) -> None:
    assert stops(row(name), Person(deadline=AFTER)) == (Reason.CERTIFIED if cell == "S" else None)
    assert stops(row(name), Person(deadline=DAY)) is None


@pytest.mark.parametrize(("name", "cell"), column(2))
def test_a_death_stops_all_but_the_termination_to_the_family(name: str, cell: str) -> None:
    dead = Person(deceased=True)
    assert stops(row(name), dead) == (Reason.DECEASED if cell == "S" else None)
    assert stops(row(name), dead, to_self=True) == Reason.DECEASED


def test_a_death_notice_never_goes_to_a_number_of_the_person_even_while_no_death_is_on_record() -> None:
    assert stops(row("termination/death"), Person(), to_self=True) == Reason.DECEASED
    assert stops(row("reminder"), Person(), to_self=True) is None


@pytest.mark.parametrize(("name", "cell"), column(3))
def test_a_resumption_of_that_benefit_stops_what_it_undoes(name: str, cell: str) -> None:
    expected = Reason.RESUMED if cell == "S" else None
    for since in (DAY, AFTER):
        assert stops(row(name), Person(benefits=(state(MINE, "active", since),))) == expected
    assert stops(row(name), Person(benefits=(state(MINE, "active", BEFORE),))) is None


@pytest.mark.parametrize(("name", "cell"), [(name, cell) for name, cell in column(3) if name != "suspension/lapsed"])
def test_a_resumption_of_another_benefit_stops_nothing(name: str, cell: str) -> None:
    assert stops(row(name), Person(benefits=(state(OTHER, "active", AFTER),))) is None


def test_a_notice_of_two_benefits_stands_until_both_are_resumed() -> None:
    both = row("suspension/not_certified", insurance=(MINE, OTHER))
    assert stops(both, Person(benefits=(state(MINE, "active", AFTER), state(OTHER, "suspended", DAY)))) is None
    assert stops(both, Person(benefits=(state(MINE, "active", AFTER), state(OTHER, "active", DAY)))) == Reason.RESUMED


@pytest.mark.parametrize(("name", "cell"), column(4))
def test_a_termination_stops_notices_of_that_benefit_and_the_cycle_only_with_the_last_one(name: str, cell: str) -> None:
    one = Person(benefits=(state(MINE, "terminated", DAY),))
    every = Person(benefits=(state(MINE, "terminated", DAY), state(OTHER, "terminated", DAY)))
    assert stops(row(name), one) == (Reason.TERMINATED if cell == "S" else None)
    assert stops(row(name), every) == (Reason.TERMINATED if cell in "SA" else None)


@pytest.mark.parametrize(("name", "cell"), column(5))
def test_an_opt_out_of_the_number_stops_reminders_and_what_is_not_urgent_of_requests(name: str, cell: str) -> None:
    assert stops(row(name), Person(), opted_out=True) == (Reason.OPTED_OUT if cell in "SU" else None)
    assert stops(row(name, lane=Lane.URGENT), Person(), opted_out=True) == (Reason.OPTED_OUT if cell == "S" else None)


@pytest.mark.parametrize("name", [line[0] for line in LINES])
def test_an_operator_a_conflict_and_the_end_of_validity_stop_everything(name: str) -> None:
    assert stops(row(name), Person(), canceled=True) == Reason.OPERATOR
    assert stops(row(name), Person(conflict=True)) == Reason.CONFLICT
    assert stops(row(name), Person(), expired=True) == Reason.EXPIRED
    assert stops(row(name), Person()) is None
    assert untrue(row(name), Person()) is None


@pytest.mark.parametrize("current", [BEFORE, None])
@pytest.mark.parametrize("name", ["reminder", "suspension/lapsed"])
def test_a_cycle_that_was_taken_back_or_corrected_is_not_told(name: str, current: date | None) -> None:
    assert stops(row(name), Person(deadline=current)) == Reason.SUPERSEDED


def test_a_row_of_the_store_with_plain_strings_is_read_like_a_notice() -> None:
    stored = Row("reminder", "", deadline=DAY)
    assert stops(stored, Person(deadline=AFTER)) == Reason.CERTIFIED


def test_a_kind_that_the_table_does_not_know_raises_instead_of_leaving_on_a_guess() -> None:
    with pytest.raises(KeyError):
        stops(Row("reminder", "death"), Person())
