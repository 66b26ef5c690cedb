"""GET /v1/uncertified and /v1/outreach as JSON."""

import csv
from datetime import date, timedelta
from pathlib import Path

from gateway.events import Residence
from gateway.model import Details
from scheduler.calendar import add_months
from tests.api.conftest import Client, MakeClient
from tests.api.rows import Rows
from tests.api.test_notices import items

VECTORS = list(csv.DictReader((Path(__file__).parents[1] / "calendar/vectors/band-vectors.csv").read_text(encoding="utf-8").splitlines()))
BANDS = ("10-12m", "1-2y", "2-3y", "3-4y", "4-5y", "5y+")


async def test_an_uncertified_row_says_who_where_since_when_and_which_band(client: Client, rows: Rows) -> None:
    home = Residence("510703", village="桃园村")
    await rows.person("P1", Details(name="欧阳娜娜", residence=home), insurance=["resident_pension", "work_injury"])

    [row] = await items(client, "/v1/uncertified", as_of="2026-02-01")

    assert row == {
        "person_id": "P1", "name_masked": "欧**娜", "region": "510104", "region_name": "四川省成都市锦江区",
        "residence": {"region": "510703", "region_name": "四川省绵阳市涪城区", "town_code": None, "town_name": None, "village": "桃园村"},
        "insurance": ["resident_pension", "work_injury"], "certified_on": "2025-01-15", "cycle_start": "2025-01-15", "deadline": "2026-01-15",
        "band": "1-2y",
    }  # fmt: skip


async def test_each_band_holds_whom_the_worked_dates_say(client: Client, rows: Rows) -> None:
    for serial, vector in enumerate(VECTORS):
        await rows.person(f"P{serial:03}", cycle_start=date.fromisoformat(vector["certified_on"]))
    wrong = []
    for as_of in sorted({vector["as_of"] for vector in VECTORS}):
        shown = {row["person_id"]: row["band"] for row in await items(client, "/v1/uncertified", as_of=as_of, limit="1000")}
        filtered = {
            row["person_id"]: band for band in BANDS for row in await items(client, "/v1/uncertified", as_of=as_of, band=band, limit="1000")
        }
        assert filtered == shown, as_of
        for serial, vector in enumerate(VECTORS):
            if vector["as_of"] == as_of and shown.get(f"P{serial:03}", "") != vector["band"]:
                wrong.append((vector, shown.get(f"P{serial:03}")))
    assert wrong == []
    assert len(VECTORS) > 20


async def test_who_is_certified_unknown_or_off_the_list_stands_in_no_band(client: Client, rows: Rows) -> None:
    today = date.today()  # noqa: DTZ011 - the day before or after would do as well
    await rows.person("long ago", cycle_start=add_months(today, -30))
    await rows.person("certified", cycle_start=today - timedelta(days=9))
    await rows.person("never heard of", cycle_start=None)
    await rows.person("deceased", cycle_start=add_months(today, -30), listed=False)

    assert [(row["person_id"], row["band"]) for row in await items(client, "/v1/uncertified")] == [("long ago", "2-3y")]


async def test_uncertified_is_filtered_by_region_and_all_below_and_by_insurance(client: Client, rows: Rows) -> None:
    await rows.person("jinjiang", region="510104")
    await rows.person("qingyang", region="510105", insurance=["work_injury", "resident_pension"])
    await rows.person("mianyang", region="510703", insurance=["enterprise_pension"])
    await rows.person("beijing", region="110101")

    async def who(**params: str) -> set[str]:
        return {row["person_id"] for row in await items(client, "/v1/uncertified", as_of="2026-06-01", **params)}

    assert await who() == {"jinjiang", "qingyang", "mianyang", "beijing"}
    assert await who(region="510000") == {"jinjiang", "qingyang", "mianyang"}
    assert await who(region="510100") == {"jinjiang", "qingyang"}
    assert await who(region="510105") == {"qingyang"}
    assert await who(region="110000") == {"beijing"}
    assert await who(insurance="work_injury") == {"qingyang"}
    assert await who(region="510000", insurance="resident_pension", band="1-2y") == {"jinjiang", "qingyang"}


async def test_a_token_of_a_city_sees_that_city_whatever_region_it_asks_for(make_client: MakeClient, rows: Rows) -> None:
    await rows.person("chengdu", region="510104")
    await rows.person("mianyang", region="510703")
    await rows.person("nowhere", region="")
    for person in ("chengdu", "mianyang", "nowhere"):
        await rows.outreach(person)
    city = await make_client(region="510100")

    for path in ("/v1/uncertified", "/v1/outreach"):
        found = {
            region: {row["person_id"] for row in await items(city, path, **({"region": region} if region else {}))}
            for region in ("", "510000", "510703")
        }
        assert found == {"": {"chengdu"}, "510000": {"chengdu"}, "510703": set()}, path


async def test_a_list_is_paged_without_doubles_or_gaps(client: Client, rows: Rows) -> None:
    for serial in range(20):
        await rows.person(f"Q{serial:02}", region=f"51010{serial % 3 + 4}", cycle_start=date(2024, 1, serial % 4 + 1))

    seen = [row["person_id"] for row in await items(client, "/v1/uncertified", limit="3")]

    assert len(seen) == len(set(seen)) == 20


async def test_outreach_goes_by_the_place_where_people_live(client: Client, rows: Rows) -> None:
    await rows.person("moved", Details(name="李秀英", residence=Residence("510703")), region="510104")
    await rows.person("stayed", region="510104")
    for person in ("moved", "stayed"):
        await rows.outreach(person)

    async def who(region: str) -> set[str]:
        return {row["person_id"] for row in await items(client, "/v1/outreach", region=region)}

    assert await who("510703") == {"moved"}
    assert await who("510100") == {"stayed"}


async def test_an_outreach_row_says_what_was_tried_and_why(client: Client, rows: Rows) -> None:
    await rows.person("P1", cycle_start=date(2020, 1, 1))
    await rows.person("P2")
    notice = await rows.notice("P1")
    await rows.outreach(
        "P1",
        notice_id=notice,
        kind="suspension",
        why="ladder_failed",
        tried=["sms:number_absent", "wechat:recipient_blocked"],
        goes_to="unit",
    )
    await rows.outreach("P2", closed_at=date(2026, 1, 1))

    [row] = await items(client, "/v1/outreach")

    assert (row["person_id"], row["notice_id"], row["kind"], row["why"]) == ("P1", str(notice), "suspension", "ladder_failed")
    assert (row["tried"], row["goes_to"]) == (["sms:number_absent", "wechat:recipient_blocked"], "unit")
    assert (row["band"], row["name_masked"], row["insurance"]) == ("5y+", "王*国", ["resident_pension"])


async def test_a_parameter_that_does_not_fit_is_named(client: Client) -> None:
    wrong = ["limit=0", "limit=1001", "limit=ten", "as_of=2026-02-30", "as_of=0001-01-01", "band=6y%2B", "insurance=pension", "region=5101", "format=pdf",
             "cursor=nonsense", "cursor=!", "regoin=510100"]  # fmt: skip
    for given in wrong:
        answer = await client.get(f"/v1/uncertified?{given}")
        problem = await answer.json()
        assert (answer.status, answer.content_type) == (422, "application/problem+json"), given
        assert [error["path"] for error in problem["errors"]] == [given.partition("=")[0]], problem


async def test_a_cursor_of_another_list_is_refused(client: Client, rows: Rows) -> None:
    for serial in range(3):
        await rows.person(f"P{serial}")
        await rows.outreach(f"P{serial}")
    cursor = (await (await client.get("/v1/outreach", params={"limit": "1"})).json())["next_cursor"]

    assert (await client.get("/v1/notices", params={"cursor": cursor})).status == 422


async def test_a_band_with_an_unescaped_plus_is_understood(client: Client, rows: Rows) -> None:
    await rows.person("P1", cycle_start=date(2015, 1, 1))

    assert [row["band"] for row in await items(client, "/v1/uncertified", band="5y ")] == ["5y+"]
