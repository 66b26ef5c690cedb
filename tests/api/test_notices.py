"""GET /v1/notices, GET /v1/notices/{id}, POST /v1/notices/{id}/cancel and GET /v1/messages/{id}."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from gateway.store.vault import SealedAnswer
from tests.api.conftest import Client, MakeClient, Ports
from tests.api.rows import NOON, Rows


async def items(client: Client, path: str, **params: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(path, params=params | {"cursor": cursor})
        assert answer.status == 200, await answer.text()
        page = await answer.json()
        found += page["items"]
        cursor = page["next_cursor"]
    return found


async def informed_notice(rows: Rows) -> tuple[int, int]:
    """A notice whose message was throttled once, then accepted, then delivered: (notice, message)."""
    await rows.person("P1")
    await rows.event("/backend", "e1", "P1", accepted_at=NOON - timedelta(seconds=1))
    notice = await rows.notice(
        "P1", status="informed", checks="rule:23,37 passed:not_certified_since", event_source="/backend", event_id="e1",
        closed_at=NOON + timedelta(seconds=9), closing_seal=12,
    )  # fmt: skip
    await rows.event("/backend", "e2", "P1", notice_id=notice, verdict="duty_met", accepted_at=NOON + timedelta(seconds=1))
    message = await rows.message(
        notice, "P1", status="delivered", provider="sandbox_sms", final_at=NOON + timedelta(seconds=9), vendor_code="DELIVRD"
    )
    answer = SealedAnswer(str(message), "deferred", None, "throttled", "too fast")
    first = await rows.call(
        [message, 1], [answer], outcome="accepted", claimed_at=NOON + timedelta(seconds=2), answered_at=NOON + timedelta(seconds=3)
    )
    second = await rows.call(
        [message], outcome="accepted", claimed_at=NOON + timedelta(seconds=4), answered_at=NOON + timedelta(seconds=5), answer_seal=13
    )
    receipt = await rows.receipt(
        b"<raw>", [(1, "failed", "x", "y"), (message, "delivered", "", "DELIVRD")], received_at=NOON + timedelta(seconds=8)
    )
    await rows.pool.execute("update message set calls = $1, receipts = $2 where id = $3", [first, second], [receipt], message)
    return notice, message


async def test_a_notice_tells_its_whole_trail_in_order(client: Client, rows: Rows) -> None:
    notice, message = await informed_notice(rows)

    shown = await (await client.get(f"/v1/notices/{notice}")).json()
    trail = shown["trail"]

    assert [step["what"] for step in trail] == ["event", "decision", "message", "event", "attempt", "attempt", "receipt", "closing"]
    assert (trail[0]["source"], trail[0]["id"], trail[0]["type"], trail[0]["seal"]) == ("/backend", "e1", "si.cycle.reminder-due", "7")
    assert trail[1]["checks"] == ["rule:23,37", "passed:not_certified_since"]
    assert (trail[2]["template"], trail[2]["template_version"], trail[2]["address_masked"]) == ("reminder", "v1", "138****8000")
    assert trail[3]["verdict"] == "duty_met"
    assert [step["outcome"] for step in trail[4:6]] == ["deferred", "accepted"]
    assert (trail[4]["vendor_code"], trail[4]["vendor_text"], trail[5]["answer_seal"]) == ("throttled", "too fast", "13")
    assert trail[6] == {
        "what": "receipt", "at": "2026-03-02T04:00:08Z", "seal": "11", "message_id": str(message), "receipt_id": trail[6]["receipt_id"],
        "provider": "sandbox_sms", "status": "delivered", "reason": None, "vendor_code": "DELIVRD", "raw_sha256": sha256(b"<raw>").hexdigest(),
    }  # fmt: skip
    assert (trail[7]["status"], trail[7]["seal"]) == ("informed", "12")


async def test_a_notice_shows_its_messages_with_the_text_rendered_again(client: Client, rows: Rows) -> None:
    notice, message = await informed_notice(rows)

    shown = await (await client.get(f"/v1/notices/{notice}")).json()
    alone = await (await client.get(f"/v1/messages/{message}")).json()

    assert shown["cycle"] == {"start": "2025-01-15", "deadline": "2026-01-15"}
    assert shown["event"] == {"source": "/backend", "id": "e1"}
    assert shown["messages"] == [alone]
    assert alone["text"] == "reminder@v1 {'name': '王建国'}"
    assert (alone["id"], alone["notice_id"], alone["address_masked"]) == (str(message), str(notice), "138****8000")
    assert [attempt["outcome"] for attempt in alone["attempts"]] == ["deferred", "accepted"]
    assert [receipt["status"] for receipt in alone["receipts"]] == ["delivered"]


async def test_a_message_whose_last_call_was_taken_reads_as_sent(client: Client, rows: Rows) -> None:
    """A message of a call that nobody knows the end of is `unknown` itself; one that is not was taken, as a mapping said later."""
    await rows.person("P1")
    notice = await rows.notice("P1")
    statuses = {}
    for outcome in ("accepted", None, "unknown"):
        message = await rows.message(notice, "P1", status="sending")
        call = await rows.call([message], outcome=outcome)
        await rows.pool.execute("update message set calls = $1 where id = $2", [call], message)
        statuses[outcome] = (await (await client.get(f"/v1/messages/{message}")).json())["status"]

    assert statuses == {"accepted": "sent", None: "sending", "unknown": "sent"}


async def test_a_message_that_was_put_back_does_not_claim_its_calls_outcome(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    message = await rows.message(await rows.notice("P1"), "P1", status="queued")
    call = await rows.call([message, 1, 2], outcome="accepted")
    await rows.pool.execute("update message set calls = $1 where id = $2", [call], message)

    shown = await (await client.get(f"/v1/messages/{message}")).json()

    assert [attempt["outcome"] for attempt in shown["attempts"]] == [None]


async def test_an_erased_message_shows_neither_address_nor_text(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    notice = await rows.notice("P1")
    erased = await rows.message(notice, "P1", sealed=None)
    unrenderable = await rows.message(notice, "P1", version="gone")
    await rows.pool.execute(
        "update message set receipts = $1 where id = $2", [await rows.receipt(None, [(erased, "delivered", "", "")])], erased
    )

    shown = await (await client.get(f"/v1/messages/{erased}")).json()

    assert (shown["address_masked"], shown["text"]) == (None, None)
    assert shown["receipts"][0]["raw_sha256"] is None
    assert (await (await client.get(f"/v1/messages/{unrenderable}")).json())["text"] is None


async def test_a_list_carries_messages_without_texts_and_without_trails(client: Client, rows: Rows) -> None:
    notice, message = await informed_notice(rows)

    [shown] = await items(client, "/v1/notices", person_id="P1")

    assert shown["id"] == str(notice)
    assert "trail" not in shown
    assert [(one["id"], one["text"], one["receipts"]) for one in shown["messages"]] == [(str(message), None, [])]
    assert [attempt["outcome"] for attempt in shown["messages"][0]["attempts"]] == ["deferred", "accepted"]


async def test_notices_are_filtered_by_every_filter_and_all_of_them_together(client: Client, rows: Rows) -> None:
    for person in ("P1", "P2"):
        await rows.person(person)
    a = await rows.notice("P1", kind="reminder", status="informed", created_at=NOON - timedelta(days=2))
    b = await rows.notice("P1", kind="suspension", status="uninformed", cause="lapsed")
    c = await rows.notice("P2", kind="suspension", status="uninformed", cause="lapsed", created_at=NOON + timedelta(days=2))
    for person, notice, why in (("P1", b, "no_contact"), ("P2", c, "not_informed"), ("P2", c, "ladder_failed")):
        await rows.outreach(person, notice_id=notice, why=why, closed_at=NOON if notice == b else None)

    async def ids(**params: str) -> list[int]:
        return [int(row["id"]) for row in await items(client, "/v1/notices", **params)]

    assert await ids() == [c, b, a]
    assert await ids(person_id="P1") == [b, a]
    assert await ids(kind="suspension") == [c, b]
    assert await ids(status="uninformed") == [c, b]
    assert await ids(status="informed") == [a]
    assert await ids(since="2026-03-02T04:00:00Z") == [c, b]
    assert await ids(since="2026-03-02T12:00:00+08:00", until="2026-03-02T12:00:01+08:00") == [b]
    assert await ids(until="2026-03-02") == [b, a], "a date includes that day"
    assert await ids(until="2026-03-02T12:00:00 08:00") == [a], "a plus sign that nobody escaped"
    assert await ids(person_id="P2", kind="suspension", status="uninformed", since="2026-03-03", until="2026-03-04") == [c]
    assert await ids(person_id="P9") == []


async def test_a_page_is_as_long_as_asked_and_the_last_one_says_so(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    made = [await rows.notice("P1") for _ in range(4)]

    first = await (await client.get("/v1/notices", params={"limit": "2"})).json()
    second = await (await client.get("/v1/notices", params={"limit": "2", "cursor": first["next_cursor"]})).json()

    assert [int(row["id"]) for row in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


async def test_a_token_of_a_region_sees_its_own_notices_and_messages_alone(make_client: MakeClient, rows: Rows) -> None:
    await rows.person("inside", region="510104")
    await rows.person("outside", region="510703")
    mine, theirs = await rows.notice("inside"), await rows.notice("outside")
    my_message, their_message = await rows.message(mine, "inside"), await rows.message(theirs, "outside")
    chengdu = await make_client(region="510100")

    assert [int(row["id"]) for row in await items(chengdu, "/v1/notices")] == [mine]
    assert [(await chengdu.get(f"/v1/notices/{one}")).status for one in (mine, theirs, 1)] == [200, 404, 404]
    assert [(await chengdu.get(f"/v1/messages/{one}")).status for one in (my_message, their_message, 1)] == [200, 404, 404]
    assert (await chengdu.post(f"/v1/notices/{theirs}/cancel")).status == 404


async def test_what_is_no_id_is_not_found(client: Client) -> None:
    for ident in ("0", "abc", "-1", "9223372036854775808", "99999999999999999999", "１２", "1.5", "%00"):
        assert (await client.get(f"/v1/notices/{ident}")).status == 404, ident
        assert (await client.get(f"/v1/messages/{ident}")).status == 404, ident


async def test_cancelling_asks_in_the_callers_name_and_answers_with_the_notice(client: Client, rows: Rows, ports: Ports) -> None:
    await rows.person("P1")
    notice = await rows.notice("P1")

    answer = await client.post(f"/v1/notices/{notice}/cancel")

    assert (answer.status, (await answer.json())["id"]) == (200, str(notice))
    assert ports.cancelled == [(notice, "name-of-secret-0")]


async def test_cancelling_what_is_final_is_a_conflict(client: Client, rows: Rows, ports: Ports) -> None:
    await rows.person("P1")
    notice = await rows.notice("P1", status="informed")
    ports.cancel_answers = False

    answer = await client.post(f"/v1/notices/{notice}/cancel")

    assert (answer.status, answer.content_type) == (409, "application/problem+json")


async def test_cancelling_takes_the_scope_operate(make_client: MakeClient, rows: Rows, ports: Ports) -> None:
    await rows.person("P1")
    reader = await make_client(scopes=("read", "events"))

    assert (await reader.post(f"/v1/notices/{await rows.notice('P1')}/cancel")).status == 403
    assert ports.cancelled == []
