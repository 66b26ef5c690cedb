"""What every role shares, opened from the configuration: engines, keys, store, texts, rules. The composition root's toolbox."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import asyncpg

from gateway.config import Config
from gateway.dispatch.ports import RenderFailed
from gateway.engines.host import EngineHost
from gateway.evidence.chain import Sealer
from gateway.ids import Ids
from gateway.intake.check import Addresses, Checker, Refused
from gateway.logs import get_logger
from gateway.numbers import AddressRefused, address, looks_like_identity_number, mask_name
from gateway.pipeline.planning import DrawnIds, Planning
from gateway.pipeline.write import Writer
from gateway.plan.ports import Cycle, Rules, Settings
from gateway.quality.model import PRIOR, Model, start_of
from gateway.regions import Regions
from gateway.render.catalog import Catalog
from gateway.render.errors import RenderError
from gateway.render.select import choose, requested
from gateway.render.text import render, segments
from gateway.render.values import FOR_REQUESTED, chinese_date, chinese_month, insurance_name
from gateway.security.blind import Blind
from gateway.security.cipher import Cipher
from gateway.security.errors import KeyringError
from gateway.security.keyring import Keyring
from gateway.security.opening import open_keyring
from gateway.store import settings, templates
from gateway.store.migrate import migrate, missing
from gateway.store.pool import Pool, open_pool, open_reading
from gateway.store.vault import Vault
from gateway.words import ContactSource, Insurance


class Dates(Protocol):
    """The pure dates of scheduler/calendar.py, handed in by the composition root: gateway does not import scheduler."""

    def cycle(self, start: date, reminder_month: int = 10, lapse_month: int = 13) -> Cycle:
        """The cycle that begins on `start`."""

    def cycle_from_deadline(self, deadline: date, reminder_month: int = 10, lapse_month: int = 13) -> Cycle:
        """The cycle that ends on `deadline`."""

    def cycle_start(self, certified_on: date | None, benefit_started_on: date | None) -> date | None:
        """The day the cycle counts from."""

    def last_day_to_object(self, suspended_on: date) -> date:
        """Three months on [26]."""

    def outreach_latest(self, deadline: date) -> date:
        """Sixty days before."""

    def long_terminated_follow_up(self, terminated_on: date) -> date:
        """A year on [32]."""

    def next_open(self, at: datetime, window: tuple[str, str], tz: ZoneInfo) -> datetime:
        """When the window opens next."""

    def is_open(self, at: datetime, window: tuple[str, str], tz: ZoneInfo) -> bool:
        """Whether the window is open."""


P = TypeVar("P", Pool, asyncpg.Pool)
log = get_logger(__name__)
READING = 4
"""Connections of the reading side."""


class UnknownVersion(Exception):
    """A template version that this process has not read yet."""


class NotMigrated(Exception):
    """The store lacks migrations of this version."""


@dataclass(frozen=True)
class Runtime:
    """Opened parts. `name` tells this process from others on record."""

    config: Config
    dates: Dates
    host: EngineHost
    pool: Pool
    """Of the stages: plans by index."""
    reading: asyncpg.Pool
    """Of lists and gauges: the planner chooses."""
    keyring: Keyring
    cipher: Cipher
    blind: Blind
    vault: Vault
    sealer: Sealer
    ids: Ids
    catalog: Catalog
    regions: Regions
    checker: Checker
    planning: Planning
    writer: Writer
    name: str

    def render(self, template: str, version: str, values: Mapping[str, str]) -> tuple[str, int]:
        """Text and segments of a pinned version.

        Raises:
            RenderFailed: No text can be made from these values.
            UnknownVersion: Another process published this version; `refresh_texts` brings it here.

        """
        pinned = self.catalog.pinned(template, version)
        if pinned is None:
            raise UnknownVersion(f"{template} {version}")
        try:
            text = render(pinned, values)
        except RenderError as error:
            raise RenderFailed(str(error)) from error
        return text, segments(text)

    async def refresh_texts(self) -> None:
        """Takes in the versions that other processes published."""
        async with self.pool.acquire() as connection:
            learn_texts(self.catalog, await templates.kept(connection))

    def window_open(self) -> bool:
        """Whether messages may leave now."""
        zone = ZoneInfo(self.config.sending.timezone)
        return self.dates.is_open(datetime.now(zone), self.config.sending.window, zone)


@asynccontextmanager
async def open_runtime(config: Config, dates: Dates, role: str, *, connections: int = 8, migrating: bool = True) -> AsyncIterator[Runtime]:
    """Opens engines and store, brings embedded ones up to date, and closes all in the end.

    Raises:
        EngineError, KeyringError, CatalogError, NotMigrated, OSError, asyncpg.PostgresError: What is wrong, in words for the operator.

    """
    keyring = open_keyring(config)
    catalog = Catalog.from_folder()
    async with EngineHost(config.store.data_path, config.store.url, config.redis.url) as host:
        if migrating and config.store.embedded:
            await migrate(host.store_dsn)
        async with (
            _closing(await open_pool(host.store_dsn, connections, role)) as pool,
            _closing(await open_reading(host.store_dsn, READING, role)) as reading,
        ):
            yield await _assemble(config, dates, host, (pool, reading), keyring, catalog, role)


@asynccontextmanager
async def _closing(pool: P) -> AsyncIterator[P]:
    """Closes it in the end; a store that died just now hears no goodbye, and that spoils nobody's end."""
    try:
        yield pool
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await pool.close()


async def _assemble(
    config: Config, dates: Dates, host: EngineHost, pools: tuple[Pool, asyncpg.Pool], keyring: Keyring, catalog: Catalog, role: str
) -> Runtime:
    pool, reading = pools
    async with pool.acquire() as connection:
        if names := await missing(connection):
            raise NotMigrated(f"the store lacks {', '.join(names)}: run `tixing migrate`")
        if await settings.remembered(connection, "keys", keyring.fingerprint) != keyring.fingerprint:
            raise KeyringError(
                "these are not the keys that this store was begun with: bring the right ones (security.keys, or data_dir/keys)"
            )
        await templates.keep(connection, [(t.name, t.version, t.source) for t in catalog])
        learn_texts(catalog, await templates.kept(connection))
    cipher = Cipher(keyring, config.security.cipher)
    blind = Blind(keyring.lookup)
    vault, sealer, regions = Vault(cipher), Sealer(keyring.chain), Regions.load()
    drawn = DrawnIds()
    rules = Rules(_Calendar(config, dates), _Texts(config, catalog, regions), drawn, _settings(config))
    checker = Checker(Addresses(_normalise, blind.key, regions.exists, looks_like_identity_number, keyring.lookup))
    writer = Writer(vault, sealer, lambda name: catalog.current(name).version)
    name = f"{role}@{socket.gethostname()}:{os.getpid()}"
    return Runtime(
        config,
        dates,
        host,
        pool,
        reading,
        keyring,
        cipher,
        blind,
        vault,
        sealer,
        Ids(),
        catalog,
        regions,
        checker,
        Planning(rules, drawn),
        writer,
        name,
    )


def learn_texts(catalog: Catalog, kept: Sequence[tuple[str, str]]) -> None:
    """Takes in (name, source); one that cannot be read any more is logged and left: it must not keep the others away."""
    for name, source in kept:
        try:
            catalog.add(name, source)
        except RenderError as error:
            log.warning("template_version_unreadable", template=name, error=str(error))


def _normalise(channel: str, raw: str) -> str:
    try:
        return address(channel, raw)
    except AddressRefused as refused:
        raise Refused(refused.code, refused.detail) from None


def _settings(config: Config) -> Settings:
    routed = {route.channel for route in config.route}
    return Settings(
        ladder=tuple(rung for rung in config.ladder.rungs if rung[1] in routed),
        channels=frozenset(routed),
        catch_up_days=config.cycle.catch_up_days,
        validity_hours=int(config.sending.validity_hours),
        lapse_means_suspended=config.cycle.lapse_means_suspended,
        start_scores=_start_scores(PRIOR),
        cost=config.ladder.cost,
        probe_after_days=config.quality.probe_after_days,
        beside_doubtful=frozenset(config.ladder.beside_doubtful),
    )


def _start_scores(model: Model) -> dict[tuple[ContactSource, bool], float]:
    """How likely a message reaches the person where only the source of the number is known: it is theirs, and not off for long."""
    on = model.rates.on / (model.rates.on + model.rates.off)
    return {
        (source, verified): model.starts[start_of(source, verified=verified)].mine * on
        for source in ContactSource
        for verified in (True, False)
    }


class _Calendar:
    """The dates of the procedure with the configured months and window."""

    def __init__(self, config: Config, dates: Dates) -> None:
        reminder, lapse = config.cycle.reminder_month, config.cycle.lapse_month
        self.cycle: Callable[[date], Cycle] = partial(dates.cycle, reminder_month=reminder, lapse_month=lapse)
        self.cycle_from_deadline: Callable[[date], Cycle] = partial(dates.cycle_from_deadline, reminder_month=reminder, lapse_month=lapse)
        self.cycle_start = dates.cycle_start
        self.last_day_to_object = dates.last_day_to_object
        self.outreach_latest = dates.outreach_latest
        self.long_terminated_follow_up = dates.long_terminated_follow_up
        self.next_open: Callable[[datetime], datetime] = partial(
            dates.next_open, window=config.sending.window, tz=ZoneInfo(config.sending.timezone)
        )


class _Texts:
    """Names of texts and the words they are filled with, as plan asks for them."""

    def __init__(self, config: Config, catalog: Catalog, regions: Regions) -> None:
        self.choose = choose
        self.requested = requested
        self.exists = catalog.has
        self._catalog = catalog
        self.mask_name = mask_name
        self.signature = config.signatures.for_region
        self.home: Callable[[str], str] = lru_cache(4096)(lambda code: regions.name(code) if regions.exists(code) else "参保地")
        self.chinese_date = chinese_date
        self.chinese_month = chinese_month

    def problems(self, name: str, params: Mapping[str, str]) -> Sequence[str]:
        """What keeps a requested text from being made of these parameters."""
        return self._catalog.current(name).problems({key: value for key, value in params.items() if key not in FOR_REQUESTED})

    @staticmethod
    def insurance_name(insurances: tuple[Insurance, ...]) -> str:
        """What a text calls these benefits."""
        return insurance_name(insurances)
