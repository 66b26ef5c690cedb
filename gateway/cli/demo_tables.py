"""The tables that `tixing demo` prints, in Chinese: what the notices came to, how messages ended, each scenario, and who is left to people."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from rich.console import Console

from gateway.api.chinese import said
from gateway.cli.screen import table
from gateway.sample.outcome import BY_CHANNEL, BY_KIND, OUTREACH, Share, scenarios
from gateway.store.reading.reader import Reader, Rows

CAUSES = {
    "lapsed": "认证超期",
    "not_certified": "未认证",
    "payment_failed": "发放失败",
    "death": "死亡",
    "missing": "失踪",
    "imprisoned": "服刑",
    "other": "其他",
}


class Tables(Struct, frozen=True):
    """What the store said in the end."""

    notices: Rows
    messages: Rows
    outreach: Rows
    scenarios: Mapping[str, Share]


async def read(reader: Reader, scenario_of: Mapping[str, str]) -> Tables:
    """Reads all of it."""
    return Tables(
        await reader.fetch(BY_KIND), await reader.fetch(BY_CHANNEL), await reader.fetch(OUTREACH), await scenarios(reader, scenario_of)
    )


def show(screen: Console, tables: Tables) -> None:
    """Prints all of it."""
    _scenarios(screen, tables.scenarios)
    _counted(
        screen,
        "告知",
        ("种类", "原因", "结果", "说明"),
        [(said(k), CAUSES.get(c, c), said(s), said(r), n) for k, c, s, r, n in tables.notices],
    )
    _messages(screen, tables.messages)
    _counted(screen, "需要人工告知的名单", ("种类", "原因"), [(said(kind), said(why), n) for kind, why, n in tables.outreach])


def _scenarios(screen: Console, shares: Mapping[str, Share]) -> None:
    shown = table("情形", "人数", "发出", "结果", "转人工", title="各种情形", numbers=("人数", "发出", "转人工"))
    for name, share in shares.items():
        results = "，".join(f"{said(status) if status != 'none' else '无需告知'} {n}" for status, n in share.statuses.items())
        shown.add_row(name, str(share.persons), str(share.messages), results, str(share.outreach or ""))
    screen.print(shown)


def _messages(screen: Console, rows: Rows) -> None:
    shown = table("渠道", "服务商", "状态", "原因", "条数", "计费条数", title="消息", numbers=("条数", "计费条数"))
    for channel, provider, status, reason, n, segments in rows:
        shown.add_row(said(channel), provider, said(status), said(reason), str(n), str(segments or 0))
    shown.add_section()
    shown.add_row("合计", "", "", "", str(sum(row[4] for row in rows)), str(sum(row[5] or 0 for row in rows)))
    screen.print(shown)


def _counted(screen: Console, title: str, headers: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    shown = table(*headers, "件数", title=title, numbers=("件数",))
    for row in rows:
        shown.add_row(*map(str, row))
    screen.print(shown)
