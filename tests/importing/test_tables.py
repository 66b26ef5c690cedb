"""Files: their encodings, their forms, and what is wrong with some of their rows."""

import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from gateway.importing.errors import UnusableFile
from gateway.importing.tables import Row, open_table

NOVEMBER = datetime(2025, 11, 2)  # noqa: DTZ001 - a workbook knows no zones
HEADER = "编号,姓名,手机号码\n"


def rows_of(path: Path) -> list[Row]:
    table = open_table(path)
    try:
        return list(table.rows)
    finally:
        table.close()


def said(row: Row) -> dict[str, object]:
    return {column.field: cell for column, cell in row.named}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "P1,王建国,13800138000\nP2,李秀英,\n", encoding=encoding)
    first, second = rows_of(file)
    assert (first.number, said(first)) == (2, {"person_id": "P1", "name": "王建国", "phone": "13800138000"})
    assert (second.number, said(second)) == (3, {"person_id": "P2", "name": "李秀英"})


def test_names_in_gbk_under_english_headers_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("person_id,name\nP1,联通\nP2,王建国\nP3,李秀英\n", encoding="gbk")  # 联通 in GBK happens to be UTF-8 as well
    assert [said(row)["name"] for row in rows_of(file)] == ["联通", "王建国", "李秀英"]


def test_one_bad_line_costs_that_row_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes((HEADER + "P1,王建国,\n").encode() + b"P2,\xff\xfe,\n" + "P3,李秀英,\n".encode())
    good, bad, also = rows_of(file)
    assert [said(good)["person_id"], said(also)["person_id"]] == ["P1", "P3"]
    assert bad.bad is not None
    assert "save the file as UTF-8" in str(bad.bad)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"编号{separator}姓名\nP1{separator}王建国\n", encoding="utf-8")
    assert said(rows_of(file)[0]) == {"person_id": "P1", "name": "王建国"}


def test_cells_may_hold_separators_and_lines_in_quotes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('编号,社区\nP1,"一社,二组"\n\nP2,"上\n下"\nP3,x,y\n', encoding="utf-8")
    first, second, third = rows_of(file)
    assert (said(first)["village"], said(second)["village"]) == ("一社,二组", "上\n下")
    assert [row.number for row in (first, second, third)] == [2, 4, 5]
    assert "put cells that hold the separator in quotes" in str(third.bad)


def test_a_workbook_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["编号", "姓名", "最近认证日期", "手机号码", "备注", None])
    sheet.append(["P1", "王建国", NOVEMBER, 13800138000, None, None])
    sheet.append([None, None, None, None, None, None])
    sheet.append([1002, "李秀英", "2025年11月2日", "139 0013 9000", "x", None])
    file = tmp_path / "a.xlsx"
    book.save(file)
    first, second = rows_of(file)
    assert said(first) == {"person_id": "P1", "name": "王建国", "certified_on": NOVEMBER, "phone": 13800138000}
    assert (second.number, said(second)["person_id"]) == (4, 1002)
    assert open_table(file).unread == {"备注"}


def test_ndjson_takes_flat_keys_and_parts(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    lines = [
        {"person_id": "P1", "手机号码": "13800138000", "x": 1},
        {"person_id": "P2", "contacts": [{"channel": "sms", "address": "1"}], "name": None},
    ]
    file.write_text("\ufeff" + "\n".join(json.dumps(line) for line in lines) + "\n\nnope\n[1]\n", encoding="utf-8")
    first, second, *bad = rows_of(file)
    assert said(first) == {"person_id": "P1", "phone": "13800138000"}
    assert (said(second), second.nested) == ({"person_id": "P2"}, {"contacts": [{"channel": "sms", "address": "1"}]})
    assert [(row.number, str(row.bad)) for row in bad] == [(4, ": not a JSON object"), (5, ": not a JSON object")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xls", b"x", "save it as .xlsx"),
        ("a.pdf", b"x", "does not end in"),
        ("a.csv", b"", "is empty"),
        ("a.xlsx", b"PK no", "no workbook"),
        ("a.ndjson", b"[1]\n", "no JSON object"),
        ("a.ndjson", b"", None),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, name: str, content: bytes, says: str | None) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    if says is None:
        assert rows_of(file) == []
        return
    with pytest.raises(UnusableFile, match=says):
        open_table(file)


def test_how_far_it_is_can_be_asked(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "P1,x,\n" * 50_000, encoding="utf-8")
    table = open_table(file)
    for _ in range(10_000):
        next(table.rows)
    assert 0 < table.position() < table.size == file.stat().st_size
    table.close()
