"""Measures submits a second of one process, with reports, against the stand-in ISMG in a process of its own.

python -m tests.providers.cmpp.speed [SECONDS]
"""

import asyncio
import json
import subprocess
import sys
import time
from itertools import count

import uvloop

from providers.base.types import Callback, Outgoing, Reading, Settings
from providers.base.words import Outcome
from providers.cmpp import Cmpp

WINDOW, BATCH, CALLS = 32, 100, 8
TEXT = "【四川社保】王*国，请于2026年11月23日(含)前认证，四川e社保或就近网点，免费。已办请忽略。12333"


async def measure(port: int, seconds: float, links: int, text: str) -> None:
    reports = 0

    async def receive(_: str, callback: Callback) -> Reading:
        nonlocal reports
        await asyncio.sleep(0.002)  # a commit
        reading = cmpp.read(callback)
        reports += len(reading.reports)
        return reading

    options = {"host": "127.0.0.1", "port": port, "sp_id": "901234", "secret": "secret", "src_id": "10690001", "window": WINDOW}
    cmpp = Cmpp(Settings("mobile", "cmpp", connections=links, batch_size=BATCH, options=options), receive)
    await cmpp.open()
    serial = count()
    end = time.perf_counter() + seconds
    taken = 0

    async def work() -> None:
        nonlocal taken
        while time.perf_counter() < end:
            batch = [Outgoing(str(n), f"+8613{n % 10**5:05d}2345", "sms", text, "t", {}, "s") for n in (next(serial) for _ in range(BATCH))]
            answers = await cmpp.send(batch, lambda: True, lambda: None)
            taken += sum(answer.outcome is Outcome.ACCEPTED for answer in answers)

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(CALLS)))
    passed, used = time.perf_counter() - started, time.process_time() - cpu
    await asyncio.sleep(0.3)
    await cmpp.close()
    sys.stdout.write(
        f"{links} links {len(text):3} characters {taken / passed:8.0f} messages/s {used / max(taken, 1) * 1e6:6.1f} µs CPU a message"
        f" {reports} of {taken} reported\n"
    )


if __name__ == "__main__":
    run_s = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    gateway = subprocess.Popen([sys.executable, "-m", "tests.standins.cmpp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert gateway.stdout is not None
        where = json.loads(gateway.stdout.readline())["port"]
        for connections, said in ((1, TEXT), (2, TEXT), (2, TEXT * 2)):
            uvloop.run(measure(where, run_s, connections, said))
    finally:
        gateway.terminate()
        gateway.wait(10)
