"""What `tixing demo` does once its gateway starts: posts the day, waits, prints."""

import asyncio
import subprocess

import click
from rich.progress import Progress

from gateway.cli import demo_tables
from gateway.cli.options import loaded
from gateway.cli.screen import out, progress
from gateway.cli.tokens import create_token
from gateway.roles.ports import Rooms
from gateway.runtime import open_runtime
from gateway.sample.day import Day, sample_day
from gateway.sample.home import Home
from gateway.sample.outcome import Standing, standing
from gateway.sample.posting import NotUp, Posted, post, wait_ready
from gateway.sample.scenarios import SCENARIOS
from gateway.store.reading.reader import Reader

UP_S, SETTLE_S, LOOK_S = 60.0, 180.0, 0.3
A_PERSON_S = 0.01
"""Seconds more to settle for each person."""
LOG_LINES = 12
"""Lines of the gateway's log that are shown where it went wrong."""
TODAY = "select (now() at time zone 'Asia/Shanghai')::date"


class Demonstration:
    """One demo; `process` is its gateway."""

    def __init__(self, rooms: Rooms, home: Home, process: "subprocess.Popen[bytes]") -> None:
        self._rooms, self._home, self._process = rooms, home, process

    async def run(self, persons: int) -> bool:
        """True where everything settled."""
        with progress() as bar:
            await self._up(bar)
            async with open_runtime(loaded(self._home.config), self._rooms.dates, "demo", connections=2) as runtime:
                began = asyncio.get_running_loop().time()
                token = await create_token(runtime, "demo", ("events",))
                day = sample_day(await runtime.reading.fetchval(TODAY), persons, self._rooms.calendar.add_months, SCENARIOS)
                posted = await self._post(bar, token, day)
                reached = await self._settle(bar, runtime.reading, SETTLE_S + persons * A_PERSON_S)
                took_s = asyncio.get_running_loop().time() - began
                tables = await demo_tables.read(runtime.reading, day.scenarios)
        demo_tables.show(out(), tables)
        self._sum_up(day, posted, reached, took_s)
        return reached.settled

    async def _up(self, bar: Progress) -> None:
        starting = bar.add_task("启动网关（内嵌 PostgreSQL、Redis，沙箱服务商）", total=None)
        try:
            await wait_ready(self._home.url, UP_S, self._ended)
        except NotUp:
            raise click.ClickException(f"the gateway did not start:\n{self._log()}") from None
        bar.remove_task(starting)

    async def _post(self, bar: Progress, token: str, day: Day) -> Posted:
        posting = bar.add_task("发送事件", total=len(day.events))
        return await post(self._home.url, token, day.events, lambda n: bar.advance(posting, n))

    async def _settle(self, bar: Progress, reader: Reader, within_s: float) -> Standing:
        loop, settling = asyncio.get_running_loop(), bar.add_task("等待各件告知有结果", total=None)
        until = loop.time() + within_s
        while not (found := await standing(reader)).settled and loop.time() < until and not self._ended():
            bar.update(settling, total=found.notices, completed=found.notices - found.open)
            await asyncio.sleep(LOOK_S)
        return found

    def _sum_up(self, day: Day, posted: Posted, reached: Standing, took_s: float) -> None:
        screen = out()
        counted = f"{len(day.scenarios)} 人，{posted.accepted} 条事件，{reached.notices} 件告知"
        screen.print(f"{counted}，用时 {took_s:.0f} 秒（多半在等待不回执的号码超时）。", style="bold")
        if not reached.settled:
            left = f"{reached.open} 件告知、{reached.moving} 条消息仍在途，{reached.due} 人待处理"
            screen.print(f"未全部完成：{left}。网关日志的末尾：\n{self._log()}", style="red", markup=False)

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _log(self) -> str:
        return "\n".join(self._home.log.read_text(errors="replace").splitlines()[-LOG_LINES:])
