"""`cmpp` over real sockets with the stand-in ISMG: it meets the contract and sends long messages."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.base.abilities import HoldsLink, Windowed
from providers.base.segments import headed
from providers.base.types import Outgoing, Provider, SettingsError
from providers.base.words import Outcome, Reason, RetryClass
from providers.cmpp.pdu import LAYOUTS, V20, V30, Command, Submit, SubmitResp
from tests.providers.cmpp import vectors
from tests.providers.cmpp.provider import linked, provider
from tests.providers.contract import ProviderContract, message, opened, sent
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
