"""Who may post what: scopes, sources and regions of tokens."""

from typing import Any

import msgspec

from gateway.pipeline.accept import ACCEPTED, Sender
from tests.pipeline.events import event, known, number, raw, reminder, requested, sms, suspended
from tests.pipeline.front import Front, client_of
from tests.pipeline.plant import Plant

CHENGDU, MIANYANG = "510104", "510703"
BATCH = "application/cloudevents-batch+json"


async def codes(front: Front, *events: dict[str, Any], **token: Any) -> list[str]:
    """What a token with these limits is told of each event."""
    async with client_of(front, **token) as client:
        response = await client.post("/v1/events", data=b"[" + b",".join(map(raw, events)) + b"]", headers={"Content-Type": BATCH})
        answer = msgspec.json.decode(await response.read())
    if "rejected" not in answer:
        return [str(answer["status"])]
    refused = {r["index"]: r["errors"][0]["code"] for r in answer["rejected"]}
    return [refused.get(n, "taken") for n in range(len(events))]


async def test_a_token_without_the_scope_posts_nothing(front: Front) -> None:
    assert await codes(front, known("p1"), scopes=("read",)) == ["403"]
    assert await front.plant.count("event") == 0


async def test_a_token_with_sources_posts_for_those_only(front: Front) -> None:
    events = known("p1") | {"source": "/mine"}, known("p2") | {"source": "/theirs"}
    assert await codes(front, *events, sources=("/mine",)) == ["taken", "forbidden"]
    assert await front.plant.rows("select source from event") == [("/mine",)]


async def test_a_token_of_a_region_brings_new_persons_into_it_only(front: Front) -> None:
    events = known("p1", region=CHENGDU), known("p2", region=MIANYANG), event("si.person.updated", "p3", {"name": "王"})
    assert await codes(front, *events, region="510100") == ["taken", "forbidden", "forbidden"]
    assert await front.plant.count("person") == 1


async def test_a_token_of_a_region_speaks_of_its_persons_only(front: Front) -> None:
    await front.plant.post(known("p1", sms(number(1)), region=CHENGDU), known("p2", sms(number(2)), region=MIANYANG))
    assert await codes(front, reminder("p1"), reminder("p2"), requested("p2"), region="510100") == ["taken", "forbidden", "forbidden"]
    assert await front.plant.count("notice") == 1


async def test_moving_a_person_needs_both_regions(front: Front) -> None:
    await front.plant.post(known("p1", region=CHENGDU))
    assert await codes(front, known("p1", region=MIANYANG), region="510100") == ["forbidden"]
    assert await codes(front, known("p1", region=MIANYANG), region="510700") == ["forbidden"]
    assert await codes(front, known("p1", region=MIANYANG), region="510000") == ["taken"]
    assert (await front.plant.person("p1")).region == MIANYANG


async def test_moving_a_person_inside_another_event_needs_both_regions_too(front: Front) -> None:
    await front.plant.post(known("p1", region=CHENGDU))
    moving = suspended("p1")
    moving["data"]["person"] = {"region": MIANYANG}
    assert await codes(front, moving, region="510100") == ["forbidden"]
    assert (await front.plant.person("p1")).region == CHENGDU


async def test_several_events_about_a_new_person_in_one_request_are_judged_one_after_the_other(front: Front) -> None:
    events = known("p1", sms(number(1)), region=CHENGDU), reminder("p1"), known("p1", region=MIANYANG), requested("p1")
    assert await codes(front, *events, region="510100") == ["taken", "taken", "forbidden", "taken"]


async def test_two_tokens_that_share_a_commit_cannot_take_a_new_person_from_each_other(plant: Plant) -> None:
    """The first puts the person into its region; the second would move them."""
    one, two = Sender("one", lambda region: region.startswith("5101")), Sender("two", lambda region: region.startswith("5107"))
    results = await plant.accept([plant.offered(known("p1", region=CHENGDU), one), plant.offered(known("p1", region=MIANYANG), two)])
    assert results[0] == ACCEPTED
    assert results[1] != ACCEPTED
    assert (await plant.person("p1")).region == CHENGDU


async def test_an_event_refused_for_its_region_leaves_nothing_and_may_come_from_another(front: Front) -> None:
    one = known("p1", region=MIANYANG)
    assert await codes(front, one, region="510100") == ["forbidden"]
    assert await front.plant.count("person") == 0
    assert await codes(front, one, region="510700") == ["taken"]


async def test_a_revoked_token_posts_nothing_after_a_few_seconds(front: Front) -> None:
    async with client_of(front) as client:
        await front.plant.pool.execute("update token set revoked_at = now()")
        front.tokens._found.clear()
        response = await client.post("/v1/events", data=b"[]", headers={"Content-Type": BATCH})
        assert response.status == 401
