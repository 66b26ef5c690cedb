"""`tixing check`: is this configuration fit to run? Says all that is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import click
from msgspec import Struct

from gateway.cli.failures import sentence
from gateway.cli.options import config_option, loaded, run
from gateway.config import Config, ConfigError
from gateway.engines.host import DURABILITY, EngineHost
from gateway.render.catalog import Catalog
from gateway.render.errors import CatalogError
from gateway.roles.ports import Rooms
from gateway.security.cipher import Cipher
from gateway.security.keyring import Keyring
from gateway.security.opening import open_keyring
from gateway.store.migrate import missing

ANSWER_S = 10.0
"""Seconds that the store and Redis have to answer."""
FIRST_SEAL = "select chain, seq, at, entries, mac from seal where seq = 1 order by id limit 1"
LAST_EVENT = "select sealed from event where sealed is not null order by no desc limit 1"


class Finding(Struct, frozen=True):
    """One line of the result: which part, whether it is well, what to say. `ok` None: worth knowing, nothing wrong."""

    part: str
    ok: bool | None
    said: str


Check = Callable[[], Awaitable[list[Finding]]]


def command(_: Rooms) -> click.Command:
    """The command."""

    @click.command("check")
    @config_option
    def check(config: Path | None) -> None:
        """Is this configuration fit to run? Looks at the configuration, templates, providers' settings, keys, store and Redis.

        Prints everything that is wrong, not only the first, and ends with 1 then. Embedded engines are joined, or started for as long as it takes.
        """
        findings = _run(config)
        for finding in findings:
            mark = {True: click.style("ok   ", fg="green"), False: click.style("WRONG", fg="red"), None: click.style("note ", fg="yellow")}[
                finding.ok
            ]
            click.echo(f"{mark} {finding.part:<10} {finding.said}")
        wrong = sum(finding.ok is False for finding in findings)
        if wrong:
            click.echo(f"{wrong} {'things are' if wrong > 1 else 'thing is'} wrong", err=True)
            raise SystemExit(1)

    return check


def _run(path: Path | None) -> list[Finding]:
    try:
        config = loaded(path)
    except ConfigError as error:
        return [*(Finding("config", ok=False, said=problem) for problem in error.problems), *_templates()]
    providers = ", ".join(f"{name} ({section.driver})" for name, section in config.providers.items()) or "none"
    findings = [Finding("config", ok=True, said="every key is known and fits"), Finding("providers", ok=True, said=providers)]
    if not config.route:
        findings.append(Finding("routes", ok=None, said="no [[route]]: every duty goes to the outreach list"))
    return [*findings, *_templates(), *run(_live(config))]


def _templates() -> Iterator[Finding]:
    try:
        catalog = Catalog.from_folder()
    except CatalogError as error:
        yield from (Finding("templates", ok=False, said=str(one)) for one in error.errors)
        return
    yield Finding("templates", ok=True, said=f"{sum(1 for _ in catalog)} texts, {catalog_problems(catalog)} to look at")
    yield from (Finding("templates", ok=None, said=f"{one.name}: {one.what}. {one.todo}.") for one in catalog.lint())


def catalog_problems(catalog: Catalog) -> int:
    """How many texts a person should look at."""
    return len(catalog.lint())


async def _live(config: Config) -> list[Finding]:
    """What only a look at the running parts tells."""
    try:
        keyring = open_keyring(config)
        Cipher(keyring, config.security.cipher)
    except Exception as error:  # noqa: BLE001 - the edge of one check: what it is, _wrong says
        return [_wrong("keys", error)]
    ids = ", ".join(map(str, keyring.ids))
    keys = Finding(
        "keys", ok=True, said=f"fingerprint {keyring.fingerprint}; keys {ids}, {keyring.active} seals ({config.security.cipher})"
    )
    try:
        async with EngineHost(config.store.data_path, config.store.url, config.redis.url) as host:
            found = await asyncio.gather(_store(host.store_dsn, config, keyring), _redis(host.redis_url))
    except Exception as error:  # noqa: BLE001 - see above
        return [keys, _wrong("engines", error)]
    return [keys, *(finding for part in found for finding in part)]


async def _store(dsn: str, config: Config, keyring: Keyring) -> list[Finding]:
    try:
        connection = await asyncpg.connect(dsn, timeout=ANSWER_S, command_timeout=ANSWER_S)
    except Exception as error:  # noqa: BLE001 - see above
        return [_wrong("store", error)]
    try:
        version = await connection.fetchval("show server_version")
        found = [
            Finding(
                "store", ok=True, said=f"PostgreSQL {str(version).split()[0]}, {'embedded' if config.store.embedded else 'of your own'}"
            )
        ]
        found += [await _durability(connection), *await _migrations(connection, config, keyring)]
    except Exception as error:  # noqa: BLE001 - see above
        return [_wrong("store", error)]
    finally:
        await connection.close(timeout=ANSWER_S)
    return found


async def _durability(connection: asyncpg.Connection) -> Finding:
    settings = {name: str(await connection.fetchval("select current_setting($1)", name)) for name in DURABILITY}
    off = [f"{name} = {value}" for name, value in settings.items() if value not in {"on", "remote_apply", "remote_write"}]
    if off:
        return Finding("durability", ok=False, said=f"{', '.join(off)}: what was answered 202 would not survive a power cut; switch it on")
    return Finding("durability", ok=True, said=", ".join(f"{name} {value}" for name, value in settings.items()))


async def _migrations(connection: asyncpg.Connection, config: Config, keyring: Keyring) -> list[Finding]:
    lacking = await missing(connection)
    if not lacking:
        return [Finding("migrations", ok=True, said="all applied"), await _keys_fit(connection, keyring, config)]
    if config.store.embedded:
        return [Finding("migrations", ok=None, said=f"{', '.join(lacking)} will be applied at the next start")]
    return [Finding("migrations", ok=False, said=f"the store lacks {', '.join(lacking)}: run `tixing migrate`")]


async def _keys_fit(connection: asyncpg.Connection, keyring: Keyring, config: Config) -> Finding:
    """Whether these keys are the ones this store was written with: its first seal and its last event tell."""
    from gateway.evidence.chain import GENESIS, Sealer  # noqa: PLC0415 - only where there is something to compare

    sealer = Sealer(keyring.chain)
    first = await connection.fetchrow(FIRST_SEAL)
    if first is None:
        return Finding("keys", ok=True, said="the store is empty: any keys fit")
    if not sealer.same(sealer.mac(GENESIS, first["chain"], first["seq"], first["at"], first["entries"]), first["mac"]):
        return Finding(
            "keys", ok=False, said="key 1 is not the one this store was written with: bring the right keys (or: a seal was changed)"
        )
    sealed = await connection.fetchval(LAST_EVENT)
    if sealed is not None:
        try:
            Cipher(keyring, config.security.cipher).open(sealed, b"event")
        except Exception as error:  # noqa: BLE001 - see _live
            return _wrong("keys", error)
    return Finding("keys", ok=True, said="they open what the store holds")


async def _redis(url: str) -> list[Finding]:
    from redis.asyncio import Redis  # noqa: PLC0415 - beside the store's check

    try:
        if url.startswith("redis+sentinel://"):
            return [Finding("redis", ok=None, said="Sentinel: asked by the processes that use it")]
        async with Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S) as redis:
            version = (await redis.info("server"))["redis_version"]
    except Exception as error:  # noqa: BLE001 - see _live
        return [_wrong("redis", error)]
    return [Finding("redis", ok=True, said=f"Redis {version}")]


def _wrong(part: str, error: Exception) -> Finding:
    said = sentence(error)
    if said is None:
        raise error
    return Finding(part, ok=False, said=said)
