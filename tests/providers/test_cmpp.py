"""`cmpp` over real sockets with the stand-in ISMG: it meets the contract, sends long messages, hears reports and replies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.base.abilities import HoldsLink, Windowed
from providers.base.news import State, packed
from providers.base.segments import headed
from providers.base.types import Callback, Inbound, Outgoing, Provider, Reading, Report, SettingsError, UnreadableCallback
from providers.base.words import Outcome, Reason, RetryClass, Status
from providers.cmpp import Cmpp
from providers.cmpp_pdu import LAYOUTS, V20, V21, V30, Command, Submit, SubmitResp
from tests.providers import cmpp_vectors as vectors
from tests.providers.cmpp_provider import linked, provider, until
from tests.providers.contract import Inbox, ProviderContract, message, opened, sent
from tests.standins.cmpp import Line, ismg


class TestCmpp(ProviderContract):
    @pytest.fixture(params=[V30, V20])
    async def provider(self, request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
        async with ismg(request.param) as gateway, linked(gateway.port) as cmpp:
            yield cmpp


def test_it_holds_a_link_and_says_how_much_may_be_on_its_way() -> None:
    cmpp = provider(1, connections=2, window=32, batch_size=100)
    assert isinstance(cmpp, HoldsLink)
    assert isinstance(cmpp, Windowed)
    assert (cmpp.up(), cmpp.in_flight) == (False, 2)


async def test_a_message_is_one_submit_to_one_number_as_the_account_says() -> None:
    async with ismg() as gateway, linked(gateway.port, service_id="test", fee_type="02", fee_code="10") as cmpp:
        await sent(cmpp, [Outgoing("1", "+8613800138000", "sms", "【测试】验证码1234", "t", {}, "测试")])
    [submit] = gateway.submits
    assert submit.packed(2, LAYOUTS[V20]).hex() == vectors.SUBMIT20.hex()


async def test_numbers_go_with_their_86_where_the_carrier_wants_it() -> None:
    async with ismg() as gateway, linked(gateway.port, country_code=True) as cmpp:
        await sent(cmpp, [message("5678")])
    assert gateway.submits[0].to == [b"8613800135678"]


async def test_an_english_text_goes_as_ascii() -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        await sent(cmpp, [message(text="a" * 160)])
    assert [(submit.coding, len(submit.content)) for submit in gateway.submits] == [(0, 160)]


LONG = ("零一二三四五六七八九" * 8)[:71]


async def test_a_long_message_is_its_parts_and_its_answer_holds_the_ids_of_all() -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        [answer] = await sent(cmpp, [message(text=LONG)])
    first, second = gateway.submits
    reference = first.content[3]
    assert (first.pk_total, first.pk_number, second.pk_number, first.udhi, second.udhi) == (2, 1, 2, 1, 1)
    assert [first.content, second.content] == headed([LONG[:67].encode("utf-16-be"), LONG[67:].encode("utf-16-be")], reference)
    assert answer.outcome is Outcome.ACCEPTED
    assert answer.parts == ("77b22e0dc0720000", "77b22e0dc0720002")
    assert answer.vendor_id == answer.parts[0]


async def test_two_long_messages_have_different_references() -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        await sent(cmpp, [message(text=LONG), message("5679", text=LONG)])
    assert len({submit.content[3] for submit in gateway.submits}) == 2


def results(*codes: int) -> Any:
    """Answers the submits with these results in turn; None: no answer."""
    left = iter(codes)

    def says(_: Submit, one: Any, line: Line) -> bytes | None:
        code = next(left)
        return None if code < 0 else SubmitResp(0 if code else next(line.ismg.ids), code).packed(one.sequence, line.layout)

    return says


@pytest.mark.parametrize(
    ("codes", "outcome", "submits"),
    [
        ((0, 0, 0), Outcome.ACCEPTED, 3),
        ((13,), Outcome.REFUSED, 1),
        ((8,), Outcome.DEFERRED, 1),
        ((-1,), Outcome.UNKNOWN, 1),
        ((0, 13, 0), Outcome.UNKNOWN, 3),
        ((0, 0, -1), Outcome.UNKNOWN, 3),
        ((0, 8, 0, 8, 0), Outcome.ACCEPTED, 5),
    ],
)
async def test_a_long_message_is_taken_whole_refused_whole_or_unknown(codes: tuple[int, ...], outcome: Outcome, submits: int) -> None:
    async with ismg(says=results(*codes)) as gateway, linked(gateway.port) as cmpp:
        [answer] = await sent(cmpp, [message(text="请" * 180)])
        assert answer.outcome is outcome
        assert len(answer.parts) == (3 if outcome is Outcome.ACCEPTED else 0)
        assert len(gateway.submits) == submits


@pytest.mark.parametrize(
    ("result", "outcome", "reason", "retry"),
    [
        (1, Outcome.REFUSED, Reason.CONTENT_REJECTED, RetryClass.PERMANENT),
        (3, Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, RetryClass.RETRY),
        (5, Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION),
        (8, Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, RetryClass.RETRY),
        (9, Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, RetryClass.OTHER_ROUTE),
        (13, Outcome.REFUSED, Reason.MALFORMED_ADDRESS, RetryClass.PERMANENT),
        (14, Outcome.DEFERRED, Reason.UNMAPPED, RetryClass.OTHER_ROUTE),
        (199, Outcome.DEFERRED, Reason.UNMAPPED, RetryClass.OTHER_ROUTE),
    ],
)
@pytest.mark.parametrize("version", [V20, V30])
async def test_each_result_is_what_the_sheet_says(version: int, result: int, outcome: Outcome, reason: Reason, retry: RetryClass) -> None:
    async with ismg(version, says=results(result)) as gateway, linked(gateway.port) as cmpp:
        [answer] = await sent(cmpp, [message()])
    assert (answer.outcome, answer.reason, answer.retry, answer.vendor_code) == (outcome, reason, retry, str(result))


async def test_an_operator_says_what_a_carriers_own_result_means() -> None:
    codes = {"101": {"outcome": "refused", "reason": "carrier_blacklist"}}
    async with ismg(says=results(101)) as gateway, linked(gateway.port, codes=codes) as cmpp:
        [answer] = await sent(cmpp, [message()])
    assert (answer.outcome, answer.reason) == (Outcome.REFUSED, Reason.CARRIER_BLACKLIST)


@pytest.mark.parametrize(
    ("address", "text"), [("+86abc", "请"), ("", "请"), ("+8613800138000", "\ud83d"), ("+8613800138000", "请" * 20_000)]
)
async def test_what_cannot_be_written_is_refused_and_keeps_no_other_message(address: str, text: str) -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        answers = await sent(cmpp, [Outgoing("1", address, "sms", text, "t", {}, "s"), message(reference="2")])
    assert {answer.reference: answer.outcome for answer in answers} == {"1": Outcome.REFUSED, "2": Outcome.ACCEPTED}
    assert len(gateway.submits) == 1


# Reports and replies


def heard(cmpp: Cmpp, inbox: Inbox) -> tuple[list[Report], list[Inbound]]:
    readings = [cmpp.read(callback) for callback in inbox.callbacks]
    return [report for reading in readings for report in reading.reports], [reply for reading in readings for reply in reading.inbound]


def read(frame: bytes, version: int, state: State = State.HEARD, **given: Any) -> Reading:
    return provider(1, **given).read(packed(version, state, [frame]))


@pytest.mark.parametrize(
    ("frame", "version"),
    [
        (vectors.DELIVER20_REPORT, V20),
        (vectors.DELIVER20_REPORT, V21),
        (vectors.DELIVER30_REPORT71, V30),
        (vectors.DELIVER30_REPORT60, V30),
    ],
)
def test_a_report_names_the_message_by_the_id_of_its_answer(frame: bytes, version: int) -> None:
    [report] = read(frame, version).reports
    assert (report.reference, report.vendor_id, report.status, report.vendor_code) == (
        None,
        "77b22e0dc0721234",
        Status.DELIVERED,
        "DELIVRD",
    )
    assert report.address == "+8613800138000"
    assert report.at == datetime(2023, 12, 31, 16, 1, tzinfo=UTC)


@pytest.mark.parametrize(("frame", "version"), [(vectors.DELIVER20_MO, V20), (vectors.DELIVER30_MO, V30)])
def test_a_reply_is_its_text_and_number(frame: bytes, version: int) -> None:
    assert read(frame, version).inbound == [Inbound("+8613800138000", "退订T")]


@pytest.mark.parametrize(("coding", "octets"), [(0, b"TD"), (15, "退订".encode("gbk")), (8, "退订".encode("utf-16-be")), (77, b"TD")])
def test_a_reply_is_read_as_its_coding_says(coding: int, octets: bytes) -> None:
    from providers.cmpp_pdu import LAYOUTS, Deliver  # noqa: PLC0415

    frame = Deliver(msg_id=1, coding=coding, src_terminal=b"8613800138000", content=octets).packed(1, LAYOUTS[V30])
    assert read(frame, V30).inbound[0].text in {"TD", "退订"}


def test_an_operator_says_what_a_provinces_stat_means() -> None:
    frame = vectors.DELIVER20_REPORT.replace(b"DELIVRD", b"XA:0042")
    assert read(frame, V20).reports[0].reason is Reason.UNMAPPED
    codes = {"XA:0042": {"status": "undelivered", "reason": "unreachable"}}
    [report] = read(frame, V20, receipt_codes=codes).reports
    assert (report.status, report.reason, report.vendor_code) == (Status.UNDELIVERED, Reason.UNREACHABLE, "XA:0042")


def test_one_deliver_that_cannot_be_read_keeps_no_other_from_being_stored() -> None:
    short = vectors.DELIVER20_REPORT[:60].replace(b"\x00\x00\x00\x91", b"\x00\x00\x00\x3c", 1)
    reading = provider(1).read(packed(V20, State.HEARD, [short, vectors.DELIVER20_REPORT]))
    assert len(reading.reports) == 1


@pytest.mark.parametrize(
    "body",
    [
        bytes((V30, 0)) + vectors.SUBMIT20,
        bytes((0x40, 0)) + vectors.DELIVER20_MO,
        bytes((V20, 9)) + vectors.DELIVER20_MO,
        bytes((V20, 0)) + vectors.DELIVER20_MO[:-1],
        bytes((V20, 0)) + b"\0\0\0\1" * 4,
    ],
)
def test_a_body_that_is_no_delivers_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableCallback):
        provider(1).read(Callback("PDU", {}, {}, body))


@pytest.mark.parametrize("version", [V20, V21, V30])
async def test_reports_come_by_the_link_and_are_answered_once_stored(version: int) -> None:
    inbox = Inbox()
    async with ismg(version) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        batch = [message(f"{n:04d}") for n in (1, 2, 3, 4, 8, 9, 1234)]
        answers = await sent(cmpp, batch)
        await until(lambda: len(gateway.results) == 8)
        reports, _ = heard(cmpp, inbox)
    parts = {answer.parts[0]: answer.reference for answer in answers}
    said = {(parts[report.vendor_id or ""], report.reason) for report in reports}
    expected = [Reason.NUMBER_ABSENT, Reason.NUMBER_SUSPENDED, Reason.UNREACHABLE, None, Reason.CARRIER_BLACKLIST, None, None]
    assert said == {(one.reference, reason) for one, reason in zip(batch, expected, strict=True) if one.address[-4:] != "0004"}
    assert len(reports) == 8
    assert all(result.result == 0 for result in gateway.results)


async def test_reports_before_the_answer_are_heard() -> None:
    inbox = Inbox()
    async with ismg(early=True) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [answer] = await sent(cmpp, [message()])
        await until(lambda: gateway.results)
        [report], _ = heard(cmpp, inbox)
    assert (report.vendor_id,) == answer.parts


async def test_news_that_came_together_share_a_body() -> None:
    inbox = Inbox()
    async with ismg(window=100) as gateway, linked(gateway.port, inbox.receive, batch_size=100, window=100) as cmpp:
        await sent(cmpp, [message(f"{n + 1000}") for n in range(100)])
        await until(lambda: len(gateway.results) == 100)
        assert len(heard(cmpp, inbox)[0]) == 100
    assert len(inbox.callbacks) <= 10


async def test_a_report_that_is_not_stored_is_not_answered_and_comes_again() -> None:
    inbox = Inbox()
    inbox.failures = 1
    async with ismg(again_s=0.2) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        await sent(cmpp, [message()])
        await asyncio.sleep(0.1)
        assert (gateway.results, inbox.callbacks) == ([], [])
        await until(lambda: gateway.results)
        assert len(heard(cmpp, inbox)[0]) == 1


async def test_nothing_is_answered_before_it_is_stored() -> None:
    stored = asyncio.Event()

    async def slow(name: str, callback: Callback) -> Reading:
        await stored.wait()
        return Reading()

    async with ismg() as gateway, linked(gateway.port, slow) as cmpp:
        await sent(cmpp, [message()])
        await asyncio.sleep(0.1)
        assert gateway.heard[Command.DELIVER | 0x80000000] == 0
        stored.set()
        await until(lambda: gateway.results)


async def test_people_reply_by_the_link() -> None:
    inbox = Inbox()
    async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
        await sent(cmpp, [message("0010")])
        await until(lambda: len(gateway.results) == 2)
        assert heard(cmpp, inbox)[1] == [Inbound("+8613800130010", "退订")]


def parts_of(line: Line, text: str, reference: int = 7) -> list[Any]:
    octets = text.encode("utf-16-be")
    contents = headed([octets[start : start + 134] for start in range(0, len(octets), 134)], reference)
    return [line.reply(b"13800138000", b"10690001", content, udhi=1) for content in contents]


REPLY = "我" * 66 + "😀退订"


async def test_a_long_reply_is_one_however_its_parts_come() -> None:
    for order, apart in (((0, 1), False), ((1, 0), False), ((0, 1), True), ((1, 0), True), ((0, 0, 1), True)):
        inbox = Inbox()
        async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
            [line] = gateway.lines
            parts = parts_of(line, REPLY)
            for count, number in enumerate(order, 1):
                line.waiting.append(parts[number])
                if apart or count == len(order):
                    line.tell()
                    line.flush()
                    await until(lambda count=count: len(gateway.results) == count)  # type: ignore[misc]
            assert heard(cmpp, inbox)[1] == [Inbound("+8613800138000", REPLY)]
            assert len(cmpp._long_replies) == 0


async def test_of_a_long_reply_whose_rest_never_comes_there_is_what_came() -> None:
    inbox = Inbox()
    async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [line] = gateway.lines
        line.waiting.append(parts_of(line, REPLY)[0])
        line.tell()
        line.flush()
        await until(lambda: gateway.results)
        assert heard(cmpp, inbox)[1] == []
    [reply] = heard(cmpp, inbox)[1]
    assert reply.text.startswith("我" * 66)


async def test_parts_without_end_are_kept_within_bounds() -> None:
    inbox = Inbox()
    async with ismg(window=5_000) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [line] = gateway.lines
        for number in range(1_500):
            part = parts_of(line, REPLY, number)[0]
            line.waiting.append(line.reply(b"138%08d" % number, b"10690001", part.content, udhi=1))
        line.tell()
        line.flush()
        await until(lambda: len(gateway.results) == 1_500)
        await cmpp._give_up_parts(asyncio.get_running_loop().time())
        assert len(cmpp._long_replies) <= 1_000


# Settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": "4.0"}, "version: use one of 3.0, 2.1, 2.0"),
        ({"sp_id": "9012345"}, "sp_id: at most 6"),
        ({"sp_id": ""}, "sp_id: must not be empty"),
        ({"connections": 50}, "connections: say how many connections"),
        ({"window": 0}, "window: must be 1 to"),
        ({"port": 0}, "port: must be 1"),
        ({"idle_s": 0}, "idle_s: must be above 0"),
        ({"codes": {"7": {"outcome": "refused"}}}, "codes.7: needs a reason"),
        ({"secert": "x"}, "did you mean `secret`"),
    ],
)
def test_a_section_that_cannot_work_is_an_error_that_names_the_key(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        provider(**({"port": 1} | given))


async def test_it_can_be_opened_again() -> None:
    async with ismg() as gateway:
        cmpp = provider(gateway.port)
        for _ in range(3):
            async with opened(cmpp):
                assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED
            assert not cmpp.up()
            assert (await sent(cmpp, [message()]))[0].outcome is Outcome.NOTHING_LEFT
            assert gateway.lines == []
        assert gateway.heard[Command.TERMINATE] == 3
