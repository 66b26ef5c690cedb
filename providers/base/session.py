"""One connection of a provider with links: it logs in, keeps a window of unanswered submits, keeps alive, hands news over, says goodbye.

`sessions.py` opens sessions anew and says what to write. Many PDUs go into one write, and one read brings many: a stream reader that wakes
a task for each PDU costs more than all the rest.
"""

import asyncio
import errno
import struct
from collections.abc import Sequence
from typing import Final, Protocol, cast

import msgspec

from providers.base.dialect import Dialect, Garbage, Kind, LinkError, LinkOptions, LoginRefused, Objects, Pdu, Segment, Verdict
from providers.base.framing import Frames
from providers.base.outbox import Call, Letter

_LAST_SEQUENCE: Final = 0x7FFFFFFF
_NEWS_WAITING: Final = 2_000
"""News that wait to be stored; more are not read. Half of it makes room again."""
LAST_ANSWERS_S: Final = 5.0
"""After a goodbye, seconds for answers that are under way."""


class Owner(Protocol):
    """Whom a session tells what it heard."""

    def judged(self, letter: Letter, segment: Segment, verdict: Verdict, written: float) -> None:
        """The other side answered a submit that was written then."""

    def room(self) -> None:
        """There is room in the window."""

    def news(self, session: "Session") -> None:
        """`session.unread` has grown."""


class Asked(msgspec.Struct):
    """A submit without an answer."""

    letter: Letter
    segment: Segment
    written: float


class Session(asyncio.Protocol):
    """One connection, from its first octet to its last."""

    def __init__(self, dialect: Dialect, options: LinkOptions, owner: Owner, last_answers_s: float = LAST_ANSWERS_S) -> None:
        self.dialect = dialect
        self.unread: list[tuple[Pdu, bytes]] = []
        """News to be stored, each with what answers it."""
        self.handing = 0
        """Hand-overs of this session's news under way."""
        self._options, self._owner, self._last_answers_s = options, owner, last_answers_s
        self._loop = asyncio.get_running_loop()
        self.admitted: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._frames = Frames(dialect.header, dialect.longest)
        self._asked: dict[int, Asked] = {}
        self._out: list[bytes] = []
        self._sequence = 0
        self._inside = self._full = self._leaving = self._deaf = False
        self._transport: asyncio.Transport | None = None
        self._why = ""
        self._heard_at = self._loop.time()
        self._tries = 0
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def up(self) -> bool:
        """Logged in, and neither side said goodbye."""
        return self._inside and not self._leaving and not self._why and not self.ended.done()

    def room(self) -> int:
        """How many submits may be written now."""
        if self._full or not self.dialect.sends or not self.up or self._closing():
            return 0
        return self._options.window - len(self._asked)

    # What we say

    def put(self, letter: Letter, segment: Segment, now: float) -> None:
        """Encodes a submit; `flush` writes it."""
        sequence = self._next()
        self._out.append(self.dialect.submit(segment, sequence))
        self._asked[sequence] = Asked(letter, segment, now)

    def flush(self) -> None:
        """Writes what was put."""
        if self._out:
            self._write(b"".join(self._out))
            self._out.clear()

    def forget(self, call: Call) -> None:
        """Nobody waits for the answers to this call any more; they leave the window."""
        self._asked = {sequence: asked for sequence, asked in self._asked.items() if asked.letter.call is not call}

    def answer(self, replies: Sequence[bytes]) -> None:
        """Answers news, and reads on where too many waited."""
        if self.ended.done():
            return
        self._write(b"".join(replies))
        if self._deaf and not self._closing() and len(self.unread) <= _NEWS_WAITING // 2:
            self._deaf = False
            assert self._transport is not None
            self._transport.resume_reading()

    def goodbye(self) -> None:
        """Ends the session in the protocol's way: `ended` follows when the other side answers."""
        if not self._inside or self._leaving:
            self.end("closed")
            return
        self._leaving = True
        self._write(self.dialect.goodbye(self._next()))
        self._loop.call_later(self._last_answers_s, self.end, "no answer to the goodbye")

    def end(self, why: str) -> None:
        """Drops the connection."""
        self._why = self._why or why
        if self._transport is not None and not self.ended.done():
            self._transport.abort()

    def _write(self, octets: bytes) -> None:
        if self._transport is not None and not self._closing():  # uvloop raises where asyncio drops the octets
            self._transport.write(octets)

    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _next(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Logs in."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's inherits nothing
        self._write(self.dialect.login(self._next()))

    def data_received(self, data: bytes) -> None:
        """Takes what these octets complete."""
        self._heard_at = self._loop.time()
        if self._tries:
            self._lives()
        waiting = len(self.unread)
        asked = len(self._asked)
        try:
            for pdu in self._frames.feed(data):
                self._hear(pdu)
            if self._frames.broken:
                if isinstance(self.dialect, Objects):
                    self._write(self.dialect.objection())
                self.end(f"garbage: {self._frames.broken}")
        except (Garbage, struct.error) as error:
            self.end(f"garbage: {error}")
        if len(self.unread) > waiting:
            self._owner.news(self)
            if len(self.unread) > _NEWS_WAITING and not self._deaf and not self._closing():
                self._deaf = True
                assert self._transport is not None
                self._transport.pause_reading()
        if len(self._asked) < asked:
            self._owner.room()

    def pause_writing(self) -> None:
        """The other side does not read: nothing more is written to it."""
        self._full = True

    def resume_writing(self) -> None:
        """It reads again."""
        self._full = False
        self._owner.room()

    def connection_lost(self, exc: Exception | None) -> None:
        """What was written and not answered is unknown."""
        why = self._why or (f"lost: {said(exc)}" if exc else "closed by the other side")
        if self._alarm:
            self._alarm.cancel()
        self.ended.set_result(why)
        if not self.admitted.done():
            self.admitted.set_exception(LinkError(why))
        asked, self._asked = self._asked, {}
        for one in asked.values():
            one.letter.lost(f"no answer: connection {why}")
        self._owner.room()

    # What the other side says

    def _hear(self, pdu: Pdu) -> None:
        kind = self.dialect.kinds.get(pdu.command)
        if not self._inside:
            self._knock(kind, pdu)
        elif kind is Kind.ANSWER or kind is Kind.NACK:
            self._judge(pdu)
        elif kind is Kind.NEWS:
            self.unread.append((pdu, self.dialect.reply(pdu)))
        elif kind is Kind.KEEP_ALIVE:
            self._write(self.dialect.reply(pdu))
        elif kind is Kind.GOODBYE:
            self._part(pdu)
        elif kind is Kind.GOODBYE_ANSWER:
            if self._leaving:
                self.end("closed")
        elif kind is None:
            self._write(self.dialect.strange(pdu))

    def _knock(self, kind: Kind | None, pdu: Pdu) -> None:
        """Until the login is answered nothing else can come."""
        if self.admitted.done():
            return  # refused, and closing
        if kind is Kind.NACK:
            self.admitted.set_exception(LoginRefused("the login was not understood"))
            self.end("login refused")
        elif kind is not Kind.LOGIN_ANSWER:
            raise Garbage("spoke before it answered the login")
        else:
            try:
                self.dialect.admitted(pdu)
            except LoginRefused as refused:
                self.admitted.set_exception(refused)
                self.end("login refused")
            else:
                self._inside = True
                self.admitted.set_result(None)
                self._watch()

    def _judge(self, pdu: Pdu) -> None:
        asked = self._asked.pop(pdu.sequence, None)
        if asked is None:
            return  # late: its message is unknown already; or the answer to a keep-alive that was not understood
        try:
            verdict = self.dialect.verdict(pdu)
        except (Garbage, struct.error):
            self._asked[pdu.sequence] = asked  # ends as unknown with the connection
            raise
        self._owner.judged(asked.letter, asked.segment, verdict, asked.written)
        if verdict.anew:
            self.goodbye()

    def _part(self, pdu: Pdu) -> None:
        """The other side says goodbye: answers that are under way may still come, nothing more is written."""
        self._leaving = True
        self._why = "the other side said goodbye"
        self._write(self.dialect.reply(pdu))
        self._loop.call_later(self._last_answers_s if self._asked else 0.0, self.end, self._why)

    def _lives(self) -> None:
        self._tries = 0
        if self._alarm:
            self._alarm.cancel()
        self._watch()

    def _watch(self) -> None:
        """Asks whether the other side lives where nothing was heard of it for too long."""
        due = self._heard_at + self._options.idle_s
        if not self._tries and self._loop.time() < due:
            self._alarm = self._loop.call_at(due, self._watch)
        elif self._tries >= self._options.idle_tries:
            self.end("lost: it does not answer")
        else:
            self._tries += 1
            self._write(self.dialect.keep_alive(self._next()))
            self._alarm = self._loop.call_later(self._options.idle_wait_s, self._watch)


def said(error: BaseException) -> str:
    """The kind of an error, without its text: that may hold an address."""
    number = getattr(error, "errno", None)
    name = errno.errorcode.get(number, "") if isinstance(number, int) else ""
    return f"{type(error).__name__} {name}".strip()
