"""An ISMG: China Mobile's side of CMPP 2.0 and 3.0 over real sockets, with what goes wrong with them.

It checks the login, decides by the last four digits as the sandbox does, keeps a window of reports, sends again what was not answered.
python -m tests.standins.cmpp [VERSION] serves until its input ends and prints its port.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import cast

import uvloop

from providers.base.dialect import Garbage, Pdu
from providers.base.framing import Frames
from providers.cmpp.pdu import (
    HEADER,
    LAYOUTS,
    LONGEST,
    RESPONSE,
    V30,
    Command,
    Connect,
    ConnectResp,
    Deliver,
    Stat,
    Submit,
    SubmitResp,
    authenticator,
    authenticators_ismg,
    pdu,
)

REFUSED, THROTTLED, SILENT = b"0005", b"0006", b"0007"
STATS = {b"0001": ("MK:0001",), b"0002": ("MK:0005",), b"0003": ("MK:0023",), b"0004": (), b"0008": ("DB:0144",)}
STATS |= {b"0009": ("DELIVRD", "ACCEPTD", "DELIVRD")}
REPLIES = {b"0010": "退订", b"0011": "非本人"}
FIRST_ID = 0x77B22E0DC0720000


class Ismg:
    """One gateway. Change its attributes to make it behave otherwise."""

    def __init__(self, version: int = V30, *, sp_id: bytes = b"901234", secret: bytes = b"secret") -> None:
        self.version, self.sp_id, self.secret = version, sp_id, secret
        self.report_octets = 71 if version == V30 else 60
        self.reports = True
        self.window = 16
        self.again_s = 60.0
        self.per_s = float("inf")
        self.early = False
        """Reports go out before the answer to the submit."""
        self.rechunk = 0
        """Octets a write; 0: as they come."""
        self.login_status: int | None = None
        self.answers_keep_alive = True
        self.says: Callable[[Submit, Pdu, Line], bytes | None] | None = None
        """What answers a submit instead; None: nothing."""
        self.submits: list[Submit] = []
        self.lines: list[Line] = []
        self.logins: list[Connect] = []
        self.results: list[SubmitResp] = []
        """DELIVER_RESPs."""
        self.heard: Counter[int] = Counter()
        self.throttled: Counter[bytes] = Counter()
        self.flow_controls = 0
        self.ids = count(FIRST_ID)
        self._tokens, self._filled = 10.0, time.monotonic()

    async def open(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: Line(self), "127.0.0.1", getattr(self, "port", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for line in list(self.lines):
            line.transport.abort()
        await asyncio.sleep(0)

    def result(self, number: bytes) -> int | None:
        ending = number[-4:]
        if ending == SILENT:
            return None
        if ending == REFUSED:
            return 10
        if ending == THROTTLED:
            self.throttled[number] += 1
            return 0 if self.throttled[number] > 2 else 8
        if self.per_s != float("inf"):
            now = time.monotonic()
            self._tokens = min(max(1.0, self.per_s / 20), self._tokens + (now - self._filled) * self.per_s)
            self._filled = now
            if self._tokens < 1:
                self.flow_controls += 1
                return 8
            self._tokens -= 1
        return 0


class Line(asyncio.Protocol):
    """One connection to it."""

    def __init__(self, ismg: Ismg) -> None:
        self.ismg, self.layout = ismg, LAYOUTS[ismg.version]
        self.frames = Frames(HEADER, LONGEST)
        self.sequence = 0
        self.inside = False
        self.waiting: list[Deliver] = []
        self.unanswered: dict[int, tuple[Deliver, float]] = {}
        self.out: list[bytes] = []
        self.resends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.ismg.lines.append(self)
        self.resends = asyncio.get_running_loop().call_later(self.ismg.again_s, self.again)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ismg.lines.remove(self)
        if self.resends:
            self.resends.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            for one in self.frames.feed(data):
                self.hear(one)
        except Garbage:
            self.transport.abort()
            return
        if self.frames.broken:
            self.transport.abort()
            return
        self.tell()
        self.flush()

    def flush(self) -> None:
        octets, self.out = b"".join(self.out), []
        step = self.ismg.rechunk or max(1, len(octets))
        for start in range(0, len(octets), step):
            self.transport.write(octets[start : start + step])

    def hear(self, one: Pdu) -> None:
        self.ismg.heard[one.command] += 1
        if one.command == Command.CONNECT:
            self.out.append(self.login(one))
        elif not self.inside:
            raise Garbage("before its login")
        elif one.command == Command.SUBMIT:
            self.take(one)
        elif one.command == Command.DELIVER | RESPONSE:
            if self.unanswered.pop(one.sequence, None):
                self.ismg.results.append(SubmitResp.read(one.frame))
        elif one.command == Command.ACTIVE_TEST:
            if self.ismg.answers_keep_alive:
                self.out.append(pdu(one.command | RESPONSE, one.sequence, b"\0"))
        elif one.command == Command.TERMINATE:
            self.out.append(pdu(one.command | RESPONSE, one.sequence))

    def login(self, one: Pdu) -> bytes:
        said = Connect.read(one.frame)
        self.ismg.logins.append(said)
        status = self.judged(said)
        self.inside = status == 0
        [digest, *_] = authenticators_ismg(status, said.authenticator, self.ismg.secret)
        return ConnectResp(status, digest, self.ismg.version, self.layout.octets).packed(one.sequence)

    def judged(self, said: Connect) -> int:
        if self.ismg.login_status is not None:
            return self.ismg.login_status
        if said.version > self.ismg.version:
            return 4
        if said.source != self.ismg.sp_id:
            return 2
        return 0 if said.authenticator == authenticator(said.source, self.ismg.secret, said.stamp) else 3

    def take(self, one: Pdu) -> None:
        submit = Submit.read(one.frame, self.layout)
        self.ismg.submits.append(submit)
        if self.ismg.says is not None:
            self.out.append(self.ismg.says(submit, one, self) or b"")
            return
        result = self.ismg.result(submit.to[0])
        if result is None:
            return
        answer = SubmitResp(next(self.ismg.ids) if result == 0 else 0, result)
        if result == 0 and self.ismg.reports:
            self.report(submit, answer.msg_id)
            if self.ismg.early:
                self.tell()
        self.out.append(answer.packed(one.sequence, self.layout))

    def report(self, submit: Submit, msg_id: int) -> None:
        number = submit.to[0]
        for stat in STATS.get(number[-4:], ("DELIVRD",)):
            content = Stat(msg_id, stat, "2401010000", "2401010001", number.decode(), 7).packed(self.ismg.report_octets)
            self.waiting.append(
                Deliver(msg_id=next(self.ismg.ids), dest_id=submit.src_id, src_terminal=number, registered=1, content=content)
            )
        if number[-4:] in REPLIES:
            self.waiting.append(self.reply(number, submit.src_id, REPLIES[number[-4:]].encode("utf-16-be")))

    def reply(self, number: bytes, to: bytes, content: bytes, *, udhi: int = 0) -> Deliver:
        return Deliver(msg_id=next(self.ismg.ids), dest_id=to, src_terminal=number, coding=8, udhi=udhi, content=content)

    def tell(self) -> None:
        """Sends what waits, as far as the window goes."""
        room = self.ismg.window - len(self.unanswered)
        going, self.waiting = self.waiting[:room], self.waiting[room:]
        for deliver in going:
            self.sequence += 1
            self.unanswered[self.sequence] = (deliver, time.monotonic())
            self.out.append(deliver.packed(self.sequence, self.layout))

    def again(self) -> None:
        """Sends again what was not answered in time."""
        before = time.monotonic() - self.ismg.again_s
        for sequence, (deliver, since) in list(self.unanswered.items()):
            if since <= before:
                self.unanswered[sequence] = (deliver, time.monotonic())
                self.out.append(deliver.packed(sequence, self.layout))
        self.flush()
        self.resends = asyncio.get_running_loop().call_later(self.ismg.again_s, self.again)


@asynccontextmanager
async def ismg(version: int = V30, **attributes: object) -> AsyncIterator[Ismg]:
    """A gateway in the test's own loop."""
    gateway = Ismg(version)
    for name, value in attributes.items():
        assert hasattr(gateway, name), name
        setattr(gateway, name, value)
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()


async def serve(version: int) -> None:
    gateway = Ismg(version)
    gateway.window = 64
    await gateway.open()
    sys.stdout.write(json.dumps({"port": gateway.port}) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    sys.stdout.write(json.dumps({"submits": len(gateway.submits), "answered": len(gateway.results)}) + "\n")
    await gateway.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1], 0) if len(sys.argv) > 1 else V30))
