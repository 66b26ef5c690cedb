"""Lists as CSV and XLSX."""

import csv
import tracemalloc
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import count
from typing import Any

import asyncpg
import openpyxl
import pytest

from gateway.api import files
from gateway.api.cells import inert, shown
from gateway.events import Residence
from gateway.model import Details
from tests.api.conftest import Client, MakeClient
from tests.api.rows import NOON, Rows

PEOPLE = ["姓名", "险种", "参保地", "居住地", "最近认证日期", "截止日期", "未认证时间段"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MANY = """
insert into person (id, region, insurance, details, certified, cycle_start, deadline)
select 'P' || n, '510104', '{resident_pension}', $1, '{2020-01-01}', '2020-01-01', '2021-01-01' from generate_series(1, $2::int) n"""


async def csv_rows(client: Client, path: str) -> list[list[str]]:
    answer = await client.get(path)
    assert (answer.status, answer.content_type, answer.charset) == (200, "text/csv", "utf-8"), await answer.text()
    text = (await answer.read()).decode()
    assert text.startswith("\ufeff姓名")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


async def sheet_rows(client: Client, path: str) -> list[tuple[Any, ...]]:
    answer = await client.get(path)
    assert (answer.status, answer.content_type) == (200, XLSX), await answer.text()
    book = openpyxl.load_workbook(BytesIO(await answer.read()), read_only=True)
    found = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    book.close()
    return found


async def test_a_csv_has_the_columns_that_people_know(client: Client, rows: Rows) -> None:
    await rows.person("P1", Details(name="王建国", residence=Residence("510703", town_name="青义镇", village="桃园村")))

    answer = await client.get("/v1/uncertified?format=csv&as_of=2026-02-01")
    [headings, row] = await csv_rows(client, "/v1/uncertified?format=csv&as_of=2026-02-01")

    assert headings == [*PEOPLE, "人员编号"]
    assert row == ["王*国", "城乡居民基本养老保险", "四川省成都市锦江区", "四川省绵阳市涪城区青义镇桃园村", "2025-01-15", "2026-01-15",
                   "大于等于1年小于2年", "P1"]  # fmt: skip
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="uncertified-2')


async def test_a_work_list_leaves_room_for_what_people_find_out(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    await rows.outreach("P1", tried=["sms:number_absent", "wechat"], why="ladder_failed")

    [headings, row] = await csv_rows(client, "/v1/outreach?format=csv")
    shown_row = dict(zip(headings, row, strict=True))

    assert headings[:11] == [*PEOPLE, "已尝试方式", "核实结果", "核实日期", "核实人"]
    assert shown_row["已尝试方式"] == "短信 空号、微信"
    assert (shown_row["核实结果"], shown_row["核实日期"], shown_row["核实人"]) == ("", "", "")
    assert (shown_row["列入原因"], shown_row["列入时间"]) == ("各联系方式均未送达", "2026-03-02 12:00:00")


async def test_a_work_list_says_in_words_whom_no_contact_reaches(client: Client, rows: Rows) -> None:
    """A row about the person and not about a notice."""
    await rows.person("P1")
    await rows.outreach("P1", kind="contact", why="no_usable_contact")

    [headings, row] = await csv_rows(client, "/v1/outreach?format=csv")
    shown_row = dict(zip(headings, row, strict=True))
    [listed] = (await (await client.get("/v1/outreach")).json())["items"]

    assert (shown_row["告知类型"], shown_row["列入原因"]) == ("联系方式失效", "已登记的联系方式均已失效或非本人")
    assert (listed["person_id"], listed["notice_id"], listed["kind"], listed["why"]) == ("P1", None, "contact", "no_usable_contact")


async def test_an_xlsx_says_the_same_with_real_dates(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    await rows.outreach("P1")

    headings, row = await sheet_rows(client, "/v1/outreach?format=xlsx")
    shown_row = dict(zip(headings, row, strict=True))

    assert list(headings[:7]) == PEOPLE
    assert (shown_row["姓名"], shown_row["截止日期"], shown_row["列入时间"]) == ("王*国", datetime(2026, 1, 15), datetime(2026, 3, 2, 12))  # noqa: DTZ001


async def test_every_list_answers_in_all_three_forms(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    await rows.contact("P1")
    await rows.outreach("P1")
    await rows.message(await rows.notice("P1"), "P1")
    for path in ("/v1/uncertified", "/v1/outreach", "/v1/notices", "/v1/quality/contacts", "/v1/persons/P1/timeline"):
        for form in ("json", "csv", "xlsx"):
            answer = await client.get(path, params={"format": form})
            assert answer.status == 200, (path, form)
            assert len(await answer.read()) > 50
        assert (await client.get(path, params={"format": "csv"}, headers={"Accept": "application/json"})).content_type == "text/csv"
        assert (await client.get(path, headers={"Accept": "text/csv"})).content_type == "text/csv"
        assert (await client.get(path, headers={"Accept": f"application/json;q=0.5, {XLSX}"})).content_type == XLSX
        assert (await client.get(path, headers={"Accept": "text/html, image/png;q=0.9, application/json;q=0"})).status == 406


async def test_a_file_holds_the_whole_list_whatever_the_limit(client: Client, rows: Rows) -> None:
    await rows.pool.execute(MANY, rows.vault.seal_details(Details(name="王建国")), 1234)

    assert len(await csv_rows(client, "/v1/uncertified?format=csv&limit=5")) == 1 + 1234
    assert len(await sheet_rows(client, "/v1/uncertified?format=xlsx&limit=5")) == 1 + 1234


async def test_an_empty_list_is_a_file_with_its_heading(client: Client) -> None:
    assert await csv_rows(client, "/v1/uncertified?format=csv") == [[*PEOPLE, "人员编号"]]
    assert len(await sheet_rows(client, "/v1/uncertified?format=xlsx")) == 1


async def test_a_list_longer_than_a_sheet_names_csv(client: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 4)
    for serial in range(4):
        await rows.person(f"P{serial}")
        if serial == 2:
            assert len(await sheet_rows(client, "/v1/uncertified?format=xlsx")) == 4

    answer = await client.get("/v1/uncertified?format=xlsx")

    assert answer.status == 422
    assert "format=csv" in (await answer.json())["detail"]
    assert len(await csv_rows(client, "/v1/uncertified?format=csv")) == 5


async def test_cells_that_spreadsheets_would_run_are_neutralised(client: Client, rows: Rows) -> None:
    for start in "=+-@":
        await rows.person(
            f"{start}cmd|' /C calc'!A0", Details(name="王", residence=Residence("510703", town_name=f"{start}SUM(A1)")), region="999999"
        )

    cells = [cell for row in (await csv_rows(client, "/v1/uncertified?format=csv"))[1:] for cell in row]
    sheet = [cell for row in (await sheet_rows(client, "/v1/uncertified?format=xlsx"))[1:] for cell in row]

    assert sum("cmd|" in cell for cell in cells) == 4
    assert [cell for cell in cells if cell[:1] in set("=+-@")] == []
    assert [cell for cell in sheet if str(cell)[:1] in set("=+-@")] == []


def test_a_cell_is_shown_for_people() -> None:
    assert [inert(text) for text in ("=1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "＝1", "王", "", "1-2y")] == [
        "'=1", "'+1", "'-1", "'@a", "'\tx", "'\rx", "'\nx", "'＝1", "王", "", "1-2y",
    ]  # fmt: skip
    assert [shown(cell) for cell in (None, date(2026, 1, 5), NOON, 7, 0.5)] == ["", "2026-01-05", "2026-03-02 12:00:00", "7", "0.5"]


async def test_a_csv_breaks_off_where_the_store_goes_away_in_the_middle(
    client: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rows.pool.execute(MANY, rows.vault.seal_details(Details(name="王建国")), 5000)
    served = count()
    lines = files._lines

    def failing(of: Any) -> bytes:
        if next(served) == 4:
            raise asyncpg.ConnectionDoesNotExistError
        return lines(of)

    monkeypatch.setattr(files, "_lines", failing)
    answer = await client.get("/v1/uncertified?format=csv")

    assert answer.status == 200
    with pytest.raises(Exception, match=r"payload|closed|reset|disconnected"):
        await answer.read()


async def test_an_export_leaves_no_connection_behind(make_client: MakeClient, rows: Rows, pool: asyncpg.Pool) -> None:
    client = await make_client()
    await rows.pool.execute(MANY, rows.vault.seal_details(Details(name="王建国")), 3000)

    for form in ("csv", "xlsx") * 3:
        await (await client.get(f"/v1/uncertified?format={form}")).read()

    assert pool.get_idle_size() == pool.get_size()


async def test_a_long_list_is_streamed_in_constant_memory(client: Client, rows: Rows) -> None:
    await rows.pool.execute(MANY, rows.vault.seal_details(Details(name="王建国")), 30_000)
    peaks = {}
    for form in ("csv", "xlsx"):
        tracemalloc.start()
        answer = await client.get(f"/v1/uncertified?format={form}")
        length = 0
        async for chunk in answer.content.iter_chunked(65536):
            length += len(chunk)
        peaks[form] = tracemalloc.get_traced_memory()[1] / 1024 / 1024
        tracemalloc.stop()
        assert length > 100_000

    # 30,000 rows take some 40 MiB as objects; XlsxWriter's modules take a few at their first import.
    assert peaks["csv"] < 8
    assert peaks["xlsx"] < 16
