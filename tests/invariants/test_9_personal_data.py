"""Invariant 9: names, numbers, openids, raw bodies and texts are readable nowhere but through the keys: not in a table, a log line, a label or an error."""

import io
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import structlog
from msgspec import structs
from prometheus_client import generate_latest

from gateway import logs
from gateway.intake.check import Checker, Rejected
from gateway.metrics import Metrics
from gateway.observe import Observer
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Inbound, Reading, Report
from providers.base.words import Sign
from tests.pipeline.breaking import on_insert
from tests.pipeline.events import day, known, raw, reminder, requested, sms, terminated
from tests.pipeline.plant import VENDOR, Plant
from tests.pipeline.pumping import pumping

NAME, UNIT, KIN, VILLAGE = "欧阳震华", "某某纺织厂", "司马相如", "凤凰村九组"
NUMBERS = ("13912345678", "13987654321", "13955556666")
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"
MATTER, REPLY, CODE_TEXT = "补缴养老金差额", "退订我不是他", "号码已注销"
FORMS = [
    form for number in NUMBERS for form in (number, f"{number[:3]} {number[3:7]} {number[7:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}")
]
PERSONAL = [NAME, UNIT, KIN, VILLAGE, OPENID, MATTER, REPLY, CODE_TEXT, *FORMS]


def told(text: str) -> list[str]:
    """What of all that stands in a text."""
    return [secret for secret in PERSONAL if secret in text]


def events() -> list[dict[str, Any]]:
    person = known(
        "p1", sms(NUMBERS[0], name=NAME), sms(NUMBERS[1], relation="family", name=KIN),
        {"channel": "wechat", "address": OPENID, "relation": "self", "source": "self_service"},
        name=NAME, residence={"region": "510104", "village": VILLAGE}, managing_unit={"name": UNIT, "phone": NUMBERS[2]},
    )  # fmt: skip
    params = {"name": NAME, "matter": MATTER, "until": "2030年1月1日", "place": "社保窗口"}
    return [
        person,
        reminder("p1"),
        requested("p1", params=params),
        terminated("p1", sms(NUMBERS[2], relation="unit"), cause="other", on=day(-5)),
    ]


async def a_day(plant: Plant) -> None:
    """All that may be written down of a person."""
    await plant.post(*events())
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, vendor_id="v1", vendor_text=f"{m.address} {m.text} {CODE_TEXT}")
    async with pumping(plant) as sending:
        for pump in sending.pumps.values():
            await pump.drain(lambda: False)
    first, second, *_ = plant.vendor.seen
    delivered = Report(first, Status.DELIVERED, address=NUMBERS[0], vendor_text=CODE_TEXT)
    await plant.called_back(Reading((delivered,)), f"{NUMBERS[0]} {NAME}".encode())
    failed = Report(second, Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT)
    await plant.called_back(Reading((failed,), [Inbound(NUMBERS[0], REPLY)]), f"{NUMBERS[0]} {REPLY}".encode())
    strange = Report(
        None, Status.SENT, Reason.UNMAPPED, address=NUMBERS[0], vendor_id="9", vendor_code="Z", vendor_text=f"{NUMBERS[0]} {NAME}"
    )
    here = structs.replace(strange, reference=first)
    signs = [Inbound(OPENID, REPLY, sign=Sign.UNFOLLOWED), Inbound(OPENID, REPLY, sign=Sign.REFUSED, template="T")]
    await plant.called_back(Reading((strange, here), signs), f"{NUMBERS[0]} {OPENID}".encode())
    await plant.plan()
    await plant.end_leases()
    await plant.sweep_all(timedelta(0))


async def test_no_table_holds_anything_readable(plant: Plant) -> None:
    await a_day(plant)
    columns = await plant.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE' and table_schema = 'public')"
        " and table_name <> 'template_version'"
    )
    assert {"event", "person", "contact", "notice", "message", "call", "receipt", "inbound", "number", "outreach", "audit"} <= {
        c[0] for c in columns
    }
    found = []
    for table, column in columns:
        for (value,) in await plant.rows(f'select "{column}" from {table} where "{column}" is not null'):
            shown = value.decode("utf-8", errors="replace") + value.hex() if isinstance(value, bytes) else str(value)
            found += [(table, column, secret) for secret in PERSONAL if secret in shown or secret.encode().hex() in shown]
    assert found == []
    for table in ("event", "contact", "message", "receipt", "inbound", "number"):
        assert await plant.count(table) > 0, table


async def test_the_same_number_is_sealed_differently_each_time(plant: Plant) -> None:
    await plant.post(*(known(f"p{n}", sms(NUMBERS[0])) for n in range(5)))
    assert await plant.value("select count(distinct sealed) from contact") == 5
    assert await plant.value("select count(distinct key) from contact") == 1


class Log:
    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    def __str__(self) -> str:
        return self._out.getvalue()


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """Everything that any logger says, as it would be written."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    out = io.StringIO()
    logs.configure("debug", request.param, out)
    yield Log(out)
    root.handlers[:], root.level = before, level
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


async def test_a_day_that_goes_well_logs_nothing_personal(plant: Plant, log: Log) -> None:
    await a_day(plant)
    assert told(str(log)) == []


async def test_planning_that_fails_logs_no_name(plant: Plant, log: Log) -> None:
    await plant.post(events()[0])
    with plant.plan_fails():
        await plant.post(*events()[1:])
        await plant.planner()
    assert "plan_failed" in str(log)
    assert told(str(log)) == []  # finding 21


async def test_an_answer_that_cannot_be_recorded_logs_no_text(plant: Plant, log: Log) -> None:
    await plant.post(*events())
    plant.vendor.says = lambda m: Answer(
        m.reference, Outcome.REFUSED, Reason.UNMAPPED, vendor_code=f"\ud800 {m.address} {CODE_TEXT} {NAME}"
    )
    async with pumping(plant) as sending:
        await sending.pumps["sms", "normal"].drain(lambda: False)
    assert told(str(log)) == []  # finding 21


async def test_a_provider_that_raises_logs_nothing_of_its_messages(plant: Plant, log: Log) -> None:
    def raising(batch: Any) -> list[Answer]:
        raise ValueError(f"cannot encode {batch[0].text} for {batch[0].address}")

    await plant.post(*events())
    plant.vendor.answers = raising
    async with pumping(plant) as sending:
        await sending.pumps["sms", "normal"].drain(lambda: False)
    assert told(str(log)) == []  # finding 21


async def test_an_error_of_the_store_quotes_nothing_personal(plant: Plant) -> None:
    """Its text may reach a log: constraint, row and statement stand in DETAIL and CONTEXT."""
    for table in ("event", "contact", "message", "notice"):
        async with on_insert(plant.pool, f"insert into {table} select new.*", table):
            with pytest.raises(asyncpg.PostgresError) as caught:
                await plant.post(*(one | {"id": f"{table}-{one['id']}"} for one in events()))
        error = caught.value
        assert told(" ".join((str(error), repr(error), *map(str, vars(error).values())))) == [], table


async def test_no_metric_has_a_personal_label(plant: Plant) -> None:
    metrics = Metrics({VENDOR: ["sms"]}, "1")
    observer = Observer(metrics)
    await a_day(plant)
    for written in plant.written:
        observer.written(written)
    for received in plant.received:
        observer.received(received, await plant.now())
    shown = generate_latest(metrics.registry).decode()
    assert "tixing_messages_total{" in shown
    assert told(shown) == []
    assert "p1" not in shown


@pytest.mark.parametrize("subject", ["51010419500101123X", "110101194910010026", "51010419500101123x"])
def test_a_subject_that_may_be_an_identity_number_is_refused_and_not_repeated(checker: Checker, subject: str) -> None:
    result = checker.structured(raw(known(subject)))
    valid = isinstance(result, Rejected)
    if valid:
        assert isinstance(result, Rejected)
        assert result.errors[0].path == "$.subject"
        assert subject not in result.errors[0].detail
    assert valid is identity_number_checks(subject)


def identity_number_checks(text: str) -> bool:
    """GB 11643: the last character is a check digit."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False)) % 11] == text[-1].upper()


def test_a_valid_identity_number_is_refused_as_subject(checker: Checker) -> None:
    stem = "51010419500101123"
    subject = next(stem + last for last in "0123456789X" if identity_number_checks(stem + last))
    result = checker.structured(raw(known(subject)))
    assert isinstance(result, Rejected)
    assert result.errors[0].code == "identity_number"


@pytest.mark.parametrize(
    "wrong",
    [
        {"contacts": [{"channel": "sms", "address": NUMBERS[0], "relation": NAME}]},
        {"contacts": [{"channel": "sms", "address": f"{NUMBERS[0]}{NUMBERS[1]}"}]},
        {"name": NAME * 50},
        {"residence": {"region": VILLAGE}},
        {"birth_year": NUMBERS[0]},
        {"certified_on": NUMBERS[0]},
        {"insurance": [NAME]},
    ],
)
def test_what_is_wrong_with_an_event_is_told_without_its_values(checker: Checker, wrong: dict[str, Any]) -> None:
    result = checker.structured(raw(known("p1") | {"data": wrong}))
    problems = result.errors if isinstance(result, Rejected) else result.warnings
    assert problems
    assert told(" ".join(problem.detail for problem in problems)) == []
