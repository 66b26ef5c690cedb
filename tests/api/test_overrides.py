"""POST and GET /v1/quality/overrides: asked for by one token's owner, confirmed by another's."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from aiohttp import ClientResponse
from structlog.testing import LogCapture

from gateway.config import Config
from gateway.config.schema import Quality
from tests.api.conftest import Client, MakeClient
from tests.api.rows import Rows
from tests.api.test_notices import items

PATH = "/v1/quality/overrides"
REASON = "本人到窗口说号码仍在用"


def ahead(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


async def dead(rows: Rows, person: str = "P1", region: str = "510104", **given: Any) -> dict[str, Any]:
    """A person with a dead number; what to post so that it is used again."""
    await rows.person(person, region=region)
    contact = await rows.contact(person, **({"state": "dead"} | given))
    return {"person_id": person, "contact_id": str(contact), "reason": REASON, "until": ahead(days=30)}


async def ask(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(PATH, json=body)
    assert answer.status == 201, await answer.text()
    return dict(await answer.json())


async def code_of(answer: ClientResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.content_type == "application/problem+json"
    told = await answer.json()
    return answer.status, told.get("code") or told["errors"][0]["code"]


async def test_an_override_lives_from_asked_to_in_force_to_ended(make_client: MakeClient, rows: Rows) -> None:
    anna, bert, carl = [await make_client(token=name) for name in ("anna", "bert", "carl")]
    body = await dead(rows)

    asked = await ask(anna, body)
    ident = asked["id"]

    assert asked == {
        "id": ident, "person_id": "P1", "name_masked": "王*国", "region": "510104", "region_name": "四川省成都市锦江区", "contact_id": body["contact_id"],
        "channel": "sms", "address_masked": "138****8000", "state": "dead", "reason": REASON, "until": asked["until"], "status": "asked",
        "asked_by": "name-of-anna", "asked_at": asked["asked_at"], "confirmed_by": None, "confirmed_at": None, "ended_by": None, "ended_at": None,
        "ended_why": None,
    }  # fmt: skip
    assert datetime.fromisoformat(asked["until"]) == datetime.fromisoformat(body["until"])
    shown = (await (await anna.get("/v1/persons/P1")).json())["contacts"][0]["quality"]
    assert shown["override_until"] is None

    confirmed = await (await bert.post(f"{PATH}/{ident}/confirm")).json()
    assert confirmed == asked | {"status": "in_force", "confirmed_by": "name-of-bert", "confirmed_at": confirmed["confirmed_at"]}
    shown = (await (await anna.get("/v1/persons/P1")).json())["contacts"][0]["quality"]
    assert shown["override_until"] == asked["until"]

    ended = await (await carl.post(f"{PATH}/{ident}/withdraw")).json()
    assert ended == confirmed | {"status": "ended", "ended_by": "name-of-carl", "ended_at": ended["ended_at"], "ended_why": "withdrawn"}
    assert await items(anna, PATH) == [ended]
    audit = await rows.pool.fetch("select who, what, detail from audit order by id")
    assert [tuple(row) for row in audit] == [
        (f"name-of-{who}", f"override.{what}", ident) for who, what in (("anna", "ask"), ("bert", "confirm"), ("carl", "withdraw"))
    ]


async def test_whoever_asked_cannot_confirm_and_another_can_once(make_client: MakeClient, rows: Rows) -> None:
    anna, bert = await make_client(token="anna"), await make_client(token="bert")
    ident = (await ask(anna, await dead(rows)))["id"]

    assert await code_of(await anna.post(f"{PATH}/{ident}/confirm")) == (409, "same_owner")
    assert (await bert.post(f"{PATH}/{ident}/confirm")).status == 200
    assert await code_of(await bert.post(f"{PATH}/{ident}/confirm")) == (409, "in_force")


async def test_each_conflict_says_its_code(client: Client, make_client: MakeClient, rows: Rows) -> None:
    bert = await make_client(token="bert")
    body = await dead(rows)
    fine = await dead(rows, "P2", state="good")

    assert await code_of(await client.post(PATH, json=fine)) == (409, "not_given_up")
    first = (await ask(client, body))["id"]
    assert await code_of(await client.post(PATH, json=body)) == (409, "open")
    await rows.pool.execute("update suppression_override set asked_at = asked_at - interval '7 days'")
    assert await code_of(await bert.post(f"{PATH}/{first}/confirm")) == (409, "expired")
    assert await code_of(await bert.post(f"{PATH}/{first}/withdraw")) == (409, "ended")
    second = (await ask(client, body))["id"]
    await bert.post(f"{PATH}/{second}/withdraw")
    assert await code_of(await bert.post(f"{PATH}/{second}/confirm")) == (409, "ended")


async def test_a_token_of_a_region_acts_on_its_own_and_sees_nothing_else(make_client: MakeClient, rows: Rows) -> None:
    everywhere, chengdu, mianyang = await make_client(), await make_client("510100"), await make_client("510700")
    body = await dead(rows)

    assert (await mianyang.post(PATH, json=body)).status == 404
    ident = (await ask(chengdu, body))["id"]
    await rows.person("P2", region="510703")
    theirs = {"contact_id": str(await rows.contact("P2", state="dead")), "person_id": "P2", "reason": REASON, "until": ahead(days=1)}
    other = (await ask(everywhere, theirs))["id"]

    assert [(await mianyang.post(f"{PATH}/{ident}/{what}")).status for what in ("confirm", "withdraw")] == [404, 404]
    assert [row["id"] for row in await items(chengdu, PATH)] == [ident]
    assert [row["id"] for row in await items(mianyang, PATH)] == [other]
    assert {row["id"] for row in await items(everywhere, PATH)} == {ident, other}
    assert (await everywhere.post(f"{PATH}/{ident}/confirm")).status == 200


async def test_acting_takes_the_scope_operate_and_reading_the_scope_read(make_client: MakeClient, rows: Rows) -> None:
    reader, operator = await make_client(scopes=("read",)), await make_client(scopes=("operate",))
    body = await dead(rows)

    assert (await reader.post(PATH, json=body)).status == 403
    ident = (await ask(operator, body))["id"]
    assert [(await reader.post(f"{PATH}/{ident}/{what}")).status for what in ("confirm", "withdraw")] == [403, 403]
    assert (await operator.get(PATH)).status == 403
    assert [row["status"] for row in await items(reader, PATH)] == ["asked"]


async def test_what_is_not_there_is_not_found(client: Client, rows: Rows) -> None:
    body = await dead(rows)
    for wrong in ({"person_id": "nobody"}, {"contact_id": "1"}, {"contact_id": "9999999999999999999"}):
        assert (await client.post(PATH, json=body | wrong)).status == 404, wrong
    for ident in ("1", "0", "abc", "9999999999999999999"):
        assert [(await client.post(f"{PATH}/{ident}/{what}")).status for what in ("confirm", "withdraw")] == [404, 404], ident


BAD: list[tuple[str, Any, str]] = [
    ("reason", "", "reason"),
    ("reason", " \u3000 ", "reason"),
    ("reason", "长" * 501, "reason"),
    ("reason", "两\n行", "reason"),
    ("reason", "\x00", "reason"),
    ("reason", None, "reason"),
    ("reason", "他说改打13912345678", "reason"),
    ("reason", "改打 +86 139 1234-5678", "reason"),
    ("reason", "１３９１２３４５６７８", "reason"),
    ("reason", "家里028-86751234", "reason"),
    ("reason", "身份证510104195001011232本人", "reason"),
    ("reason", "身份证510104 19500101 1232", "reason"),
    ("until", "tomorrow", "until"),
    ("until", "2026-02-30", "until"),
    ("until", ahead(seconds=-5), "until"),
    ("until", ahead(days=91), "until"),
    ("until", "9999-12-31", "until"),
    ("contact_id", 5, "contact_id"),
    ("contact_id", "x", "contact_id"),
    ("person_id", "", "person_id"),
    ("person_id", "\x00", "person_id"),
    ("more", "x", "more"),
]


async def test_what_does_not_fit_is_said_with_its_place_and_never_repeated(client: Client, rows: Rows) -> None:
    body = await dead(rows)
    for field, value, path in BAD:
        answer = await client.post(PATH, json=body | {field: value})
        text = await answer.text()
        assert answer.status == 422, (field, value, text)
        assert [flaw["path"] for flaw in (await answer.json())["errors"]] == [path], value
        assert "139" not in text, value
        assert "1950" not in text, value
    assert await rows.pool.fetchval("select count(*) from suppression_override") == 0


async def test_a_body_that_is_no_request_is_refused(client: Client) -> None:
    bodies = {b"": 400, b"{": 400, b"\xff": 400, b"[]": 422, b"{}": 422, b'{"reason": "\\ud800"}': 400}
    assert {body: (await client.post(PATH, data=body)).status for body in bodies} == bodies


async def test_a_reason_may_hold_numbers_that_are_nobodys(client: Client, rows: Rows) -> None:
    for n, reason in enumerate(("工单2026112400017", "2026-11-24 13:30 本人来访 窗口3", "批次 20261124-0931", "长" * 498)):
        assert (await ask(client, await dead(rows, f"P{n}") | {"reason": f" {reason} "}))["reason"] == reason


async def test_a_date_includes_that_day_and_the_longest_time_is_the_configurations(make_client: MakeClient, rows: Rows) -> None:
    client = await make_client(config=Config(quality=Quality(override_days=2)))
    body = await dead(rows)
    day = date.today() + timedelta(days=20)  # noqa: DTZ011 - the day before or after would do as well

    asked = await ask(client, body | {"until": str(day)})

    end = datetime.fromisoformat(asked["until"]).astimezone(UTC)
    assert (end + timedelta(hours=8)).replace(tzinfo=None) == datetime.combine(day, datetime.min.time()) + timedelta(days=1)


async def test_one_that_ran_out_is_shown_as_ended_by_its_time(make_client: MakeClient, client: Client, rows: Rows) -> None:
    bert = await make_client(token="bert")
    over = (await ask(client, await dead(rows)))["id"]
    await bert.post(f"{PATH}/{over}/confirm")
    late = (await ask(client, await dead(rows, "P2", address="+8613800138001")))["id"]
    open_ = (await ask(client, await dead(rows, "P3", address="+8613800138002")))["id"]
    await rows.pool.execute("update suppression_override set until = now() - interval '1 hour' where id = $1", int(over))
    await rows.pool.execute("update suppression_override set asked_at = asked_at - interval '8 days' where id = $1", int(late))

    shown = {row["id"]: row for row in await items(client, PATH)}

    assert {ident: (row["status"], row["ended_why"], row["ended_by"]) for ident, row in shown.items()} == {
        over: ("ended", "expired", None), late: ("ended", "unconfirmed", None), open_: ("asked", None, None),
    }  # fmt: skip
    assert shown[over]["ended_at"] == shown[over]["until"]
    ended = {status: {row["id"] for row in await items(client, PATH, status=status)} for status in ("asked", "in_force", "ended")}
    assert ended == {"asked": {open_}, "in_force": set(), "ended": {over, late}}


async def test_the_list_is_filtered_and_paged_newest_first(client: Client, rows: Rows) -> None:
    made = []
    for n in range(7):
        body = await dead(rows, f"P{n}", "510104" if n % 2 else "510703", address=f"+861380013800{n}")
        made.append((await ask(client, body))["id"])

    assert [row["id"] for row in await items(client, PATH, limit="2")] == made[::-1]
    assert [row["id"] for row in await items(client, PATH, limit="2", region="510100")] == made[5::-2]
    assert [row["id"] for row in await items(client, PATH, person_id="P3")] == [made[3]]
    assert (await client.get(PATH, params={"status": "open"})).status == 422
    assert (await client.get(PATH, params={"cursor": "gqlvdmVycmlkZXM"})).status == 422


async def test_the_list_is_a_file_for_people(client: Client, rows: Rows) -> None:
    await ask(client, await dead(rows) | {"reason": "=1+1"})

    answer = await client.get(PATH, params={"format": "csv"})
    [heading, row] = csv.reader(io.StringIO((await answer.text()).lstrip("\ufeff")))

    assert heading == [
        "编号", "姓名", "参保地", "渠道", "号码", "申请时状态", "理由", "有效期至", "状态", "申请人", "申请时间", "确认人", "确认时间", "终止时间", "终止人",
        "终止原因", "人员编号",
    ]  # fmt: skip
    assert row[1:7] == ["王*国", "四川省成都市锦江区", "短信", "138****8000", "失效", "'=1+1"]
    assert (row[8], row[9], row[-1]) == ("待确认", "name-of-secret-0", "P1")
    xlsx = await client.get(PATH, params={"format": "xlsx"})
    assert (xlsx.status, (await xlsx.read())[:2]) == (200, b"PK")


async def test_an_erased_reason_and_a_contact_that_is_gone_show_as_nothing(client: Client, rows: Rows) -> None:
    await ask(client, await dead(rows))
    await rows.pool.execute("update suppression_override set sealed = null")
    await rows.pool.execute("delete from contact")

    [row] = await items(client, PATH)

    assert (row["reason"], row["address_masked"]) == (None, None)


async def test_no_log_line_holds_the_reason_the_number_or_the_name(make_client: MakeClient, rows: Rows) -> None:
    captured = LogCapture()
    structlog.configure(processors=[captured])
    try:
        anna, bert = await make_client(token="anna"), await make_client(token="bert")
        body = await dead(rows)
        asked = await ask(anna, body)
        await anna.post(PATH, json=body)
        await anna.post(PATH, json=body | {"reason": f"{REASON} 13912345678"})
        await anna.post(f"{PATH}/{asked['id']}/confirm")
        await bert.post(f"{PATH}/{asked['id']}/confirm")
        await items(bert, PATH)
    finally:
        structlog.reset_defaults()
    lines = str(captured.entries)
    assert len(captured.entries) >= 6
    assert [secret for secret in (REASON, "13912345678", "13800138000", "王建国", "P1", asked["id"]) if secret in lines] == []
