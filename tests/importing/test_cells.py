"""Cells as people write them."""

from datetime import UTC, date, datetime

import pytest

from gateway.importing import cells
from gateway.importing.cells import BadCell, Cell
from gateway.importing.places import region


@pytest.mark.parametrize(
    "written",
    [
        "2025-11-02", "2025/11/2", "2025.11.02", "2025年11月2日", "2025 年 11 月 2 日", "20251102", "２０２５－１１－０２", " 2025-11-2 ", "2025-11-02 00:00:00",
        "2025-11-02T08:30", date(2025, 11, 2), datetime(2025, 11, 2, 8, 30, tzinfo=UTC), 45963, 45963.0,
    ],
)  # fmt: skip
def test_a_date_is_read_however_people_write_it(written: Cell) -> None:
    assert cells.day(written) == date(2025, 11, 2)


@pytest.mark.parametrize(
    "written", ["2025-02-30", "2/11/2025", "11-02", "202511", "昨天", "25-11-02", "2025-11-02-03", "0000-01-01", True, 45963.0e9]
)
def test_what_is_no_date_is_refused(written: Cell) -> None:
    with pytest.raises(BadCell):
        cells.day(written)


@pytest.mark.parametrize("written", ["2025-11", "2025/11", "202511", "2025年11月", "2025-11-01", date(2025, 11, 1), 202511])
def test_a_month_is_enough_for_the_start_of_a_benefit(written: Cell) -> None:
    assert cells.day_or_month(written) == date(2025, 11, 1)


@pytest.mark.parametrize("written", ["1950", "1950年", 1950, 1950.0, "1950-03-04", "195003", date(1950, 3, 4)])
def test_a_year_of_birth_may_stand_in_a_date(written: Cell) -> None:
    assert cells.year(written) == 1950


@pytest.mark.parametrize(
    ("written", "means"), [("是", True), ("Y", True), (1, True), (True, True), ("√", True), ("否", False), (0, False), ("无", False)]
)
def test_yes_and_no_have_many_words(written: Cell, means: bool) -> None:
    assert cells.yes(written) is means


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("企业养老；工伤", ["enterprise_pension", "work_injury"]),
        ("城乡居民基本养老保险、工伤保险定期待遇", ["resident_pension", "work_injury"]),
        ("resident_pension;work_injury", ["resident_pension", "work_injury"]),
        ("机关养老 机关养老", ["institution_pension"]),
        (["企业养老"], ["enterprise_pension"]),
    ],
)
def test_insurance_types_are_known_by_code_and_by_chinese_name(written: Cell, codes: list[str]) -> None:
    assert cells.insurances(written) == codes


@pytest.mark.parametrize("written", ["四川省成都市锦江区", "成都市锦江区", "510104", 510104, 510104.0])
def test_a_region_is_known_by_code_and_by_name(written: Cell) -> None:
    assert region(written) == "510104"


@pytest.mark.parametrize("written", ["锦江", "510199", "51", "51010", "510104001"])
def test_a_region_that_does_not_exist_is_refused(written: str) -> None:
    with pytest.raises(BadCell):
        region(written)


def test_a_number_of_a_workbook_is_its_digits() -> None:
    assert [cells.text(13800138000.0), cells.text(42), cells.text(" a "), cells.text(None), cells.text(True)] == [
        "13800138000",
        "42",
        "a",
        "",
        "1",
    ]


def test_a_number_that_excel_has_rounded_is_refused() -> None:
    with pytest.raises(BadCell, match="rounded"):
        cells.text(5.1010419500101e17)


def test_several_numbers_may_stand_in_one_cell() -> None:
    assert cells.several("13800138000、13900139000 / 028-12345678;") == ["13800138000", "13900139000", "028-12345678"]


@pytest.mark.parametrize(
    "reader", [cells.yes, cells.insurances, cells.relation, cells.source, cells.channel, cells.beneficiary, cells.day, region]
)
def test_a_refusal_says_how_to_write_it_and_never_repeats_the_cell(reader: object) -> None:
    assert callable(reader)
    with pytest.raises(BadCell) as refused:
        reader("张三13800138000")
    assert "write" in str(refused.value)
    assert "1380013" not in str(refused.value)
