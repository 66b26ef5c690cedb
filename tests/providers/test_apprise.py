"""`apprise`: the library itself, sending to a JSON target on loopback."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import structs

from providers.apprise import Apprise
from providers.base.types import Callback, Outgoing, Provider, Settings, SettingsError, UnreadableCallback
from providers.base.words import Fault, Outcome, Reason, Status
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.one_a_call import OneACall
from tests.standins.wire import Wire, said, saying, wire


async def by_ending(request: bytes, writer: asyncio.StreamWriter) -> None:
    """A service that decides by the last four digits of the path."""
    ending = request.partition(b" HTTP/1.1")[0].partition(b"?")[0].rstrip(b"/")[-4:]
    if ending == b"0007":
        await asyncio.sleep(30)
    writer.write(said({b"0005": 400, b"0006": 429}.get(ending, 200)))


def apprise(server: Wire, inbox: Inbox | None = None, /, timeout_s: float = 3.0, connections: int = 5, **changes: Any) -> Apprise:
    given = {"url": f"json://127.0.0.1:{server.port}/to/{{address}}?cto=0.5&rto=0.5", **changes}
    settings = Settings("apprise", "apprise", timeout_s=timeout_s, connect_timeout_s=0.1, connections=connections, options=given)
    return Apprise(settings, (inbox or Inbox()).receive)


def to(address: str, text: str = "请认证") -> Outgoing:
    return structs.replace(message(text=text), address=address)


class TestApprise(OneACall):
    """What the library does not tell apart is unknown, and so are a refusal and a throttling."""

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with wire(by_ending) as server, opened(apprise(server)) as one:
            yield one

    async def test_it_gives_one_answer_a_message_joined_by_reference(self, provider: Provider) -> None:
        one = message()
        [answer] = await sent(provider, [one])
        assert (answer.reference, answer.outcome) == (one.reference, Outcome.ACCEPTED)

    @pytest.mark.parametrize("ending", ["0005", "0006"])
    async def test_a_refusal_cannot_be_told_from_a_lost_answer(self, provider: Provider, ending: str) -> None:
        [answer] = await sent(provider, [message(ending)])
        assert (answer.outcome, answer.reason, answer.fault) == (Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER)

    async def test_a_refusal_has_a_reason_a_fault_and_the_vendors_own_code(self, provider: Provider) -> None:
        """It has no code: see above."""

    async def test_a_throttled_message_is_taken_at_the_third_try(self, provider: Provider) -> None:
        """It is not tried again: see above."""


async def test_the_address_goes_into_the_url_as_one_piece_and_the_text_into_the_body() -> None:
    async with wire(saying(200)) as server, opened(apprise(server, title="四川社保")) as provider:
        for address in ("+8613800138000", "a/b?c=d&e#f", "张三 @x"):
            assert (await sent(provider, [to(address, "第一行\n第二行 {x} &amp; 🙂")]))[0].outcome is Outcome.ACCEPTED
    lines = [request.split(b"\r\n")[0] for request in server.requests]
    assert [line.split(b" ")[1].count(b"/") for line in lines] == [2, 2, 2], lines
    assert b"8613800138000" in lines[0]
    assert all(b"?" not in line for line in lines)
    body = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert (body["message"], body["title"]) == ("第一行\n第二行 {x} &amp; 🙂", "四川社保")


@pytest.mark.parametrize("script", [saying(302, b"", b"Location: /elsewhere\r\n"), saying(500), saying(502, b"<html>")])
async def test_what_the_service_does_not_take_is_unknown_and_sent_once(script: Any) -> None:
    async with wire(script) as server, opened(apprise(server)) as provider:
        assert (await sent(provider, [message()]))[0].outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


async def test_a_dead_service_is_unknown_too() -> None:
    async with wire(saying(200)) as server:
        pass
    async with opened(apprise(server)) as provider:
        assert (await sent(provider, [message()]))[0].outcome is Outcome.UNKNOWN


async def test_a_call_ends_at_its_time_out_whatever_its_thread_does() -> None:
    async with wire(by_ending) as server, opened(apprise(server, timeout_s=0.2)) as provider:
        started = time.monotonic()
        [answer] = await sent(provider, [message("0007")])
        assert (answer.outcome, answer.detail) == (Outcome.UNKNOWN, "no answer: timed out")
        assert time.monotonic() - started < 5, "the service would take thirty seconds"


async def test_without_a_free_thread_nothing_left() -> None:
    async with wire(by_ending) as server:
        slow = f"json://127.0.0.1:{server.port}/to/{{address}}?cto=2&rto=2"
        async with opened(apprise(server, timeout_s=0.6, connections=1, url=slow)) as provider:
            await sent(provider, [message("0007")])
            lease = Lease()
            [answer] = await sent(provider, [message()], lease)
            assert (answer.outcome, lease.asked, lease.wrote) == (Outcome.NOTHING_LEFT, 0, 0)
            while answer.outcome is Outcome.NOTHING_LEFT:  # until the library's own time-out ends the thread
                [answer] = await sent(provider, [message()])
            assert answer.outcome is Outcome.ACCEPTED
    assert len(server.requests) == 2


async def test_an_acceptance_means_sent_unless_an_operator_says_more() -> None:
    for means, reports in (("sent", 0), ("delivered", 1)):
        inbox, one = Inbox(), message()
        async with wire(saying(200)) as server, opened(apprise(server, inbox, accepted_means=means)) as provider:
            await sent(provider, [one])
            found = [report for callback in inbox.callbacks for report in provider.read(callback).reports]
        assert [(r.reference, r.status, r.vendor_code) for r in found] == [(one.reference, Status.DELIVERED, "accepted")] * reports


async def test_nothing_outside_calls_back() -> None:
    async with wire(saying(200)) as server:
        with pytest.raises(UnreadableCallback):
            apprise(server).read(Callback("POST", {}, {}, b'[{"ref":"1","at":"2026-11-24T00:00:00+00:00"}]'))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "nonsense://x/{address}"}, r"providers\.apprise\.url: Apprise cannot read it"),
        ({"url": "hello"}, r"providers\.apprise\.url"),
        ({"url": "json://127.0.0.1/{address}?retry=3"}, r"providers\.apprise\.url: leave retry="),
        ({"url": "json://127.0.0.1/{address}?redirect=yes"}, r"providers\.apprise\.url: leave retry= and redirect="),
        ({"accepted_means": "read"}, r"providers\.apprise\.accepted_means"),
        ({"body": "x"}, r"providers\.apprise: unknown key `body`"),
    ],
)
async def test_a_section_that_cannot_work_names_the_key_without_its_secrets(changes: dict[str, Any], words: str) -> None:
    async with wire(saying(200)) as server:
        with pytest.raises(SettingsError, match=words):
            apprise(server, **changes)


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=r"providers\.apprise\.driver: Apprise is not installed: pip install 'tixing\[apprise\]'"):
        Apprise(Settings("apprise", "apprise", options={"url": "json://x"}), Inbox().receive)


async def test_it_logs_no_address(caplog: pytest.LogCaptureFixture) -> None:
    async with wire(saying(500)) as server, opened(apprise(server)) as provider:
        await sent(provider, [to("+8613800138000", "秘密")])
    assert "13800138000" not in caplog.text
    assert "秘密" not in caplog.text
