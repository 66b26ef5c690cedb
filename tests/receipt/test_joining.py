"""Reports that do not carry our message id: joined by call and address or by the id of a part, whichever is on disk first."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.evidence.verify import everything
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Outgoing, Reading, Report
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant, open_plant


def in_parts(count: int = 1) -> Callable[[Outgoing], Answer]:
    """A vendor that answers with ids of its own, one a segment."""

    def says(message: Outgoing) -> Answer:
        return Answer(message.reference, Outcome.ACCEPTED, parts=tuple(f"v{message.reference}-{n}" for n in range(1, count + 1)))

    return says


async def people(plant: Plant, count: int) -> None:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))


def of_part(vendor_id: str, status: Status = Status.DELIVERED, **more: object) -> Report:
    reason = None if status in {Status.DELIVERED, Status.SENT} else Reason.NUMBER_ABSENT
    return Report(None, status, reason, Fault.NONE if reason is None else Fault.RECIPIENT, vendor_id=vendor_id, **more)  # type: ignore[arg-type]


async def told(plant: Plant, *reports: Report) -> None:
    await plant.called_back(Reading(reports))


async def verified(plant: Plant) -> None:
    async with plant.runtime.reading.acquire() as connection:
        report = await everything(connection, plant.runtime.sealer)
    assert report.findings == []


@pytest.mark.parametrize("written", ["+8613800000039", "13800000039", "8613800000039", "138 0000 0039", "008613800000039"])
async def test_a_report_joins_by_call_and_address_however_the_vendor_writes_it(plant: Plant, written: str) -> None:
    await people(plant, 5)
    (call,) = await plant.claim_all()
    await plant.send(call)
    await told(plant, Report(None, Status.DELIVERED, call=str(call.id), address=written))
    assert sorted(await plant.messages("status_now, key = (select key from contact where person_id = 'p3')")) == [
        ("delivered", True),
        *[("sent", False)] * 4,
    ]


@pytest.mark.parametrize(
    "report",
    [
        Report(None, Status.DELIVERED, call="123", address=number(0)),
        Report(None, Status.DELIVERED, call="²", address=number(0)),
        Report(None, Status.DELIVERED, call="9" * 30, address=number(0)),
        Report(None, Status.DELIVERED, call="CALL", address=number(7)),
        Report(None, Status.DELIVERED, call="CALL", address=""),
        Report(None, Status.DELIVERED, call="CALL"),
        Report(None, Status.DELIVERED, call="CALL", address="x\x00\ud800"),
        Report(None, Status.DELIVERED, vendor_id="\x00\ud800"),
        Report(None, Status.DELIVERED, vendor_id=""),
        Report(None, Status.DELIVERED),
        Report("", Status.DELIVERED),
    ],
)
async def test_what_names_nobody_we_know_is_kept_whole_and_sealed(plant: Plant, report: Report) -> None:
    await people(plant, 1)
    (call,) = await plant.claim_all()
    await plant.send(call)
    if report.call == "CALL":
        report = Report(None, Status.DELIVERED, call=str(call.id), address=report.address)
    await told(plant, report)
    assert await plant.messages() == [("sent", None)]
    row = await plant.row("select * from receipt_unjoined")
    assert number(0).encode() not in row["sealed"]
    assert number(0) not in str({key: value for key, value in row.items() if key != "sealed"})


async def test_a_report_about_another_providers_call_moves_nothing(plant: Plant) -> None:
    await people(plant, 1)
    (call,) = await plant.claim_all()
    await plant.send(call)
    plant.receiving.providers = {"other_vendor": plant.vendor}
    plant.vendor.reading = Reading([Report(None, Status.DELIVERED, call=str(call.id), address=number(0))])
    await plant.report(provider="other_vendor")
    assert await plant.messages() == [("sent", None)]


async def test_a_message_of_one_part_is_delivered_when_that_is(plant: Plant) -> None:
    plant.vendor.says = in_parts()
    await people(plant, 3)
    await plant.drain()
    first = plant.vendor.seen[0]
    await told(plant, of_part(f"v{first}-1"), of_part(f"v{first}-1"))
    await told(plant, of_part(f"v{first}-1"))
    assert sorted(await plant.messages("status_now, id = " + first)) == [("delivered", True), ("sent", False), ("sent", False)]
    await verified(plant)


async def test_a_message_of_three_parts_is_delivered_when_all_are_in_any_order(plant: Plant) -> None:
    plant.vendor.says = in_parts(3)
    await people(plant, 1)
    await plant.drain()
    one = plant.vendor.seen[0]
    for part in (3, 1, 3):
        await told(plant, of_part(f"v{one}-{part}"))
        assert await plant.messages() == [("sent", None)]
    assert not await plant.value("select bool_or('delivered' = any(statuses)) from receipt")
    await told(plant, of_part(f"v{one}-2"))
    assert await plant.messages() == [("delivered", None)]
    assert await plant.value("select cardinality(receipts) from message") == 4
    await verified(plant)


async def test_parts_that_come_together_count_together(plant: Plant) -> None:
    plant.vendor.says = in_parts(3)
    await people(plant, 2)
    await plant.drain()
    one, two = plant.vendor.seen
    await told(plant, *(of_part(f"v{one}-{n}") for n in (1, 2, 3)), *(of_part(f"v{two}-{n}") for n in (1, 3)))
    assert sorted(await plant.messages("status_now")) == [("delivered",), ("sent",)]


async def test_a_message_is_undelivered_when_one_part_is_and_stays_it(plant: Plant) -> None:
    plant.vendor.says = in_parts(2)
    await people(plant, 1)
    await plant.drain()
    one = plant.vendor.seen[0]
    await told(plant, of_part(f"v{one}-1"))
    await told(plant, of_part(f"v{one}-2", Status.UNDELIVERED))
    assert await plant.messages() == [("undelivered", "number_absent")]
    await told(plant, of_part(f"v{one}-2"))
    assert await plant.messages() == [("undelivered", "number_absent")]
    await verified(plant)


async def test_the_first_final_word_on_a_part_stays(plant: Plant) -> None:
    plant.vendor.says = in_parts(2)
    await people(plant, 1)
    await plant.drain()
    one = plant.vendor.seen[0]
    await told(plant, of_part(f"v{one}-1"))
    await told(plant, of_part(f"v{one}-1", Status.UNDELIVERED))
    assert await plant.messages() == [("sent", None)]
    await told(plant, of_part(f"v{one}-2"), of_part(f"v{one}-2", Status.UNDELIVERED))
    assert await plant.messages() == [("delivered", None)]
    await verified(plant)


async def test_a_part_that_is_only_on_its_way_says_nothing_final(plant: Plant) -> None:
    plant.vendor.says = in_parts(2)
    await people(plant, 1)
    await plant.drain()
    one = plant.vendor.seen[0]
    await told(plant, of_part(f"v{one}-1", Status.SENT), of_part(f"v{one}-2"))
    assert await plant.messages() == [("sent", None)]
    await told(plant, of_part(f"v{one}-1"))
    assert await plant.messages() == [("delivered", None)]


async def test_old_reports_that_name_nobody_are_left_alone(plant: Plant) -> None:
    plant.vendor.says = in_parts(1)
    await told(plant, of_part("v1-1"))
    await plant.pool.execute("update receipt_unjoined set received_at = now() - interval '9 days'")
    await plant.pool.execute("insert into part values ('vendor', 'v1-1', 1, 1, 1, 1)")
    assert await plant.receiving.again.lately(timedelta(days=3)) == 0


async def test_an_id_that_the_vendor_gave_twice_means_the_one_that_went_to_that_address(plant: Plant) -> None:
    """A vendor that begins again with its numbers."""
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("same",))
    await people(plant, 1)
    await plant.drain()
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await told(plant, of_part("same", address=number(0)))
    assert await plant.messages("person_id, status_now") == [("p0", "delivered"), ("p1", "sent")]
    await told(plant, of_part("same"))
    assert await plant.messages("person_id, status_now") == [("p0", "delivered"), ("p1", "delivered")]


async def test_a_report_with_an_id_given_before_waits_where_the_message_that_had_it_is_final_and_went_elsewhere(plant: Plant) -> None:
    """A vendor that begins again with its numbers, and whose report is here before its answer is on disk."""
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("same",))
    await people(plant, 1)
    await plant.drain()
    await told(plant, of_part("same", address=number(0)))
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    (call,) = await plant.claim_all()
    answers = await plant.vendor.send(call.batch, call.lease.holds, lambda: None)
    await told(plant, of_part("same", address=number(1)))
    assert await plant.receiving.again.lately() == 0, "nobody goes round with it"
    assert await plant.count("receipt_unjoined") == 1
    await plant.record(call, answers)
    assert await plant.messages("person_id, status_now") == [("p0", "delivered"), ("p1", "delivered")]
    await told(plant, of_part("same", address=number(0)))
    assert await plant.rows("select cardinality(receipts) from message order by id") == [(2,), (1,)]


async def test_the_same_id_at_another_provider_is_another(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn) as plant:
        plant.vendor.says = in_parts(1)
        await people(plant, 1)
        await plant.drain()
        plant.receiving.providers = {"other_vendor": plant.vendor, VENDOR: plant.vendor}
        plant.vendor.reading = Reading([of_part(f"v{plant.vendor.seen[0]}-1")])
        await plant.report(provider="other_vendor")
        assert await plant.messages() == [("sent", None)]
        assert await plant.count("receipt_unjoined", "vendor_id is not null") == 1


async def test_reports_with_our_reference_ask_nothing_more_of_the_store(plant: Plant) -> None:
    await people(plant, 1)
    await plant.drain()
    plant.receiving.joining.find = plant.receiving.again.of_receipts = None  # type: ignore[assignment] # whoever uses them raises
    await told(plant, Report(plant.vendor.seen[0], Status.DELIVERED))
    assert await plant.messages() == [("delivered", None)]


async def test_ids_that_no_store_takes_hold_up_no_answer(plant: Plant) -> None:
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("a\x00\ud800", "x" * 5000))
    await people(plant, 1)
    await plant.drain()
    assert await plant.messages() == [("sent", None)]
    await told(plant, of_part("a\x00\ud800"), of_part("x" * 5000))
    assert await plant.messages() == [("delivered", None)]
