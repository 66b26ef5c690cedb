"""All links of a provider: opened anew when they end, written to in turn, slowed down together where the carrier asks for it.

What proves what (invariant 4) is as over HTTP: what was not written is `nothing_left`, what was written and not answered is `unknown`.
The lease is asked in the stretch in which the octets go to the transport, and nothing is awaited in between.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from providers.base.dialect import Dialect, LinkError, LinkOptions, LoginRefused, Pdu, Segment, Verdict
from providers.base.outbox import Call, Letter, Outbox
from providers.base.pace import Pace
from providers.base.ruling import Ruling, because
from providers.base.session import LAST_ANSWERS_S, Session, said
from providers.base.types import Answer, Settings, StillMine
from providers.base.words import Outcome, Reason, RetryClass

_TICK_S: Final = 0.05
_NEWS_A_BODY: Final = 500
_BODIES_AT_ONCE: Final = 4
_STORE_PAUSE_S: Final = 1.0
"""How long news that could not be stored are left without an answer: a carrier that is told at once sends again at once."""
_VERSIONS: Final = 3
_SHORT_S: Final = 10.0
"""A session that lived less counts as one more failure."""

_CLOSED: Final = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, "no connection: closed")
_FULL: Final = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, "no room in the window")
_SLOWED: Final = because(Outcome.NOTHING_LEFT, Reason.FREQUENCY_LIMITED, "the carrier throttles")

_log = logging.getLogger("tixing.links")


class TakesNews(Protocol):
    """Who stores what the other side says by itself."""

    async def __call__(self, dialect: Dialect, pdus: Sequence[Pdu]) -> None:
        """Returns when all is on disk. Whatever it raises: nothing is answered."""


class Sessions:
    """`settings.connections` sessions. Opened, used and closed in one running loop; may be opened again."""

    def __init__(self, settings: Settings, options: LinkOptions, dialect: Callable[[int], Dialect], news: TakesNews) -> None:
        self._settings, self._options, self._dialect, self._take_news = settings, options, dialect, news
        self._place_s = min(settings.connect_timeout_s, settings.timeout_s / 2)
        self._last_s = min(LAST_ANSWERS_S, settings.timeout_s)
        self.pace = Pace()
        self._sessions: list[Session] = []
        self._outbox = Outbox()
        self._calls: dict[Call, None] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._handovers: set[asyncio.Task[None]] = set()
        self._closing = True
        self._woken = self._ticking = False
        self._later: asyncio.TimerHandle | None = None
        self._stretch = 0
        self._no_link: Ruling = _CLOSED

    def open(self) -> None:
        """Starts connecting."""
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._no_link = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, "no connection yet")
        self._keepers = [
            self._loop.create_task(self._keep(number), name=f"{self._settings.name} link {number}")
            for number in range(self._settings.connections)
        ]

    async def close(self) -> None:
        """Lets calls in flight end and news be stored, says goodbye, closes."""
        self._closing = True
        self._no_link = _CLOSED
        await asyncio.gather(*(call.done for call in self._calls), return_exceptions=True)
        if self._handovers:
            await asyncio.wait(self._handovers, timeout=self._last_s)
        for session in self._sessions:
            session.goodbye()
        if self._sessions:
            await asyncio.wait([session.ended for session in self._sessions], timeout=self._last_s + 1.0)
        if self._handovers:  # what came between
            await asyncio.wait(self._handovers, timeout=self._last_s)
        if self._later:
            self._later.cancel()
        await _cancelled([*self._keepers, *self._handovers])

    def up(self) -> bool:
        """Whether a link stands on which submits may be written."""
        return any(session.up and session.dialect.sends for session in self._sessions)

    async def call(self, messages: Sequence[Sequence[Segment]], mine: StillMine, on_first_byte: Callable[[], None]) -> list[Answer]:
        """Sends messages, each as its segments; lasts `timeout_s` at most, of which waiting for room takes half at most."""
        if self._closing:
            return [_CLOSED.about(segments[0].message.reference) for segments in messages]
        call = Call(messages, mine, on_first_byte, self._loop.time())
        self._calls[call] = None
        self._outbox.put(call)
        self.room()
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(_TICK_S, self._tick)
        try:
            return await call.done
        finally:
            if call.done.cancelled():
                call.fresh.clear()  # what was written keeps its place in the window until it is answered or overdue
            else:
                self._calls.pop(call, None)

    # Writing

    def room(self) -> None:
        """Something may be written: looks once this turn of the loop is over, so that many calls share a write."""
        if not self._woken:
            self._woken = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._woken = False
        if not self._outbox:
            return
        now = self._loop.time()
        budget = self.pace.room(now)
        self._stretch += 1
        turn = self._stretch % max(1, len(self._sessions))
        for session in [*self._sessions[turn:], *self._sessions[:turn]]:
            if budget > 0:
                budget -= self._fill(session, min(budget, session.room()), now)
        if self._outbox and budget <= 0 and self._later is None:
            self._later = self._loop.call_later(self.pace.wait_s(now), self._resume)

    def _fill(self, session: Session, room: int, now: float) -> int:
        wrote = 0
        while wrote < room:
            item = self._outbox.take(self._stretch)
            if item is None:
                break
            session.put(*item, now)
            wrote += 1
        session.flush()
        self.pace.wrote(wrote)
        return wrote

    def _resume(self) -> None:
        self._later = None
        self._write()

    def _tick(self) -> None:
        """Ends what waited too long for room or for an answer."""
        now = self._loop.time()
        for call in list(self._calls):
            age = now - call.started
            if call.fresh and age >= self._place_s:  # before the rest: whoever stood still finds both times over, and of these nothing left
                self._give_up(call, age)
            if age >= self._settings.timeout_s:
                self._expire(call)
        self._ticking = bool(self._calls)
        if self._ticking:
            self._loop.call_later(_TICK_S, self._tick)

    def _expire(self, call: Call) -> None:
        call.expire("no answer: timed out")
        for session in self._sessions:
            session.forget(call)
        self._calls.pop(call, None)
        self.room()

    def _give_up(self, call: Call, age: float) -> None:
        if not self.up():
            call.give_up(self._no_link)
        elif age >= self._settings.timeout_s / 2:
            call.give_up(_SLOWED if self.pace.limited else _FULL)

    # Reading

    def judged(self, letter: Letter, segment: Segment, verdict: Verdict, written: float) -> None:
        """The other side answered a submit."""
        if verdict.pause_s > 0:
            self.pace.throttled(written, verdict.pause_s, self._loop.time())
        elif verdict.ruling.outcome is Outcome.ACCEPTED:
            self.pace.took(self._loop.time())
        more = letter.heard(segment, verdict)
        if more:
            self._outbox.again(letter, more)

    def news(self, session: Session) -> None:
        """Hands over what was heard: one body for all that waits, a few bodies at once."""
        while session.unread and session.handing < _BODIES_AT_ONCE:
            session.handing += 1
            taken, session.unread = session.unread[:_NEWS_A_BODY], session.unread[_NEWS_A_BODY:]
            task = self._loop.create_task(self._hand_over(session, taken))
            self._handovers.add(task)
            task.add_done_callback(self._handovers.discard)

    async def _hand_over(self, session: Session, taken: Sequence[tuple[Pdu, bytes]]) -> None:
        try:
            await self._take_news(session.dialect, [pdu for pdu, _ in taken])
        except Exception as error:  # noqa: BLE001 - an edge: whatever the gateway raises, this was not stored and must come again
            _log.warning("news_not_stored provider=%s pdus=%d error=%s", self._settings.name, len(taken), type(error).__name__)
            await asyncio.sleep(0 if self._closing else _STORE_PAUSE_S)
            session.answer([session.dialect.reply(pdu, stored=False) for pdu, _ in taken])
        else:
            session.answer([reply for _, reply in taken])
        finally:
            session.handing -= 1
        self.news(session)  # not reached by a cancelled hand-over: nothing begins anew while closing

    # Connecting

    async def _keep(self, number: int) -> None:
        """Keeps one link: connects, and again when it ends, after a pause that grows with each failure."""
        failures = 0
        while not self._closing:
            try:
                lived_s = await self._live(number)
                failures = 0 if lived_s >= _SHORT_S else failures + 1
                pause_s = self._pause_s(failures)
            except LoginRefused as refused:
                failures += 1
                self._no_link = _barred(refused)
                pause_s = 0.0 if refused.at_once and failures <= _VERSIONS else self._pause_s(failures)
                if refused.by_us:
                    pause_s = max(pause_s, self._options.refused_s * _jitter())
                _log.warning(
                    "login_refused provider=%s link=%d reason=%s next_s=%.1f", self._settings.name, number, _word(refused), pause_s
                )
            except Exception as error:  # noqa: BLE001 - an edge: a link whose keeper ended would never come back
                failures += 1
                why = str(error) if isinstance(error, LinkError) else said(error)
                self._no_link = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, f"no connection: {why}")
                pause_s = self._pause_s(failures)
                _log.warning("link_failed provider=%s link=%d reason=%s next_s=%.1f", self._settings.name, number, _word(why), pause_s)
            await asyncio.sleep(pause_s)

    async def _live(self, number: int) -> float:
        """One connection's life, in seconds from the login to the end."""
        session = Session(self._dialect(number), self._options, self, self._last_s)
        session.admitted.add_done_callback(_seen)
        try:
            async with asyncio.timeout(self._place_s):
                await self._loop.create_connection(
                    lambda: session, self._options.host, self._options.port, ssl=ssl.create_default_context() if self._options.tls else None
                )
            async with asyncio.timeout(self._settings.timeout_s):
                await session.admitted
            started = self._loop.time()
            self._sessions.append(session)
            _log.info("link_up provider=%s link=%d", self._settings.name, number)
            self.room()
            why = await asyncio.shield(session.ended)
            self._no_link = because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, f"no connection: {why}")
            lived_s = self._loop.time() - started
            _log.log(
                logging.INFO if self._closing else logging.WARNING,
                "link_down provider=%s link=%d reason=%s lived_s=%.1f",
                self._settings.name,
                number,
                _word(why),
                lived_s,
            )
            return lived_s
        finally:
            if session in self._sessions:
                self._sessions.remove(session)
            session.end("closed")

    def _pause_s(self, failures: int) -> float:
        most = self._options.reconnect_most_s
        return float(min(most, self._options.reconnect_s * 2 ** min(max(failures - 1, 0), 20)) * _jitter())


def _jitter() -> float:
    return random.uniform(0.5, 1.5)  # noqa: S311 - spreads reconnects, guards nothing


def _barred(refused: LoginRefused) -> Ruling:
    if not refused.by_us:
        return because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, f"login refused: {refused}")
    ruling = because(Outcome.NOTHING_LEFT, Reason.ACCOUNT_PROBLEM, f"login refused: {refused}")
    return Ruling(ruling.outcome, ruling.reason, ruling.fault, ruling.permanent, None, ruling.detail, RetryClass.CONFIGURATION)


def _word(why: object) -> str:
    return str(why).replace(" ", "_")


def _seen(future: asyncio.Future[None]) -> None:
    """An exception that nobody awaited (the connection ended while we were cancelled) is no news."""
    if not future.cancelled():
        future.exception()


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
