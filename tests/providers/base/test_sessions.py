"""Links that live, die, come back, and slow down, with the stand-in ISMG at the other end."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.base.dialect import Pdu
from providers.base.types import Callback, Reading
from providers.base.words import Outcome, Reason
from providers.cmpp.pdu import RESPONSE, V20, V21, V30, Command, Submit, SubmitResp, pdu
from tests.providers.cmpp import vectors
from tests.providers.cmpp.provider import linked, provider
from tests.providers.contract import Inbox, message, opened, sent, until
from tests.standins.cmpp import Line, ismg


def accepting(note: Callable[[Submit, Line], None]) -> Callable[[Submit, Pdu, Line], bytes]:
    """Takes every submit, and notes it."""

    def says(submit: Submit, one: Pdu, line: Line) -> bytes:
        note(submit, line)
        return SubmitResp(next(line.ismg.ids), 0).packed(one.sequence, line.layout)

    return says


async def test_it_opens_as_many_connections_as_the_settings_say_and_uses_all() -> None:
    async with ismg() as gateway, linked(gateway.port, connections=3, window=4, batch_size=50) as cmpp:
        await until(lambda: len(gateway.lines) == 3)
        await asyncio.sleep(0.05)
        used: set[int] = set()
        gateway.says = accepting(lambda _, line: used.add(id(line)))
        await sent(cmpp, [message(f"{n:04d}") for n in range(1000, 1050)])
    assert len(used) == 3


async def test_no_more_than_the_window_is_unanswered() -> None:
    async with ismg(says=lambda *_: None) as gateway, linked(gateway.port, window=7, batch_size=50, timeout_s=0.3) as cmpp:
        await sent(cmpp, [message(f"{n:04d}") for n in range(50)])
        assert len(gateway.submits) == 7


async def test_a_short_call_does_not_wait_for_a_long_one() -> None:
    order: list[str] = []
    async with ismg() as gateway, linked(gateway.port, window=1, batch_size=500, timeout_s=5) as cmpp:
        gateway.says = accepting(lambda submit, _: order.append(submit.to[0].decode()))
        bulk = asyncio.create_task(sent(cmpp, [message(f"{n:04d}") for n in range(1000, 1300)]))
        await until(lambda: order, pause_s=0)
        await sent(cmpp, [message("9999")])
        await bulk
    assert order.index("13800139999") < 250


@pytest.mark.parametrize(("gateways", "asked"), [(V30, [V30]), (V21, [V30, V21]), (V20, [V30, V21, V20])])
async def test_a_version_that_is_too_high_is_asked_for_no_more(gateways: int, asked: list[int]) -> None:
    async with ismg(gateways) as gateway, linked(gateway.port) as cmpp:
        assert [login.version for login in gateway.logins] == asked
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_a_gateway_whose_authenticator_differs_is_only_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with ismg() as gateway:
        judged, Line.judged = Line.judged, lambda self, said: 0  # type: ignore[method-assign]
        try:
            async with linked(gateway.port, secret="another") as cmpp:
                assert cmpp.up()
        finally:
            Line.judged = judged  # type: ignore[method-assign]
    assert "ismg_authenticator_differs" in caplog.text


async def test_both_sides_ask_whether_the_other_lives() -> None:
    async with ismg() as gateway, linked(gateway.port, idle_s=0.05):
        await until(lambda: gateway.heard[Command.ACTIVE_TEST] >= 3)
        gateway.lines[0].transport.write(vectors.ACTIVE_TEST)
        await until(lambda: gateway.heard[Command.ACTIVE_TEST | RESPONSE])
        assert len(gateway.logins) == 1


async def test_an_answer_to_a_keep_alive_may_be_a_header_alone() -> None:
    async with ismg(answers_keep_alive=False) as gateway, linked(gateway.port, idle_s=0.05, idle_wait_s=0.1, idle_tries=2) as cmpp:
        for number in range(1, 4):
            await until(lambda number=number: gateway.heard[Command.ACTIVE_TEST] >= number)  # type: ignore[misc]
            gateway.lines[0].transport.write(pdu(Command.ACTIVE_TEST | RESPONSE, number))
        assert (cmpp.up(), len(gateway.logins)) == (True, 1)


async def test_a_gateway_that_does_not_answer_is_left_after_as_many_tries_as_set_and_called_anew() -> None:
    async with ismg(answers_keep_alive=False) as gateway, linked(gateway.port, idle_s=0.05, idle_wait_s=0.05, idle_tries=3) as cmpp:
        started = time.monotonic()
        await until(lambda: len(gateway.logins) == 2)
        assert gateway.heard[Command.ACTIVE_TEST] == 3
        assert time.monotonic() - started >= 0.19
        await until(cmpp.up)
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_of_what_was_not_written_nothing_left_when_the_whole_process_stood_still() -> None:
    """A machine that sleeps, or a worker that is stopped: both times are over when it looks again."""
    async with opened(provider(1, timeout_s=0.3)) as cmpp:
        call = asyncio.create_task(sent(cmpp, [message()]))
        await asyncio.sleep(0)
        time.sleep(0.4)  # noqa: ASYNC251 - this is what is tried
        [answer] = await call
    assert (answer.outcome, answer.reason) == (Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE)


async def test_a_gateway_that_comes_back_is_found_and_is_not_called_too_often_while_away() -> None:
    async with ismg() as gateway, linked(gateway.port, reconnect_s=0.05, reconnect_most_s=0.2) as cmpp:
        await gateway.close()
        await until(lambda: not cmpp.up())
        await asyncio.sleep(0.4)
        [answer] = await sent(cmpp, [message()])
        assert answer.outcome is Outcome.NOTHING_LEFT
        gateway.logins.clear()
        await gateway.open()
        await until(cmpp.up)
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED
        assert len(gateway.logins) == 1


async def test_a_gateway_that_hangs_up_at_once_is_called_with_growing_pauses() -> None:
    calls: list[float] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(time.monotonic())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with opened(provider(server.sockets[0].getsockname()[1], reconnect_s=0.02, reconnect_most_s=10)):
        await asyncio.sleep(0.6)
    server.close()
    assert 3 <= len(calls) <= 8


async def test_closing_says_goodbye_and_waits_for_news_being_stored() -> None:
    stored = []

    async def slow(name: str, callback: Callback) -> Reading:
        await asyncio.sleep(0.1)
        stored.append(callback)
        return Reading()

    async with ismg() as gateway:
        async with linked(gateway.port, slow) as cmpp:
            await sent(cmpp, [message()])
        assert (len(stored), len(gateway.results), gateway.heard[Command.TERMINATE]) == (1, 1, 1)


async def test_closing_a_link_to_a_gateway_that_is_silent_ends() -> None:
    async with ismg() as gateway:
        cmpp = provider(gateway.port, timeout_s=0.3)
        await cmpp.open()
        await until(cmpp.up)
        gateway.lines[0].transport.pause_reading()
        async with asyncio.timeout(2):
            await cmpp.close()


async def test_closing_while_nothing_answers_ends() -> None:
    cmpp = provider(1)
    await cmpp.open()
    async with asyncio.timeout(1):
        await cmpp.close()


async def test_a_gateway_that_says_goodbye_is_answered_and_called_anew() -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        gateway.lines[0].transport.write(vectors.TERMINATE)
        await until(lambda: gateway.heard[Command.TERMINATE | RESPONSE])
        await until(lambda: len(gateway.logins) == 2)
        await until(cmpp.up)


async def test_a_throttling_gateway_slows_us_down_to_what_it_takes() -> None:
    async with ismg(per_s=200.0, reports=False) as gateway, linked(gateway.port, batch_size=20, window=32, timeout_s=2) as cmpp:
        ended = Counter[Outcome]()
        end = time.monotonic() + 1.5
        started = len(gateway.submits)
        number = 1000
        while time.monotonic() < end:
            number += 20
            answers = await asyncio.gather(
                *(sent(cmpp, [message(f"{(number + n) % 8000 + 1000:04d}") for n in range(20)]) for _ in range(4))
            )
            ended.update(answer.outcome for call in answers for answer in call)
        asked = len(gateway.submits) - started
    assert set(ended) <= {Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.NOTHING_LEFT}
    assert cmpp._sessions.pace.limited
    assert ended[Outcome.ACCEPTED] >= 30
    assert gateway.flow_controls < asked / 2, "it learns"


async def test_what_a_throttled_link_has_no_time_for_left_nothing() -> None:
    async with ismg(per_s=5.0, reports=False) as gateway, linked(gateway.port, batch_size=50, timeout_s=0.6) as cmpp:
        said = [(await sent(cmpp, [message(f"{n:04d}") for n in range(1000, 1050)])) for _ in range(2)][1]
        assert Reason.FREQUENCY_LIMITED in {answer.reason for answer in said if answer.outcome is Outcome.NOTHING_LEFT}


@pytest.mark.parametrize("octets", [1, 2, 3, 7, 11, 13, 100])
async def test_a_stream_may_be_cut_anywhere(octets: int) -> None:
    inbox = Inbox()
    async with ismg(rechunk=octets) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        answers = await sent(cmpp, [message(f"{n:04d}") for n in range(1000, 1010)])
        await until(lambda: len(gateway.results) == 10)
    assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}


async def test_garbage_closes_the_link_with_a_line_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    for octets in (
        b"\0\0\0\x0b" + bytes(8),
        b"\0\1\0\0" + bytes(8),
        b"HTTP/1.1 502 Bad",
        pdu(0x1234, 1),
        pdu(Command.DELIVER, 1, bytes(20)),
    ):
        caplog.clear()
        async with ismg() as gateway, linked(gateway.port):
            with caplog.at_level(logging.WARNING):
                gateway.lines[0].transport.write(octets)
                await until(lambda gateway=gateway: len(gateway.logins) == 2)  # type: ignore[misc]
            assert "link_down provider=mobile link=0 reason=garbage:" in caplog.text


async def test_a_gateway_that_floods_is_not_read_without_end() -> None:
    going = asyncio.Event()

    async def waits(name: str, callback: Callback) -> Reading:
        await going.wait()
        return Reading()

    async with ismg(window=50_000) as gateway, linked(gateway.port, waits) as cmpp:
        [line] = gateway.lines
        session = cmpp._sessions._sessions[0]
        line.waiting = [line.reply(b"13800138000", b"1", b"\0T") for _ in range(20_000)]
        line.tell()
        line.flush()
        await asyncio.sleep(0.3)
        assert len(session.unread) < 10_000
        going.set()
        await until(lambda: len(gateway.results) == 20_000, 15)
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED


VECTORS = [value for name, value in vars(vectors).items() if isinstance(value, bytes)]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=64),
            st.sampled_from(VECTORS),
            st.builds(lambda frame, at: frame[:at], st.sampled_from(VECTORS), st.integers(0, 64)),
            st.builds(
                lambda frame, at, octet: frame[:at] + bytes((octet,)) + frame[at + 1 :],
                st.sampled_from(VECTORS),
                st.integers(0, 90),
                st.integers(0, 255),
            ),
        ),
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_link_survives_whatever_comes(pieces: list[bytes]) -> None:
    async def live() -> None:
        async with ismg() as gateway, linked(gateway.port, reconnect_s=0.001, reconnect_most_s=0.005, timeout_s=2) as cmpp:
            for piece in pieces:
                for line in list(gateway.lines):
                    line.transport.write(piece)
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            for line in list(gateway.lines):
                line.transport.abort()  # what waits for its end would swallow an answer
            await asyncio.sleep(0.01)
            await until(cmpp.up)
            [answer] = await sent(cmpp, [message()])
            assert answer.outcome is Outcome.ACCEPTED

    asyncio.run(live())


def test_a_provider_made_outside_a_loop_is_not_up() -> None:
    given_: dict[str, Any] = {}
    assert not provider(1, **given_).up()
