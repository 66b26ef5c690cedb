"""What `tixing serve --sample` adds: a token, a day of sample events, and on screen what to try. Chinese, for whoever looks at it first."""

import asyncio
import os
from pathlib import Path

import aiohttp
import click
from msgspec import Struct
from rich.panel import Panel
from rich.table import Table

from gateway.cli.screen import out
from gateway.cli.tokens import create_token
from gateway.config import Config
from gateway.logs import get_logger
from gateway.roles.ports import Rooms
from gateway.runtime import Runtime, open_runtime
from gateway.sample.day import sample_day
from gateway.sample.outcome import TOLD, Standing, standing
from gateway.sample.posting import NotUp, Posted, Refused, post, wait_ready
from gateway.sample.scenarios import SCENARIOS
from gateway.security.tokens import hash_of
from gateway.store.reading.tokens import FIND
from gateway.words import Scope

WINDOW_VARIABLE, ALWAYS_OPEN = "TIXING__SENDING__WINDOW", '["00:00", "24:00"]'
"""Sample people are told at night, too: nobody is woken by the sandbox."""
PERSONS = 200
TOKEN_FILE = "sample.token"  # noqa: S105 - a file's name
UP_S, SETTLE_S, LOOK_S = 120.0, 10.0, 0.5
TODAY = "select (now() at time zone $1)::date"
log = get_logger("sample")


class Loaded(Struct, frozen=True):
    """What came of the day: what the API said, how far it is, and a notice that was met."""

    posted: Posted
    reached: Standing
    told: int | None


class Kept(Struct, frozen=True):
    """The sample's token in a file beside the master keys, with their mode, so that a later start can show it again."""

    file: Path

    def read(self) -> str | None:
        """None where there is none yet."""
        return self.file.read_text().strip() if self.file.exists() else None

    def write(self, token: str) -> None:
        """Mode 0600 from its first byte on."""
        part = self.file.with_name(f"{self.file.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out_file:
            out_file.write(token + "\n")
        part.rename(self.file)


def harmless(config: Config) -> bool:
    """Whether nothing sent under this configuration can reach anybody."""
    return config.store.embedded and all(section.driver == "sandbox" for section in config.providers.values())


def address(config: Config) -> str:
    """Where the API is, for somebody on this machine."""
    host = "127.0.0.1" if config.server.host in {"0.0.0.0", "::"} else config.server.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{config.server.port}"


async def show(config: Config, rooms: Rooms, window: tuple[str, str]) -> None:
    """Waits for the API, loads the day, says what to try. What goes wrong is said; the gateway runs on."""
    try:
        await wait_ready(address(config), UP_S)
        async with open_runtime(config, rooms.dates, "sample", connections=2) as runtime:
            token = await _token(runtime, Kept(config.store.data_path / TOKEN_FILE))
            today = await runtime.reading.fetchval(TODAY, config.sending.timezone)
            day = sample_day(today, PERSONS, rooms.calendar.add_months, SCENARIOS)
            posted = await post(address(config), token, day.events)
            reached = await _reached(runtime)
            told = await runtime.reading.fetchval(TOLD)
        _print(config, window, token, Loaded(posted, reached, told))
    except (NotUp, Refused, aiohttp.ClientError, OSError, click.ClickException) as error:
        log.exception("sample_not_loaded", error=type(error).__name__)
        out().print(f"示例数据未能载入：{error}（网关仍在运行，原因见上方日志）", style="red", markup=False)


async def _token(runtime: Runtime, kept: "Kept") -> str:
    """The token of earlier starts while it is good, or a new one."""
    known = kept.read()
    if known is not None and await runtime.reading.fetchrow(FIND, hash_of(known)) is not None:
        return known
    taken = {row[0] for row in await runtime.reading.fetch("select name from token")}
    name = next(name for number in range(1, len(taken) + 2) if (name := f"sample-{number}") not in taken)
    made = await create_token(runtime, name, tuple(str(scope) for scope in Scope))
    kept.write(made)
    return made


async def _reached(runtime: Runtime) -> Standing:
    """How far the day is once it is settled, or after some seconds: what waits for a receipt waits for days."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_S
    while True:
        found = await standing(runtime.reading)
        if found.settled or loop.time() > until:
            return found
        await asyncio.sleep(LOOK_S)


def _print(config: Config, window: tuple[str, str], token: str, loaded: Loaded) -> None:
    screen, url, posted, reached = out(), address(config), loaded.posted, loaded.reached
    facts = Table.grid(padding=(0, 2))
    events = f"接收 {posted.accepted} 条事件" + (f"，{posted.duplicate} 条此前已载入" if posted.duplicate else "")
    facts.add_row("接口地址", url)
    facts.add_row("访问令牌", f"权限 {' '.join(Scope)}，保存在 {config.store.data_path / TOKEN_FILE}")
    facts.add_row("示例数据", f"今天的一天：{events}；产生告知 {reached.notices} 件，已有结果 {reached.notices - reached.open} 件")
    facts.add_row("发送时段", f"示例模式全天发送（配置为 {window[0]}–{window[1]}）；只走沙箱，不会联系任何人")
    facts.add_row("接口文档", f"{url}/openapi.json；使用说明见 README.zh-CN.md 与 docs/")
    screen.print(Panel(facts, title="提醒 Tixing 已启动（示例模式）", expand=False))
    ask = 'curl -H "Authorization: Bearer $TOKEN"'
    screen.print("在另一个终端里试一试：", style="bold")
    for line in (
        f"TOKEN={token}",
        "# 未认证名单（CSV，可用表格软件打开）",
        f'{ask} "{url}/v1/uncertified?format=csv"',
        "# 一件告知的全过程：依据、短信、回执",
        f'{ask} "{url}/v1/notices/{loaded.told or ""}"',
        "# 短信微信都未告知到、需要人工联系的名单",
        f'{ask} "{url}/v1/outreach?limit=5"',
    ):
        screen.print(line, soft_wrap=True, markup=False, style="dim" if line.startswith("#") else "")
    screen.print("按 Ctrl-C 停止；数据保留，下次启动接着用。", style="bold")
