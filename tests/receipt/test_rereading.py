"""Codes nobody mapped: counted with their messages, mapped at run time by one command, and the past read again: once, forward, on record."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.evidence.verify import everything
from gateway.receipt.example import LONGEST, example
from gateway.store import codes
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.types import Answer, Outgoing, Report
from providers.base.words import RetryClass
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant

ABSENT = ReportMeaning(Status.UNDELIVERED, Reason.NUMBER_ABSENT)


def strange(reference: str, code: str = "MK:0001", vendor_id: str | None = None) -> Report:
    said = "号码13800138000不存在"
    return Report(reference or None, Status.SENT, Reason.UNMAPPED, Fault.UNKNOWN, vendor_id=vendor_id, vendor_code=code, vendor_text=said)


def answers(code: str = "3017") -> Callable[[Outgoing], Answer]:
    return lambda m: Answer(m.reference, Outcome.UNKNOWN, Reason.UNMAPPED, Fault.UNKNOWN, vendor_code=code, vendor_text="busy, token=abc")


async def people(plant: Plant, count: int) -> list[str]:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.drain()
    return plant.vendor.seen


async def mapped(plant: Plant, stage: str, code: str, meaning: AnswerMeaning | ReportMeaning) -> None:
    async with plant.runtime.pool.acquire() as connection:
        await codes.put(connection, VENDOR, stage, code, meaning, "op")


async def read_again(*plants: Plant) -> None:
    for _ in range(3):
        await asyncio.gather(*(plant.receiving.rereading() for plant in plants))


async def verified(plant: Plant) -> None:
    async with plant.runtime.reading.acquire() as connection:
        assert (await everything(connection, plant.runtime.sealer)).findings == []


async def test_codes_are_listed_with_how_often_and_an_example_that_names_nobody(plant: Plant) -> None:
    one, two = await people(plant, 2)
    await plant.report(strange(one), strange(two), strange(one))
    async with plant.runtime.pool.acquire() as connection:
        rows = await codes.every(connection)
    assert [(r.stage, r.code, r.seen, r.waiting, r.meaning) for r in rows] == [("report", "MK:0001", 3, 3, None)]
    assert plant.runtime.vault.open_example(rows[0].example) == "号码…不存在"


async def test_answers_with_unknown_codes_are_counted_too(plant: Plant) -> None:
    plant.vendor.says = answers()
    await people(plant, 3)
    assert await plant.rows("select provider, stage, code, seen from unmapped_code") == [(VENDOR, "answer", "3017", 3)]
    assert await plant.messages("status_now, reason, provisional") == [("unknown", "unmapped", True)] * 3


async def test_an_example_repeats_nothing_of_what_was_sent(plant: Plant) -> None:
    plant.vendor.says = lambda m: Answer(
        m.reference,
        Outcome.UNKNOWN,
        Reason.UNMAPPED,
        Fault.UNKNOWN,
        vendor_code="9",
        vendor_text=f"bad {m.params['name']} {m.text} {m.address}",
    )
    await people(plant, 1)
    async with plant.runtime.pool.acquire() as connection:
        (row,) = await codes.every(connection)
    assert plant.runtime.vault.open_example(row.example) == "bad … … …"
    assert b"bad" not in row.example  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, ""),
        ("ok", "ok"),
        ("手机号 138-0013-8000 错误", "手机号 … 错误"),
        ("号码１３８００１３８０００", "号码…"),
        ("touser oABCD1234567890abcdefghijklmn rid: 65f2-1a", "touser … rid: 65f2-1a"),
        ("mail wang@example.org", "mail …"),
        ("【四川社保】王建国，您的", "…王建国，您的"),
        ('invalid "王建国"', "invalid …"),
        ("a\x00b\ud800", "a b"),
        ("x " * 500, ("x " * 40).strip()),
        ("王建国您好，您的待遇资格认证即将到期，请尽快通过手机或者到社保窗口办理，以免影响待遇发放。", "…"),
    ],
)
def test_an_example_holds_no_number_id_or_quotation(text: str | None, kept: str) -> None:
    assert example(text) == kept
    assert len(example(text)) <= LONGEST


async def test_a_report_is_read_again_once_its_code_is_mapped(plant: Plant) -> None:
    one, two, three = await people(plant, 3)
    await plant.report(strange(one), strange(two), Report(three, Status.DELIVERED))
    await read_again(plant)
    assert sorted(await plant.messages("status_now")) == [("delivered",), ("sent",), ("sent",)]
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await read_again(plant)
    assert sorted(await plant.messages("status_now, reason, fault, permanent, vendor_code")) == [
        ("delivered", None, "none", None, None),
        *[("undelivered", "number_absent", "recipient", True, "MK:0001")] * 2,
    ]
    assert await plant.count("unlearned") == 3
    assert await plant.count("person", "plan_due <= now()") == 2
    assert await plant.count("unmapped_message") == 0
    assert await plant.value("select sum(seen) from unmapped_code") == 2
    await verified(plant)


async def test_a_mapped_delivery_closes_the_notice(plant: Plant) -> None:
    (one,) = await people(plant, 1)
    await plant.report(strange(one, "OKAY"))
    await mapped(plant, codes.REPORT, "OKAY", ReportMeaning(Status.DELIVERED))
    await read_again(plant)
    assert await plant.notices("status") == [("informed",)]
    await verified(plant)


async def test_what_comes_after_the_mapping_is_read_at_once(plant: Plant, other: Plant) -> None:
    one, two = await people(plant, 2)
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await plant.report(strange(one))
    await other.report(strange(two))
    assert await plant.messages("status_now") == [("undelivered",)] * 2
    assert await plant.count("unmapped_code") == 0


async def test_a_mapping_holds_for_its_provider_and_stage_alone(plant: Plant) -> None:
    (one,) = await people(plant, 1)
    await mapped(plant, codes.ANSWER, "MK:0001", AnswerMeaning(Outcome.REFUSED, Reason.NUMBER_ABSENT))
    async with plant.runtime.pool.acquire() as connection:
        await codes.put(connection, "somebody_else", codes.REPORT, "MK:0001", ABSENT, "op")
    await plant.report(strange(one))
    assert await plant.messages("status_now") == [("sent",)]


async def test_a_mapping_that_was_taken_back_is_not_used(plant: Plant) -> None:
    one, two = await people(plant, 2)
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await plant.report(strange(one))
    async with plant.runtime.pool.acquire() as connection:
        assert await codes.remove(connection, VENDOR, "MK:0001", None) == ["report"]
    await plant.report(strange(two))
    await read_again(plant)
    assert sorted(await plant.messages("status_now")) == [("sent",), ("undelivered",)]


async def test_a_message_that_ended_meanwhile_stays_as_it_is(plant: Plant) -> None:
    (one,) = await people(plant, 1)
    await plant.report(strange(one))
    await plant.report(Report(one, Status.DELIVERED))
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await read_again(plant)
    assert await plant.messages() == [("delivered", None)]
    await verified(plant)


async def test_one_without_receipt_is_settled_by_a_mapping_once(plant: Plant) -> None:
    (one,) = await people(plant, 1)
    await plant.report(strange(one))
    await plant.end_leases_of_all()
    await plant.sweep_all()
    assert await plant.messages() == [("undelivered", "no_receipt")]
    await mapped(plant, codes.REPORT, "MK:0001", ReportMeaning(Status.DELIVERED))
    await read_again(plant)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.notices("status") == [("informed",)]


async def test_two_processes_that_read_again_move_each_once(plant: Plant, other: Plant) -> None:
    references = await people(plant, 40)
    await plant.report(*map(strange, references))
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await read_again(plant, other, plant, other)
    assert await plant.messages("status_now, cardinality(receipts)") == [("undelivered", 2)] * 40
    assert await plant.count("unlearned") == 40
    await verified(plant)


async def test_a_code_said_of_one_part_is_weighed_as_a_part(plant: Plant) -> None:
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("a", "b"))
    await people(plant, 1)
    await plant.report(strange("", vendor_id="a"))
    await mapped(plant, codes.REPORT, "MK:0001", ReportMeaning(Status.DELIVERED))
    await read_again(plant)
    assert await plant.messages("status_now") == [("sent",)]
    await plant.report(Report(None, Status.DELIVERED, vendor_id="b"))
    assert await plant.messages("status_now") == [("delivered",)]
    await verified(plant)


async def test_a_report_that_names_nobody_yet_is_read_again_when_it_is_joined(plant: Plant) -> None:
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("a",))
    await plant.report(strange("", vendor_id="a"))
    await mapped(plant, codes.REPORT, "MK:0001", ABSENT)
    await people(plant, 1)
    assert await plant.messages("status_now") == [("undelivered",)]
    assert await plant.value("select sum(seen) from unmapped_code") == 1


async def test_an_answer_that_refused_ends_its_messages_and_the_ladder_goes_on(plant: Plant) -> None:
    plant.vendor.says = answers()
    await people(plant, 2)
    await mapped(plant, codes.ANSWER, "3017", AnswerMeaning(Outcome.REFUSED, Reason.NUMBER_ABSENT))
    await read_again(plant)
    assert await plant.messages("status_now, reason, permanent, provisional") == [("failed", "number_absent", True, False)] * 2
    assert await plant.count("person", "plan_due <= now()") == 2
    await verified(plant)


async def test_an_answer_that_took_the_message_leaves_it_waiting_for_its_receipt(plant: Plant) -> None:
    plant.vendor.says = answers()
    (one,) = await people(plant, 1)
    await mapped(plant, codes.ANSWER, "3017", AnswerMeaning(Outcome.ACCEPTED))
    await read_again(plant)
    assert await plant.messages("status_now, reason, provisional") == [("sent", None, False)]
    await plant.report(Report(one, Status.DELIVERED))
    assert await plant.messages() == [("delivered", None)]
    await verified(plant)


async def test_an_answer_that_put_it_off_brings_it_back_once(plant: Plant, other: Plant) -> None:
    plant.vendor.says = answers()
    await people(plant, 3)
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    await mapped(plant, codes.ANSWER, "3017", AnswerMeaning(Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, retry=RetryClass.RETRY))
    await read_again(plant, other)
    assert sorted(await plant.messages("status_now")) == [("delivered",), ("queued",), ("queued",)]
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED)
    await plant.drain()
    assert len(plant.vendor.seen) == 5
    assert sorted(await plant.messages("status_now")) == [("delivered",), ("sent",), ("sent",)]
    await verified(plant)


async def test_an_answer_after_the_mapping_is_read_at_once(plant: Plant) -> None:
    plant.vendor.says = answers()
    await mapped(plant, codes.ANSWER, "3017", AnswerMeaning(Outcome.REFUSED, Reason.CONTENT_REJECTED))
    await people(plant, 2)
    assert await plant.messages("status_now, reason") == [("failed", "content_rejected")] * 2
    assert await plant.count("unmapped_code") == 0
    await verified(plant)
