"""GET /v1/quality/…: counted, listed, followed."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.quality.states import State
from gateway.store import quality_census
from gateway.store.reading import quality
from tests.api.conftest import Client, MakeClient
from tests.api.rows import NOON, Rows
from tests.api.test_files import csv_rows, sheet_rows
from tests.api.test_notices import items

CLERK = "+8613800138777"


async def some_contacts(rows: Rows) -> None:
    """In Chengdu a dead, a good and an untold number; in Mianyang the dead one again, somebody else's, and one that was removed; one person is dead."""
    await rows.person("chengdu", region="510104", insurance=["resident_pension", "work_injury"])
    await rows.person("mianyang", region="510703")
    await rows.person("nobody", region="510703", insurance=["work_injury"])
    await rows.person("buried", region="510703", deceased=True)
    await rows.contact("chengdu", "+8613800138001", key=b"dead", state="dead", failed=2)
    await rows.contact("chengdu", "+8613800138002", key=b"good", verified_on=date(2026, 1, 1), state="good", delivered=1)
    await rows.contact("chengdu", "oABCDEFGHIJKLMNOPQRSTUVWXYZ01", channel="wechat", key=b"untold", source="self_service")
    await rows.contact("mianyang", "+8613800138001", key=b"dead", relation="family", state="dead", failed=2)
    await rows.contact("mianyang", "+8613800138003", key=b"wrong", source="legacy", state="good", delivered=3, denied_at=NOON)
    await rows.contact("mianyang", "+8613800138009", key=b"gone", removed_at=NOON, state="dead")
    await rows.contact("buried", "+8613800138001", key=b"dead", state="dead", failed=2)
    await rows.number(b"dead", dead_at=NOON)
    await rows.number(b"wrong", wrong_person_at=NOON)


async def many_share(rows: Rows, persons: int = 7) -> None:
    """A clerk's number stands for some persons, two of them in Mianyang, one of whom holds it twice; two more share a number of their own."""
    for n in range(persons):
        await rows.person(f"P{n}", region="510703" if n < 2 else "510104")
        await rows.contact(f"P{n}", CLERK, key=b"clerk", source="counter" if n else "legacy")
    await rows.contact("P0", CLERK, key=b"clerk", relation="family")
    await rows.contact("P0", "+8613800138010", key=b"couple", state="dead", failed=2)
    await rows.contact("P1", "+8613800138010", key=b"couple", state="dead", failed=2)


async def get(client: Client, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.fixture(params=["as they are", "as counted last"])
async def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """True: contacts are too many to be counted while somebody waits."""
    if request.param == "as counted last":
        monkeypatch.setattr(quality, "FEW_BYTES", -1)
        return True
    return False


async def counted(rows: Rows, at: datetime = NOON) -> None:
    async with rows.pool.acquire() as connection:
        await quality_census.take(connection, 5, at)


async def test_the_summary_counts_contacts_by_channel_and_state(client: Client, rows: Rows, many: bool) -> None:
    await some_contacts(rows)
    await counted(rows)

    whole = await get(client, "/v1/quality/summary")
    mianyang = await get(client, "/v1/quality/summary?region=510700")

    assert (whole["contacts"], whole["by_state"]) == (5, {"dead": 2, "good": 1, "unverified": 1, "wrong_person": 1})
    assert whole["shares"] == {"dead": 0.4, "good": 0.2, "unverified": 0.2, "wrong_person": 0.2}
    assert whole["never_verified"] == 4
    assert {(row["channel"], row["state"]): row["contacts"] for row in whole["items"]} == {
        ("sms", "dead"): 2,
        ("sms", "good"): 1,
        ("sms", "wrong_person"): 1,
        ("wechat", "unverified"): 1,
    }
    assert mianyang["items"] == [
        {"channel": "sms", "state": "dead", "contacts": 1, "opted_out": 0, "wrong_person": 0},
        {"channel": "sms", "state": "wrong_person", "contacts": 1, "opted_out": 0, "wrong_person": 1},
    ]
    assert whole["groups"] == []
    assert (datetime.fromisoformat(whole["counted_at"]) == NOON) is many


async def test_it_counts_persons_whom_no_contact_can_reach(client: Client, rows: Rows, many: bool) -> None:
    await some_contacts(rows)
    await counted(rows)

    whole = await get(client, "/v1/quality/summary")
    chengdu = await get(client, "/v1/quality/summary?region=510104")

    assert (whole["persons"], whole["without_contact"], whole["without_usable"]) == (3, 1, 2)
    assert (chengdu["persons"], chengdu["without_contact"], chengdu["without_usable"]) == (1, 0, 0)


async def test_it_counts_apart_by_region_insurance_and_source(client: Client, rows: Rows, many: bool) -> None:
    await some_contacts(rows)
    await counted(rows)

    async def groups(query: str) -> dict[str, tuple[Any, ...]]:
        found = (await get(client, f"/v1/quality/summary?{query}"))["groups"]
        return {one["key"]: (one["name"], one["contacts"], one["persons"], one["without_usable"]) for one in found}

    assert await groups("by=region") == {"510000": ("四川省", 5, 3, 2)}
    assert await groups("by=region&region=510000") == {"510100": ("四川省成都市", 3, 1, 0), "510700": ("四川省绵阳市", 2, 2, 2)}
    assert await groups("by=region&region=510700") == {"510703": ("四川省绵阳市涪城区", 2, 2, 2)}
    assert await groups("by=region&region=510703") == {"510703": ("四川省绵阳市涪城区", 2, 2, 2)}
    assert await groups("by=insurance") == {
        "resident_pension": ("城乡居民基本养老保险", 5, 2, 1),
        "work_injury": ("工伤保险定期待遇", 3, 2, 1),
    }
    assert await groups("by=source") == {
        "counter": ("窗口", 3, None, None),
        "legacy": ("历史数据", 1, None, None),
        "self_service": ("本人自助", 1, None, None),
    }


async def test_a_token_of_a_region_counts_its_own(make_client: MakeClient, rows: Rows, many: bool) -> None:
    await some_contacts(rows)
    await counted(rows)
    city = await make_client(region="510700")

    found = await get(city, "/v1/quality/summary?by=region")

    assert (found["contacts"], found["persons"]) == (2, 2)
    assert [group["key"] for group in found["groups"]] == ["510703"]
    assert (await get(city, "/v1/quality/summary?region=510104"))["contacts"] == 0


async def test_contacts_are_listed_by_state_and_region(client: Client, make_client: MakeClient, rows: Rows) -> None:
    await some_contacts(rows)
    city = await make_client(region="510100")

    async def who(asking: Client, **params: str) -> list[tuple[str, str, str]]:
        rows_found = await items(asking, "/v1/quality/contacts", limit="1", **params)
        return [(row["person_id"], row["contact"]["address_masked"], row["contact"]["quality"]["state"]) for row in rows_found]

    dead = [("chengdu", "138****8001", "dead"), ("buried", "138****8001", "dead"), ("mianyang", "138****8001", "dead")]
    good, untold = ("chengdu", "138****8002", "good"), ("chengdu", "oAB****YZ01", "unverified")
    wrong = ("mianyang", "138****8003", "wrong_person")
    assert await who(client) == [dead[0], good, untold, *dead[1:], wrong]
    assert await who(client, state="dead") == dead
    assert await who(client, state="good") == [good]
    assert await who(client, state="unverified") == [untold]
    assert await who(client, state="wrong_person") == [wrong]
    assert await who(client, state="doubtful") == []
    assert await who(client, region="510700", state="dead") == dead[1:]
    assert await who(city, region="510000", state="dead") == dead[:1]


async def test_work_lists_hold_contacts_of_living_persons(client: Client, rows: Rows) -> None:
    await some_contacts(rows)

    async def who(**params: str) -> list[tuple[str, str]]:
        return [(row["person_id"], row["contact"]["address_masked"]) for row in await items(client, "/v1/quality/contacts", **params)]

    assert await who(list="dead") == [("chengdu", "138****8001"), ("mianyang", "138****8001")]
    assert await who(list="wrong") == [("mianyang", "138****8003")]
    assert await who(list="never_verified", region="510100") == [("chengdu", "138****8001"), ("chengdu", "oAB****YZ01")]
    assert await who(list="never_verified", state="dead", region="510100") == [("chengdu", "138****8001")]
    assert await who(list="shared") == []


async def test_a_shared_number_says_for_how_many_it_stands_and_who_gave_it(client: Client, rows: Rows, many: bool) -> None:
    await many_share(rows)
    await counted(rows)

    [shared] = await items(client, "/v1/quality/shared")
    [seen_from_mianyang] = await items(client, "/v1/quality/shared", region="510700")
    contacts = await items(client, "/v1/quality/contacts", list="shared", limit="3")

    assert shared == {
        "address_masked": "138****8777",
        "channel": "sms",
        "persons": 7,
        "persons_here": 7,
        "regions": 2,
        "sources": {"counter": 7, "legacy": 1},
        "says": "138****8777 登记在 7 人名下（窗口 7 人、历史数据 1 人）。",
    }
    assert (seen_from_mianyang["persons"], seen_from_mianyang["persons_here"]) == (7, 2)
    assert await items(client, "/v1/quality/shared", region="510300") == []
    assert len(contacts) == 8
    assert {row["shared_by"] for row in contacts} == {7}
    assert await items(client, "/v1/quality/shared", shared_from="8") == []


async def test_a_token_of_a_region_sees_numbers_that_stand_for_its_own_and_counts_them(
    make_client: MakeClient, rows: Rows, many: bool
) -> None:
    await many_share(rows)
    await counted(rows)
    city = await make_client(region="510700")

    [shared] = await items(city, "/v1/quality/shared")

    assert (shared["persons"], shared["persons_here"]) == (7, 2)
    assert {row["person_id"] for row in await items(city, "/v1/quality/contacts", list="shared")} == {"P0", "P1"}
    assert await items(await make_client(region="510300"), "/v1/quality/shared") == []


async def test_fewer_than_the_configured_number_of_persons_cannot_be_asked_for(client: Client) -> None:
    answer = await client.get("/v1/quality/shared?shared_from=3")

    assert answer.status == 422
    assert (await answer.json())["errors"][0]["path"] == "shared_from"


async def test_shared_numbers_come_page_by_page_those_that_stand_for_most_first(client: Client, rows: Rows, many: bool) -> None:
    for number, persons in ((1, 6), (2, 9), (3, 6)):
        for n in range(persons):
            await rows.person(f"{number}-{n}")
            await rows.contact(f"{number}-{n}", f"+861380013800{number}", key=b"%d" % number)
    await counted(rows)

    found = await items(client, "/v1/quality/shared", limit="1")

    assert [(row["address_masked"][-1], row["persons"]) for row in found] == [("2", 9), ("1", 6), ("3", 6)]


async def test_the_trend_has_the_last_count_of_each_month_and_what_changed(client: Client, rows: Rows) -> None:
    await some_contacts(rows)
    await counted(rows, NOON - timedelta(days=31))
    await rows.pool.execute("update contact set state = 'good' where key = 'untold'")
    await counted(rows, NOON)
    await rows.pool.execute("update contact set state = 'dead' where key = 'good'")
    await counted(rows, NOON + timedelta(days=1))

    january, march = await items(client, "/v1/quality/trend", limit="1")
    [mianyang, _] = await items(client, "/v1/quality/trend", region="510700")

    assert (january["month"], january["contacts"], january["changes"]) == ("2026-01-01", 5, None)
    assert (march["month"], march["by_state"]) == ("2026-03-01", {"dead": 3, "good": 1, "wrong_person": 1})
    assert march["changes"] is None, "nothing was counted in February"
    assert datetime.fromisoformat(march["counted_at"]) == NOON + timedelta(days=1)
    assert (mianyang["contacts"], mianyang["persons"], mianyang["without_usable"]) == (2, 2, 2)

    await counted(rows, NOON + timedelta(days=31))
    april = (await items(client, "/v1/quality/trend"))[-1]
    assert april["changes"] == {"dead": 0, "good": 0, "wrong_person": 0}


async def test_a_month_ends_where_it_does_in_shanghai(rows: Rows) -> None:
    async with rows.pool.acquire() as connection:
        late = await quality_census.take(connection, 5, datetime(2026, 3, 31, 16, tzinfo=UTC))
    assert late.month == date(2026, 4, 1)


async def test_the_lists_come_as_files_with_masked_numbers(client: Client, rows: Rows) -> None:
    await many_share(rows)
    [headings, *dead] = await csv_rows(client, "/v1/quality/contacts?format=csv&list=dead")
    sheet = await sheet_rows(client, "/v1/quality/shared?format=xlsx")
    trend = await sheet_rows(client, "/v1/quality/trend?format=xlsx")

    assert [dict(zip(headings, row, strict=True))["号码"] for row in dead] == ["138****8010"] * 2
    assert [dict(zip(headings, row, strict=True))["状态"] for row in dead] == ["失效"] * 2
    assert sheet[0][:3] == ("号码", "渠道", "登记人数")
    assert sheet[1][:3] == ("138****8777", "短信", 7)
    assert trend[0][0] == "月份"


async def test_each_contact_is_listed_in_the_state_that_is_shown_of_it_and_in_no_other(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    for n, (state, verified, denied) in enumerate(product((None, *State), (None, date(2026, 1, 1)), (None, NOON))):
        await rows.contact("P1", f"+86138{n:08}", state=state, verified_on=verified, denied_at=denied)
    shown = {row["contact"]["id"]: row["contact"]["quality"]["state"] for row in await items(client, "/v1/quality/contacts")}

    listed = [(row["contact"]["id"], state) for state in State for row in await items(client, "/v1/quality/contacts", state=state)]

    assert sorted(listed) == sorted(shown.items())
    assert len(listed) == 28
    assert await items(client, "/v1/quality/contacts", state="of_tomorrow") == []
