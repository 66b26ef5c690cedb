"""`tixing codes`: vendors' codes that no table knows, and what they mean."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.cli.options import config_option, loaded, run, who
from gateway.cli.screen import out, table
from gateway.config import Config
from gateway.roles.ports import Rooms
from gateway.store import audit, codes
from gateway.words import Fault, Outcome, Reason
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import SAYABLE, ReportMeaning
from providers.base.ruling import BLAME, UNTOLD
from providers.base.words import RetryClass

SAYS = [str(status) for status in sorted(SAYABLE)]
OUTCOMES = [str(outcome) for outcome in Outcome if outcome is not Outcome.NOTHING_LEFT]
REASONS = [str(reason) for reason in BLAME if reason is not Reason.UNMAPPED]
STAGES = click.Choice([codes.ANSWER, codes.REPORT])


def command(rooms: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("codes", invoke_without_command=True)
    @click.pass_context
    @config_option
    def group(context: click.Context, config: Path | None) -> None:
        r"""List the vendors' codes that no table knows, and map them while the gateway runs.

        A message with such a code is never taken for failed by itself. Once the code is mapped, all processes use the meaning within seconds, and the
        messages it was said of are read again. What the configuration says of a code ([providers.NAME.codes], .receipt_codes) comes first.

        \b
        tixing codes
        tixing codes map acme MK:0001 --status undelivered --reason unreachable
        tixing codes map acme MK:0002 --status undelivered --reason unreachable --ambiguous
        tixing codes map acme 3017 --outcome refused --reason number_absent --permanent
        tixing codes unmap acme MK:0001
        """
        if context.invoked_subcommand is None:
            run(_show(loaded(config), rooms))

    @group.command("map")
    @click.argument("provider")
    @click.argument("code")
    @click.option("--status", type=click.Choice(SAYS), help="The code stands in reports, and says this of the message.")
    @click.option("--outcome", type=click.Choice(OUTCOMES), help="The code stands in answers to a send, and means this.")
    @click.option("--reason", type=click.Choice(REASONS), help="Why; needed unless it was taken or delivered.")
    @click.option("--fault", type=click.Choice([str(fault) for fault in Fault]), help="Whose.  [default: as the reason says]")
    @click.option("--permanent/--passing", default=None, help="Whether it stays so.  [default: as the reason says]")
    @click.option("--ambiguous", is_flag=True, help="Nobody can tell whether it stays so: vacant, suspended, switched off, in one code.")
    @click.option("--retry", type=click.Choice([str(one) for one in RetryClass]), help="With --outcome: what to do with the message now.")
    @config_option
    def map_(provider: str, code: str, config: Path | None, **said: Any) -> None:
        """Say what a code means. Messages it was said of are read again within seconds, where the gateway runs."""
        settings = loaded(config)
        if provider not in settings.providers:
            raise click.BadParameter(f"no provider of that name is configured: {', '.join(settings.providers)}", param_hint="PROVIDER")
        stage, meaning = _meaning(said)
        waiting = run(_map(settings, rooms, (provider, stage, code), meaning))
        click.echo(f"{provider} {code} ({stage}) is mapped; {waiting} messages are read again while the gateway runs", err=True)

    @group.command("unmap")
    @click.argument("provider")
    @click.argument("code")
    @click.option("--stage", type=STAGES, help="Only what it means there.  [default: both]")
    @config_option
    def unmap(provider: str, code: str, stage: str | None, config: Path | None) -> None:
        """Take a mapping back. What it moved stays: statuses only move forward."""
        run(_unmap(loaded(config), rooms, provider, code, stage))
        click.echo(f"{provider} {code} is not mapped any more", err=True)

    return group


def _meaning(said: dict[str, Any]) -> tuple[str, AnswerMeaning | ReportMeaning]:
    """Raises UsageError where it cannot be."""
    if (said["status"] is None) == (said["outcome"] is None):
        raise click.UsageError("give --status for a code of reports, or --outcome for a code of answers")
    stage = codes.REPORT if said["status"] is not None else codes.ANSWER
    if stage == codes.REPORT and said["retry"] is not None:
        raise click.UsageError("--retry goes with --outcome: a report comes when the message has left")
    ambiguous = said.pop("ambiguous")
    if ambiguous and said["permanent"] is not None:
        raise click.UsageError("--ambiguous says that nobody can tell whether it is --permanent or --passing: give one of the three")
    given = {key: value for key, value in said.items() if value is not None} | ({"permanent": UNTOLD} if ambiguous else {})
    try:
        if stage == codes.REPORT:
            report = msgspec.convert(given, ReportMeaning)
            report.told()
            return stage, report
        answer = msgspec.convert(given, AnswerMeaning)
        answer.ruling()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return stage, answer


async def _show(settings: Config, rooms: Rooms) -> None:
    from gateway.runtime import open_runtime  # noqa: PLC0415 - not for --help

    shown = table("provider", "code", "stage", "seen", "first", "last", "wait", "the vendor's words", "means")
    async with open_runtime(settings, rooms.dates, "codes", connections=1) as runtime, runtime.reading.acquire() as connection:
        for row in await codes.every(connection):
            seen = str(row.seen), f"{row.first_at:%Y-%m-%d %H:%M}", f"{row.last_at:%Y-%m-%d %H:%M}", str(row.waiting)
            words = runtime.vault.open_example(row.example)
            shown.add_row(row.provider, row.code or "(none)", row.stage, *seen, words, _said(row.meaning))
    out().print(shown)


async def _map(settings: Config, rooms: Rooms, code: tuple[str, str, str], meaning: AnswerMeaning | ReportMeaning) -> int:
    from gateway.runtime import open_runtime  # noqa: PLC0415 - see above

    async with open_runtime(settings, rooms.dates, "codes", connections=1) as runtime, runtime.pool.acquire() as connection:
        async with connection.transaction():
            await codes.put(connection, *code, meaning, who())
            await audit.note(connection, who(), "code.map", f"{' '.join(code)} {msgspec.json.encode(meaning).decode()}")
        return sum(row.waiting for row in await codes.every(connection) if (row.provider, row.stage, row.code) == code)


async def _unmap(settings: Config, rooms: Rooms, provider: str, code: str, stage: str | None) -> None:
    from gateway.runtime import open_runtime  # noqa: PLC0415 - see above

    async with (
        open_runtime(settings, rooms.dates, "codes", connections=1) as runtime,
        runtime.pool.acquire() as connection,
        connection.transaction(),
    ):
        stages = await codes.remove(connection, provider, code, stage)
        if not stages:
            raise click.ClickException(f"{provider} {code} is not mapped: `tixing codes` shows what is")
        await audit.note(connection, who(), "code.unmap", f"{provider} {'+'.join(sorted(stages))} {code}")


def _said(meaning: str | None) -> str:
    if meaning is None:
        return "-"
    said = msgspec.json.decode(meaning)
    words = [str(said[key]) for key in ("status", "outcome", "reason", "retry") if said.get(key)]
    return " ".join([*words, "ambiguous"] if said.get("permanent") == UNTOLD else words)
