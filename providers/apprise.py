"""`apprise`: a hundred services through one library: QQ, DingTalk, Feishu, mail and more. Optional: `pip install 'tixing[apprise]'`.

[providers.dingtalk]
driver = "apprise"
url = "dingtalk://TOKEN/{address}"          # any URL of Apprise for one service; {address} is where the person's goes
title = ""                                  # for services with a headline
accepted_means = "sent"                     # or "delivered", where the service itself holds the account

The library says True or False and nothing else. True is an acceptance; there are no receipts, so `accepted_means` says what it is worth.
False hides whether nothing left, the service refused, or the answer got lost: all are `unknown`, so such a message is never sent again by itself and
never by another route. Have this driver as the only one of its channel, or as a last one.

Apprise sends from a thread, which nobody can stop: what takes longer than `timeout_s` is unknown, and its thread is not used again before it ended.
"""

import asyncio
import logging
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from providers.base import acceptance
from providers.base.acceptance import Means
from providers.base.link import LEASE_ENDED
from providers.base.options import read_options, wrong
from providers.base.ruling import ACCEPTED, Ruling, because, unreadable
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, StillMine, UnreadableCallback
from providers.base.words import Outcome, Reason

_PLACE: Final = "{address}"
_TRIAL: Final = "13800138000"
"""Stands for an address where the URL is tried."""
_FAILED: Final = unreadable("the service was not told, refused, or its answer got lost: the library does not say which")
_TIMED_OUT: Final = unreadable("no answer: timed out")
_BUSY: Final = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, "no free thread: earlier calls still hang")
_UNFIT: Final = because(Outcome.REFUSED, Reason.MALFORMED_ADDRESS, "the library takes no such address for this service")
_LEASE_ENDED: Final = Ruling(Outcome.NOTHING_LEFT, detail=LEASE_ENDED.detail)


class AppriseOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The driver's own keys."""

    url: str
    title: str = ""
    accepted_means: Means = Means.SENT


class Apprise:
    """One service of Apprise, one message a call."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        self.settings = settings
        options = read_options(settings, AppriseOptions)
        if settings.batch_size != 1:
            raise wrong(settings, "batch_size", "must be 1: a call of this driver carries one message")
        self._library = _library(settings)
        self._url, self._title, self._means, self._receive = options.url, options.title, options.accepted_means, receive
        self._asset = self._library.AppriseAsset(http_redirects=False, default_service_retry=0)  # either may send twice
        self._check()

    async def open(self) -> None:
        """Makes the threads; each starts when it is needed first."""
        self._threads = ThreadPoolExecutor(self.settings.connections, f"apprise {self.settings.name}")
        self._free = asyncio.Semaphore(self.settings.connections)

    async def close(self) -> None:
        """Lets sends in flight end, up to `timeout_s`."""
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                for _ in range(self.settings.connections):
                    await self._free.acquire()
        except TimeoutError:
            logging.getLogger("tixing.apprise").warning("threads still hang provider=%s", self.settings.name)
        self._threads.shutdown(wait=False)

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """See `Provider.send`."""
        [message] = batch
        answers = [(await self._sent(message, still_mine, on_first_byte)).about(message.reference)]
        if self._means is Means.DELIVERED:
            await acceptance.report(self._receive, self.settings.name, answers)
        return answers

    def read(self, callback: Callback) -> Reading:
        """Nothing calls back but our own word of acceptances. Raises `UnreadableCallback`."""
        if callback.method != "QUERY":
            raise UnreadableCallback("services behind this library do not call back")
        return acceptance.read(callback)

    async def _sent(self, message: Outgoing, still_mine: StillMine, on_first_byte: Callable[[], None]) -> Ruling:
        service = self._service(message.address)
        if service is None:
            return _UNFIT
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                await self._free.acquire()
        except TimeoutError:
            return _BUSY
        if not still_mine():
            self._free.release()
            return _LEASE_ENDED
        on_first_byte()
        sending = asyncio.get_running_loop().run_in_executor(self._threads, _notify, service, message.text, self._title)
        sending.add_done_callback(lambda _: self._free.release())
        done, _ = await asyncio.wait([sending], timeout=self.settings.timeout_s)
        if not done:
            return _TIMED_OUT
        return ACCEPTED if sending.result() else _FAILED

    def _service(self, address: str) -> Any | None:
        """The service for one address; None where the library cannot make one."""
        return self._library.Apprise.instantiate(self._url.replace(_PLACE, quote(address, safe="")), asset=self._asset)

    def _check(self) -> None:
        asked = parse_qs(urlsplit(self._url).query)
        if {"retry", "redirect"} & asked.keys():
            raise wrong(self.settings, "url", "leave retry= and redirect= out: a second try may send twice")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # loading its plugins imports what Python deprecates
            trial = self._service(_TRIAL)
        if trial is None:
            raise wrong(self.settings, "url", f"Apprise cannot read it; {_PLACE} stands where the person's address goes")


def _library(settings: Settings) -> Any:
    try:
        library = import_module("apprise")
    except ImportError as error:
        raise wrong(settings, "driver", "Apprise is not installed: pip install 'tixing[apprise]'") from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its log lines hold addresses and URLs
    return library


def _notify(service: Any, text: str, title: str) -> bool:
    """In a thread. A plugin that raises may have sent before."""
    try:
        return bool(service.notify(body=text, title=title, body_format="text"))
    except Exception:  # noqa: BLE001 - a hundred plugins of others
        return False
