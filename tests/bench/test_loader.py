"""The loader posts everything once, waits where it is told to, and says what was not taken."""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import date

import msgspec

from bench.loader import Plan, Posted
from bench.vendor import TREE

Answer = Callable[[list[bytes]], tuple[int, str]]


class TinyGateway:
    """Answers every request by a function of its lines, and keeps them."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.lines: list[bytes] = []
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            status, said = self.answer(body.split(b"\n"))
            if status == 202:
                self.lines += body.split(b"\n")
                self.heads.append(head)
            writer.write(f"HTTP/1.1 {status} x\r\nRetry-After: 0.05\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode())
        writer.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    except asyncio.IncompleteReadError:
        return ""


def taken(lines: list[bytes]) -> tuple[int, str]:
    return 202, json.dumps({"accepted": len(lines), "duplicate": 0, "rejected": []})


async def post(gateway: TinyGateway, **changes: object) -> Posted:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    plan = {"token": "t0", "mode": "ndjson", "kind": "with_person", "first": 0, "count": 250, "deadline": date(2027, 2, 1), "chunk": 100}
    port = server.sockets[0].getsockname()[1]
    line = msgspec.json.encode(msgspec.convert(plan | {"port": port} | changes, Plan))
    try:
        loader = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.loader", cwd=TREE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(loader.communicate(line + b"\ngo\n"), 30)
    finally:
        server.close()
    return msgspec.json.decode(out.splitlines()[1], type=Posted)


async def test_it_posts_every_event_once_in_chunks() -> None:
    gateway = TinyGateway(taken)
    posted = await post(gateway)
    assert (posted.accepted, posted.trouble) == (250, "")
    assert len(gateway.heads) == 3
    assert len({json.loads(line)["id"] for line in gateway.lines}) == len(gateway.lines) == 250
    assert all("authorization: bearer t0" in head and "content-type: application/x-ndjson" in head for head in gateway.heads)


async def test_it_comes_again_where_it_was_asked_to_wait() -> None:
    gateway = TinyGateway(_busy())
    posted = await post(gateway)
    assert (posted.accepted, posted.asked_to_wait) == (250, 2)


def _busy() -> Answer:
    left = [503, 429]
    return lambda lines: (left.pop(), "{}") if left else taken(lines)


async def test_it_says_what_was_rejected() -> None:
    rejected = '{"accepted":99,"duplicate":0,"rejected":[{"index":3,"errors":[{"code":"invalid"}]}]}'
    posted = await post(TinyGateway(lambda _lines: (202, rejected)))
    assert posted.rejected == 3
    assert "invalid" in posted.trouble


async def test_it_gives_up_where_the_answer_is_an_error() -> None:
    posted = await post(TinyGateway(lambda _lines: (401, '{"title":"no token"}')))
    assert "401" in posted.trouble


async def test_a_rate_is_kept_and_every_request_stamped() -> None:
    posted = await post(TinyGateway(taken), mode="single", count=40, rate_per_s=200, connections=4)
    assert len(posted.sent_at) == len(posted.answered_in) == 40
    assert 0.15 < posted.sent_at[-1] - posted.sent_at[0] < 5
