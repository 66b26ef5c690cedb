"""Headers as agencies have them, and the page that lists them."""

import re
from pathlib import Path

import pytest

from gateway.importing.columns import FIELDS, OURS, column_of, read_header
from gateway.importing.errors import UnusableFile

DOCS = Path(__file__).parents[2] / "docs" / "import.md"


@pytest.mark.parametrize(
    ("header", "field", "number"),
    [
        ("编号", "person_id", 1),
        ("Person ID", "person_id", 1),
        ("person-id*", "person_id", 1),
        ("手机号码", "phone", 1),
        ("手机号码2", "phone", 2),
        ("phone 3", "phone", 3),
        ("家属电话２", "family_phone", 2),
        (" 参保地 ", "region", 1),
        ("最近认证日期：", "certified_on", 1),
    ],
)
def test_a_header_is_known_however_it_is_written(header: str, field: str, number: int) -> None:
    column = column_of(header)
    assert column is not None
    assert (column.field, column.number) == (field, number)


@pytest.mark.parametrize("header", ["备注", "", "phone0", "姓名2", "certified"])
def test_other_headers_mean_nothing(header: str) -> None:
    assert column_of(header) is None


def test_columns_that_are_not_read_are_named() -> None:
    assert read_header(["编号", "备注", "", "row", "why"]).unread == ("备注",)


def test_two_columns_for_one_field_are_refused() -> None:
    with pytest.raises(UnusableFile, match="phone and 手机 mean the same"):
        read_header(["编号", "phone", "手机"])


def test_a_table_without_the_persons_number_is_refused() -> None:
    with pytest.raises(UnusableFile, match="no column person_id"):
        read_header(["姓名", "手机"])


def test_no_name_means_two_fields() -> None:
    names = [name for field, names in FIELDS.items() for name in (field, *names)]
    assert len(names) == len(set(names))


def test_the_page_lists_every_column_with_all_its_names() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    listed = {field: tuple(names.split(", ")) for field, names in rows if field in FIELDS and names != "as above"}
    both_tables = {"source", "verified_on"}
    assert {field: names for field, names in listed.items() if field not in both_tables} == {
        field: names for field, names in FIELDS.items() if field not in both_tables
    }
    assert listed.keys() >= both_tables
    assert all(f"`{column}`" in DOCS.read_text(encoding="utf-8") for column in OURS)
