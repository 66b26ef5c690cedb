"""Yes and no of people who are written to by account (WeChat): kept per person and template, seen by plan and claim, and SMS goes at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.config.schema import Ladder, ProviderSection
from gateway.dispatch.claim import Line
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Inbound, Outgoing, Reading, Report
from providers.base.words import Sign
from tests.pipeline.events import known, number, reminder, requested, resumed, sms, suspended
from tests.pipeline.plant import OTHER, VENDOR, Plant, Vendor, open_plant

OPENID = "oABCD1234567890abcdefghijklmn"
WECHAT_FIRST = Ladder(order=("self:wechat", "self:sms"))
NOW = datetime.now(UTC)


def wechat(openid: str = OPENID) -> dict[str, Any]:
    return {"channel": "wechat", "address": openid, "relation": "self", "source": "self_service"}


@pytest.fixture
async def plant(emptied_dsn: str) -> AsyncIterator[Plant]:
    templates = {"templates": {"wechat/reminder": {"code": "TPL-R"}, "*": {"code": "TPL-ALL"}}}
    providers = {
        VENDOR: ProviderSection(driver="sandbox", batch_size=100),
        OTHER: ProviderSection(driver="sandbox", batch_size=100, options=templates),
    }
    async with open_plant(emptied_dsn, ladder=WECHAT_FIRST, providers=providers) as opened:
        opened.receiving.providers = {VENDOR: opened.vendor, OTHER: opened.vendor}
        yield opened


async def sign(plant: Plant, what: Sign, template: str | None = None, at: datetime | None = None, openid: str = OPENID) -> None:
    plant.vendor.reading = Reading((), [Inbound(openid, "", None, at, what, template)])
    await plant.report(provider=OTHER)
    plant.vendor.reading = None


async def send(plant: Plant) -> list[str]:
    """Sends what is due on both channels; the channels used, in order."""
    for channel in ("wechat", "sms", "wechat", "sms"):
        for lane in ("urgent", "normal", "bulk"):
            claimed = await plant.claim(lane, line=line(channel), channel=channel)
            await plant.send(*claimed.calls)
        await plant.plan()
    used = [message.channel for call in plant.vendor.calls for message in call]
    plant.vendor.calls.clear()
    return used


def line(channel: str) -> Line:
    return Line(VENDOR if channel == "sms" else OTHER, 30.0, 10.0, 100)


async def test_who_follows_is_told_there_first(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))), reminder("p1"))
    assert await send(plant) == ["wechat"]


async def test_who_follows_no_more_is_told_by_sms_at_once(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.UNFOLLOWED)
    await plant.post(reminder("p1"), suspended("p1"))
    assert await plant.count("message", "channel = 'wechat'") == 0
    assert await send(plant) == ["sms", "sms"]
    await sign(plant, Sign.FOLLOWED)
    await plant.post(requested("p1"))
    assert await send(plant) == ["wechat"]


async def test_what_waits_for_an_account_that_goes_goes_by_sms(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))), reminder("p1"))
    await sign(plant, Sign.UNFOLLOWED)
    assert await send(plant) == ["sms"]
    assert await plant.messages("channel, status_now, reason") == [("wechat", "canceled", "recipient_blocked"), ("sms", "sent", None)]


async def test_a_no_to_one_template_leaves_the_others(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.REFUSED, "TPL-R")
    await plant.post(reminder("p1"))
    assert await send(plant) == ["sms"]
    await plant.post(requested("p1"))
    assert await send(plant) == ["wechat"]


async def test_a_consent_opens_that_template_again(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.REFUSED, "TPL-R")
    await sign(plant, Sign.REFUSED, "TPL-ALL")
    await sign(plant, Sign.CONSENTED, "TPL-R")
    await plant.post(reminder("p1"), requested("p1"))
    assert sorted(await send(plant)) == ["sms", "wechat"]
    await sign(plant, Sign.CONSENTED)
    await plant.post(requested("p1"))
    assert await send(plant) == ["wechat"]


async def test_following_again_brings_back_no_consent(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.REFUSED, "TPL-R")
    await sign(plant, Sign.FOLLOWED)
    await plant.post(reminder("p1"))
    assert await send(plant) == ["sms"]


async def test_a_refusal_in_an_answer_is_remembered_for_all_texts_of_that_template(plant: Plant) -> None:
    """43101: the person refused, or the one-time quota is used up."""

    def says(message: Outgoing) -> Answer:
        if message.channel == "sms":
            return Answer(message.reference, Outcome.ACCEPTED)
        return Answer(message.reference, Outcome.REFUSED, Reason.RECIPIENT_BLOCKED, Fault.RECIPIENT, permanent=True, vendor_code="43101")

    plant.vendor.says = says
    await plant.post(known("p1", wechat(), sms(number(1))), reminder("p1"))
    assert await send(plant) == ["wechat", "sms"]
    assert {row[0].startswith("wechat/reminder.") for row in await plant.rows("select template from consent")} == {True}
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED)
    await plant.post(known("p2", wechat(), sms(number(2))), reminder("p2"))
    assert await send(plant) == ["sms"]  # the same account, held by somebody else
    await plant.post(suspended("p1"))
    assert await send(plant) == ["wechat"]


async def test_a_refusal_of_a_number_is_no_consent(plant: Plant) -> None:
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.REFUSED, Reason.RECIPIENT_BLOCKED, Fault.RECIPIENT, permanent=True)
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    assert await send(plant) == ["sms"]
    assert await plant.count("consent") == 0


async def test_a_late_repetition_of_an_older_sign_changes_nothing(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.UNFOLLOWED, at=NOW - timedelta(seconds=20))
    await sign(plant, Sign.FOLLOWED, at=NOW - timedelta(seconds=10))
    await sign(plant, Sign.UNFOLLOWED, at=NOW - timedelta(seconds=20))
    await plant.post(reminder("p1"))
    assert await send(plant) == ["wechat"]


async def test_a_sign_from_the_future_does_not_hold_for_ever(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await sign(plant, Sign.UNFOLLOWED, at=NOW + timedelta(days=900))
    await sign(plant, Sign.FOLLOWED)
    await plant.post(reminder("p1"))
    assert await send(plant) == ["wechat"]


async def test_a_sign_before_the_person_is_known_holds_too(plant: Plant) -> None:
    await sign(plant, Sign.UNFOLLOWED)
    await plant.post(known("p1", wechat(), sms(number(1))), reminder("p1"))
    assert await send(plant) == ["sms"]


async def test_signs_at_once_about_one_account_all_count(plant: Plant) -> None:
    names = [f"T{n}" for n in range(12)]
    async with open_plant(plant.runtime.config.store.url, ladder=WECHAT_FIRST) as other:

        async def refuse(n: int) -> None:
            vendor = Vendor()
            vendor.reading = Reading((), [Inbound(OPENID, "", None, None, Sign.REFUSED, names[n])])
            process = (plant, other)[n % 2]
            process.receiving.providers = {**process.receiving.providers, f"v{n}": vendor}
            await process.report(provider=f"v{n}")

        await asyncio.gather(*(refuse(n) for n in range(12)))
    assert await plant.rows("select count(*) from consent") == [(12,)]
    assert [set(row[0]) for row in await plant.rows("select refused from number where refused is not null")] == [set(names)]


async def test_a_sign_is_on_record_and_holds_nothing_personal(plant: Plant) -> None:
    await plant.post(known("p1", wechat()))
    await sign(plant, Sign.UNFOLLOWED)
    assert await plant.rows("select keyword from inbound") == [("unfollowed",)]
    assert OPENID not in str(await plant.rows("select * from consent")) + str(await plant.rows("select * from inbound"))


async def test_a_report_beside_a_sign_still_counts(plant: Plant) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))), resumed("p1"))
    await send(plant)
    reference = str(await plant.value("select id from message"))
    plant.vendor.reading = Reading([Report(reference, Status.DELIVERED)], [Inbound(OPENID, "", None, None, Sign.UNFOLLOWED)])
    await plant.report(provider=OTHER)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.value("select refused from number where refused is not null") == [""]


async def noted(plant: Plant) -> list[str]:
    """Channels of the numbers that the learner is to look at; forgets them."""
    gone = "with gone as (delete from unlearned returning key)"
    return [row[0] for row in await plant.rows(f"{gone} select distinct c.channel from gone join contact c using (key) order by 1")]


@pytest.mark.parametrize("what", list(Sign))
async def test_every_sign_leaves_a_row_with_its_key_and_time_and_is_learned_from(plant: Plant, what: Sign) -> None:
    await plant.post(known("p1", wechat(), sms(number(1))))
    await noted(plant)
    before = await plant.now()
    await sign(plant, what, "TPL-R" if what in {Sign.CONSENTED, Sign.REFUSED} else None, at=before - timedelta(hours=1))
    [(provider, keyword, is_its, at)] = await plant.rows(
        "select i.provider, i.keyword, i.key = c.key, i.received_at from inbound i, contact c where c.channel = 'wechat'"
    )
    assert (provider, keyword, is_its) == (OTHER, what, True)
    assert before <= at <= await plant.now()
    assert await noted(plant) == ["wechat"]


async def test_a_sign_of_somebody_unknown_waits_on_record_for_the_contact(plant: Plant) -> None:
    await sign(plant, Sign.UNFOLLOWED)
    await plant.post(known("p1", wechat()))
    assert await noted(plant) == ["wechat"]
    assert await plant.rows("select i.keyword from inbound i join contact c using (key)") == [("unfollowed",)]


async def test_signs_that_were_not_written_are_not_learned_from(plant: Plant) -> None:
    await plant.post(known("p1", wechat()))
    await noted(plant)
    await plant.pool.execute("alter table consent add constraint nobody check (state = 'never')")
    try:
        await sign(plant, Sign.UNFOLLOWED)
    finally:
        await plant.pool.execute("alter table consent drop constraint nobody")
    assert (await plant.count("inbound"), await noted(plant)) == (0, [])


@pytest.mark.parametrize("code", ["43004", "43101", "50005"])
async def test_an_answer_that_the_account_is_not_followed_is_learned_from(plant: Plant, code: str) -> None:
    """43004: needs to follow; 43101: refused; 50005: the account does not follow."""

    def says(message: Outgoing) -> Answer:
        return Answer(message.reference, Outcome.REFUSED, Reason.RECIPIENT_BLOCKED, Fault.RECIPIENT, permanent=True, vendor_code=code)

    plant.vendor.says = says
    await plant.post(known("p1", wechat()), reminder("p1"))
    await noted(plant)
    assert await send(plant) == ["wechat"]
    assert await plant.messages("status_now, reason, vendor_code") == [("failed", "recipient_blocked", code)]
    assert await plant.count("consent", "state = 'refused'") > 0
    assert await noted(plant) == ["wechat"]
