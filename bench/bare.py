"""What a bare aiohttp client reaches against the same stand-in: the yardstick of the calls, measured in the same run.

`python -m bench.bare URL CALLS CONNECTIONS` posts the same small body again and again and writes one line of JSON.
"""

import asyncio
import json
import sys
import time

import aiohttp
import uvloop

TEXT = "【四川社保】王建国您好，请于2026年12月14日前用四川e社保刷脸或到社区免费办理待遇资格认证，逾期暂停发放。已办请忽略。咨询12333"
HEADERS = {"Content-Type": "application/json"}


async def caller(session: aiohttp.ClientSession, url: str, bodies: list[bytes]) -> None:
    """One connection's worth of calls, each answer read and decoded as a client must."""
    while bodies:
        async with session.post(url, data=bodies.pop(), headers=HEADERS) as response:
            json.loads(await response.read())


async def run(url: str, calls: int, connections: int) -> dict[str, float]:
    """Posts `calls` bodies over `connections` connections."""
    bodies = [
        json.dumps({"messages": [{"ref": f"bare{n}", "to": "+8613800002000", "text": "【四川社保】王建国您好"}]}).encode()
        for n in range(calls)
    ]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(caller(session, url, bodies) for _ in range(connections)))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"per_s": calls / seconds, "cpu_us": cpu / calls * 1e6}


if __name__ == "__main__":
    target, count, parallel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(json.dumps(uvloop.run(run(target, count, parallel))) + "\n")
