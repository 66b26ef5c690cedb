"""Scans for what is due: for good, by the planner; or only to see, where what plan decides is counted and never written."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import click
from msgspec import Struct, field

from gateway.api.chinese import said
from gateway.cli.screen import out, table
from gateway.ids import BLOCK, Draw, Ids
from gateway.model import Notice, Person
from gateway.pipeline.planner import Planner
from gateway.pipeline.write import Written
from gateway.plan.state import State
from gateway.regions import Regions
from gateway.runtime import Runtime
from gateway.store import notices, persons
from gateway.words import NoticeStatus

A_SET = 500
NOON = time(12)

WAITING = "select count(*) from person where plan_due <= $1"
NEXT = "select id from person where plan_due <= $1 and id > $2 order by id limit $3"
CLOCK = "select clock_timestamp()"


class Unwritten(Ids):
    """Ids for what is never written: the store is not asked for any."""

    def block(self) -> range:
        """The same ones every time."""
        return range(1, BLOCK)


class Tally(Struct):
    """What a scan came to. `notices`: by kind, cause, status and reason; `places`: by kind, cause and region, those that lead to a message."""

    persons: int = 0
    pending: int = 0
    messages: int = 0
    outreach: int = 0
    notices: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    places: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, made: Iterable[Notice], regions: dict[str, str]) -> None:
        """Counts notices; `regions`: person id → region."""
        for notice in made:
            self.notices[notice.kind, notice.cause, notice.status, notice.reason or ""] += 1
            if notice.status is NoticeStatus.IN_PROGRESS:
                self.places[notice.kind, notice.cause, regions.get(notice.person_id, "")] += 1


async def waiting(runtime: Runtime, as_of: date | None) -> int:
    """How many persons are due."""
    count: int = await runtime.reading.fetchval(WAITING, await _moment(runtime, as_of))
    return count


async def plan(runtime: Runtime) -> AsyncIterator[Tally]:
    """Plans until nobody is due; yields how far it is after each set."""
    tally = Tally()
    written: list[Written] = []

    async def committed(one: Written) -> None:
        written.append(one)

    parts = runtime.pool, runtime.vault, runtime.sealer, runtime.ids, runtime.writer, runtime.planning, runtime.checker
    planner = Planner(*parts, runtime.config.sending.timezone, committed)
    while (planned := await planner(A_SET)).persons:
        tally.persons += planned.persons
        for one in written:
            tally.add(one.notices, {})
            tally.messages += len(one.drafts)
        written.clear()
        yield tally
    yield tally


async def _moment(runtime: Runtime, as_of: date | None) -> datetime:
    """Now by the store's clock, or noon of a day."""
    if as_of is not None:
        return datetime.combine(as_of, NOON, ZoneInfo(runtime.config.sending.timezone))
    now: datetime = await runtime.reading.fetchval(CLOCK)
    return now


async def foresee(runtime: Runtime, as_of: date | None) -> AsyncIterator[Tally]:
    """Plans everybody who is due and writes nothing."""
    now = await _moment(runtime, as_of)
    tally, after = Tally(), ""
    while ids := [row[0] for row in await runtime.reading.fetch(NEXT, now, after, A_SET)]:
        await _foresee_set(runtime, ids, now, tally)
        after = ids[-1]
        yield tally
    yield tally


async def _foresee_set(runtime: Runtime, ids: list[str], now: datetime, tally: Tally) -> None:
    async with runtime.pool.acquire() as connection, connection.transaction():  # its locks are all that it ever holds
        known = await persons.lock(connection, ids, runtime.vault)
        contacts = await persons.contacts(connection, ids, runtime.vault)
        duties = await notices.of_persons(connection, ids, runtime.vault)
    for ident, person in known.items():
        _foresee(runtime, State(person, tuple(contacts.get(ident, ())), tuple(duties.get(ident, ()))), now, tally)


def _foresee(runtime: Runtime, state: State, now: datetime, tally: Tally) -> None:
    today = now.astimezone(ZoneInfo(runtime.config.sending.timezone)).date()
    changes = runtime.planning.plan(state, (), now, today, Draw(Unwritten()))
    person: Person = state.person
    started = [notice for notice in state.notices if notice.id in changes.started]
    tally.persons += 1
    tally.pending += person.pending
    tally.messages += len(changes.drafts)
    tally.outreach += len(changes.outreach)
    tally.add(changes.notices, {person.id: person.region})
    for notice in started:
        tally.notices[notice.kind, notice.cause, NoticeStatus.IN_PROGRESS, ""] += 1
        tally.places[notice.kind, notice.cause, person.region] += 1


def show(tally: Tally, regions: Regions, *, dry_run: bool) -> None:
    """Prints what it came to."""
    screen = out()
    shown = table("kind", "cause", "status", "reason", "notices", numbers=("notices",))
    for (kind, cause, status, reason), count in sorted(tally.notices.items()):
        shown.add_row(f"{kind} {said(kind)}", cause, f"{status} {said(status)}", reason, str(count))
    if tally.notices:
        screen.print(shown)
    if dry_run and tally.places:
        by_place = table("region", "", "kind", "cause", "to send", numbers=("to send",))
        for (kind, cause, region), count in sorted(tally.places.items(), key=lambda item: (item[0][2], item[0])):
            by_place.add_row(
                region or "-", regions.name(region) if regions.exists(region) else "", f"{kind} {said(kind)}", cause, str(count)
            )
        screen.print(by_place)
    if tally.pending:
        click.echo(f"{tally.pending} persons have accepted events that were not planned yet; what these say is not in the figures")
    did = "would be planned, nothing was written" if dry_run else "planned"
    outreach = f", {tally.outreach} rows for people to tell" if dry_run else ""
    click.echo(f"{tally.persons} persons {did}: {sum(tally.notices.values())} notices, {tally.messages} messages{outreach}")
