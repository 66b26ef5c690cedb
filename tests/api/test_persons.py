"""GET /v1/persons/{id} and its timeline."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.events import ManagingUnit, Residence
from gateway.model import Benefit, Details
from gateway.words import Insurance
from tests.api.conftest import Client, MakeClient
from tests.api.rows import NOON, Rows

SHOWN = "2026-03-02T04:00:00Z"
"""Noon, as answers show it."""


async def test_it_shows_a_person_with_names_and_numbers_masked(client: Client, rows: Rows) -> None:
    home = Residence("510703", town_name="青义镇", village="桃园村")
    details = Details(name="王建国", residence=home, managing_unit=ManagingUnit("第一机床厂", "02887654321"), abroad=True)
    benefit = Benefit(Insurance.RESIDENT_PENSION, "suspended", date(2026, 2, 1), "not_certified")
    await rows.person("P1", details, (benefit,), certified=[date(2024, 1, 10), date(2025, 1, 15)])

    answer = await client.get("/v1/persons/P1")
    shown = await answer.json()

    assert answer.status == 200
    assert shown["name_masked"] == "王*国"
    assert (shown["region"], shown["region_name"]) == ("510104", "四川省成都市锦江区")
    assert shown["residence"] == {
        "region": "510703", "region_name": "四川省绵阳市涪城区", "town_code": None, "town_name": "青义镇", "village": "桃园村",
    }  # fmt: skip
    assert shown["certified_on"] == "2025-01-15"
    assert shown["certified"] == ["2024-01-10", "2025-01-15"]
    assert shown["cycle"] == {"start": "2025-01-15", "deadline": "2026-01-15"}
    assert shown["benefits"] == [{"insurance": "resident_pension", "state": "suspended", "since": "2026-02-01", "cause": "not_certified"}]
    assert shown["managing_unit"]["name"] == "第一机床厂"
    assert "7654" not in await answer.text()
    assert shown["abroad"] is True


async def test_it_shows_contacts_with_what_is_believed_of_them(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    believed: dict[str, Any] = {"state": "doubtful", "p_reach": 0.31256, "p_alive": 0.75, "p_mine": 0.5, "delivered": 3, "failed": 1, "observations": 5, "last_at": NOON,
                "why": "近期一次失败。", "override_until": NOON}  # fmt: skip
    tried = await rows.contact("P1", "+8613800138000", verified_on=date(2025, 11, 2), **believed)
    fresh = await rows.contact("P1", "+8613900139001", relation="family", name="王小丽")
    await rows.contact("P1", "+8613700137000", removed_at=NOON)
    denied = await rows.contact("P1", "+8613800138002", verified_on=date(2025, 11, 2), state="good", denied_at=NOON)
    await rows.number(b"+8613800138000", opted_out_at=NOON)

    shown = (await (await client.get("/v1/persons/P1")).json())["contacts"]

    assert [contact["id"] for contact in shown] == [str(tried), str(fresh), str(denied)]
    assert shown[0]["address_masked"] == "138****8000"
    assert shown[0]["verified_on"] == "2025-11-02"
    assert shown[0]["quality"] == {
        "state": "doubtful", "p_reach": 0.3126, "p_alive": 0.75, "p_mine": 0.5, "why": "近期一次失败。", "delivered": 3, "failed": 1, "observations": 5,
        "last_at": SHOWN, "opted_out_at": SHOWN, "wrong_person_at": None, "override_until": SHOWN,
    }  # fmt: skip
    assert (shown[1]["relation"], shown[1]["name_masked"]) == ("family", "王*丽")
    assert shown[1]["quality"] == {
        "state": "unverified", "p_reach": None, "p_alive": None, "p_mine": None, "why": "", "delivered": 0, "failed": 0, "observations": 0, "last_at": None,
        "opted_out_at": None, "wrong_person_at": None, "override_until": None,
    }  # fmt: skip
    assert (shown[2]["quality"]["state"], shown[2]["quality"]["wrong_person_at"]) == ("wrong_person", SHOWN)


async def test_a_contact_of_which_nothing_is_believed_yet_is_good_where_somebody_verified_it(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    await rows.contact("P1", verified_on=date(2025, 11, 2))

    [shown] = (await (await client.get("/v1/persons/P1")).json())["contacts"]

    assert (shown["quality"]["state"], shown["quality"]["p_reach"]) == ("good", None)


async def test_it_does_not_find_a_person_outside_the_tokens_region(make_client: MakeClient, rows: Rows) -> None:
    await rows.person("inside", region="510104")
    await rows.person("outside", region="510703")
    await rows.person("nowhere", region="")
    chengdu = await make_client(region="510100")

    statuses = {who: (await chengdu.get(f"/v1/persons/{who}")).status for who in ("inside", "outside", "nowhere", "unknown")}
    timelines = {who: (await chengdu.get(f"/v1/persons/{who}/timeline")).status for who in ("inside", "outside", "nowhere", "unknown")}

    assert statuses == timelines == {"inside": 200, "outside": 404, "nowhere": 404, "unknown": 404}


async def test_it_does_not_find_a_person_whose_id_no_store_could_hold(client: Client) -> None:
    for path in ("/v1/persons/%00", "/v1/persons/%ED%A0%80", "/v1/persons/a%2Fb", "/v1/persons/" + "x" * 3000):
        assert (await client.get(path)).status == 404


async def test_it_shows_what_happened_around_a_person_newest_first(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    await rows.person("P2")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    notice = await rows.notice("P1", created_at=start, status="informed", closed_at=start + timedelta(days=3))
    await rows.event("/backend", "e1", "P1", accepted_at=start, notice_id=notice)
    message = await rows.message(notice, "P1", status="delivered", final_at=start + timedelta(days=2))
    await rows.contact("P1", "+8613800138000")
    await rows.outreach("P1", opened_at=start + timedelta(days=4), closed_at=start + timedelta(days=5))
    await rows.notice("P2")

    entries = (await (await client.get("/v1/persons/P1/timeline")).json())["items"]

    assert [entry["what"] for entry in entries] == ["outreach_closed", "outreach", "notice_closed", "message", "notice", "event"]
    assert entries[2] == {
        "at": "2026-01-04T00:00:00Z",
        "what": "notice_closed",
        "notice_id": str(notice),
        "kind": "reminder",
        "status": "informed",
    }
    assert (entries[3]["message_id"], entries[3]["status"], entries[3]["channel"]) == (str(message), "delivered", "sms")
    assert (entries[5]["source"], entries[5]["id"], entries[5]["notice_id"]) == ("/backend", "e1", str(notice))


async def test_a_timeline_pages_through_things_of_one_moment(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    for serial in range(7):
        await rows.event("/backend", f"e{serial}", "P1")

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await (await client.get("/v1/persons/P1/timeline", params={"limit": "3", "cursor": cursor})).json()
        seen += [entry["id"] for entry in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]
