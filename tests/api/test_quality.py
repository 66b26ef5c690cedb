"""GET /v1/quality/summary and /v1/quality/contacts."""

from tests.api.conftest import Client, MakeClient
from tests.api.rows import NOON, Rows
from tests.api.test_notices import items


async def some_contacts(rows: Rows) -> None:
    """In Chengdu a dead, a good and an untold number; in Mianyang the dead one again, and one that was removed."""
    await rows.person("chengdu", region="510104")
    await rows.person("mianyang", region="510703")
    await rows.contact("chengdu", "+8613800138001", key=b"dead")
    await rows.contact("chengdu", "+8613800138002", key=b"good")
    await rows.contact("chengdu", "oABCDEFGHIJKLMNOPQRSTUVWXYZ01", channel="wechat", key=b"untold")
    await rows.contact("mianyang", "+8613800138001", key=b"dead", relation="family")
    await rows.contact("mianyang", "+8613800138009", key=b"gone", removed_at=NOON)
    await rows.number(b"dead", state="dead", failed=2, wrong_person_at=NOON)
    await rows.number(b"good", state="good", delivered=1)


async def test_the_summary_counts_contacts_by_channel_and_state(client: Client, rows: Rows) -> None:
    await some_contacts(rows)

    whole = await (await client.get("/v1/quality/summary")).json()
    mianyang = await (await client.get("/v1/quality/summary?region=510700")).json()

    assert (whole["contacts"], whole["by_state"]) == (4, {"dead": 2, "good": 1, "unverified": 1})
    assert {(row["channel"], row["state"]): row["contacts"] for row in whole["items"]} == {
        ("sms", "dead"): 2,
        ("sms", "good"): 1,
        ("wechat", "unverified"): 1,
    }
    assert mianyang["items"] == [{"channel": "sms", "state": "dead", "contacts": 1, "opted_out": 0, "wrong_person": 1}]


async def test_contacts_are_listed_by_state_and_region(client: Client, make_client: MakeClient, rows: Rows) -> None:
    await some_contacts(rows)
    city = await make_client(region="510100")

    async def who(asking: Client, **params: str) -> list[tuple[str, str, str]]:
        rows_found = await items(asking, "/v1/quality/contacts", limit="1", **params)
        return sorted((row["person_id"], row["contact"]["address_masked"], row["contact"]["quality"]["state"]) for row in rows_found)

    dead = [("chengdu", "138****8001", "dead"), ("mianyang", "138****8001", "dead")]
    good, untold = ("chengdu", "138****8002", "good"), ("chengdu", "oAB****YZ01", "unverified")
    assert await who(client) == sorted([*dead, good, untold])
    assert await who(client, state="dead") == dead
    assert await who(client, state="good") == [good]
    assert await who(client, state="unverified") == [untold]
    assert await who(client, state="doubtful") == []
    assert await who(client, region="510700") == dead[1:]
    assert await who(city, region="510000", state="dead") == dead[:1]
