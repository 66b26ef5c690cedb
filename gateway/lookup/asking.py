"""numbers → what carriers' services say of them: remembered per number, rate limited, on record as evidence.

A number is asked about where the last answer has expired; what is said of it the learner reads. Services are asked in the order of the configuration, a later one for what those
before it do not know. No transaction is open while a service is asked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from gateway.config import Config
from gateway.logs import get_logger
from gateway.lookup import drivers
from gateway.lookup.port import Found, Lookup, LookupFailed, LookupState
from gateway.store import lookups, unlearned
from gateway.store.lookups import Answered
from gateway.store.pool import Pool

UNKNOWN_FOR = timedelta(days=1)
"""How long a service that does not know a number is not asked about it again."""
NOT_KNOWN = Found(LookupState.UNKNOWN)
MOBILE = "+861"
"""How mainland mobile numbers begin: services know no others."""
log = get_logger("lookup")


class Tokens(Protocol):
    """Rate buckets that all processes share (gateway/dispatch/tokens.py fits)."""

    async def take(self, provider: str, rate_per_s: float, count: int) -> int:
        """How many of `count` may be asked now."""


class Service(Struct, frozen=True):
    """A configured service."""

    name: str
    lookup: Lookup
    rate_per_s: float
    batch_size: int
    valid: timedelta


def services_of(config: Config) -> list[Service]:
    """The services of a configuration, in its order."""
    return [
        Service(name, drivers.build(one.settings(name)), one.rate_per_s, one.batch_size, timedelta(days=one.valid_days))
        for name, one in config.lookup.items()
    ]


class Looked(Struct, frozen=True):
    """What came of asking: the latest word on each number that has one, which of them were said only now, and whether a service failed."""

    words: Mapping[bytes, Answered]
    new: Sequence[Answered]
    failed: bool = False


class Lookups:
    """Asks. Any number of processes may; one that asks about the same number at the same moment pays twice, and nothing else happens."""

    def __init__(self, pool: Pool, tokens: Tokens, services: Sequence[Service]) -> None:
        self._pool, self._tokens, self._services = pool, tokens, services

    async def open(self) -> None:
        """Opens the services."""
        for service in self._services:
            await service.lookup.open()

    async def close(self) -> None:
        """Closes them."""
        for service in self._services:
            await service.lookup.close()

    async def ask(self, numbers: Mapping[bytes, str], now: datetime) -> Looked:
        """About mainland mobile numbers, address by key; others are left out. What the rate leaves unasked has no word: come again later."""
        wanted = {key: address for key, address in numbers.items() if address.startswith(MOBILE)}
        words: dict[bytes, Answered] = {}
        new: list[Answered] = []
        failed = False
        for service in self._services:
            missing = {key: address for key, address in wanted.items() if key not in words or words[key].state == LookupState.UNKNOWN}
            if not missing:
                break
            async with self._pool.acquire() as connection:
                known = await lookups.valid(connection, service.name, list(missing), now)
            said, silent = await self._ask(service, {key: address for key, address in missing.items() if key not in known}, now)
            words |= known | {one.key: one for one in said}
            new += said
            failed |= silent
        return Looked(words, new, failed)

    async def _ask(self, service: Service, numbers: Mapping[bytes, str], now: datetime) -> tuple[list[Answered], bool]:
        """What it says, and whether it failed before it had said all."""
        may = await self._tokens.take(f"lookup:{service.name}", service.rate_per_s, len(numbers)) if numbers else 0
        asked = list(numbers.items())[:may]
        said: list[Answered] = []
        for start in range(0, len(asked), service.batch_size):
            batch = dict(asked[start : start + service.batch_size])
            try:
                found = await service.lookup.ask(list(batch.values()))
            except LookupFailed as failed:
                log.warning("lookup_failed", service=service.name, numbers=len(asked) - start, detail=str(failed))
                return said, True
            said += await self._keep(service, batch, found, now)
        return said, False

    async def _keep(self, service: Service, batch: Mapping[bytes, str], found: Mapping[str, Found], now: datetime) -> list[Answered]:
        said = [_answered(service, key, found.get(address, NOT_KNOWN), now) for key, address in batch.items()]
        async with self._pool.acquire() as connection, connection.transaction():
            await lookups.record(connection, said)
            await unlearned.put(connection, [one.key for one in said if one.state != LookupState.UNKNOWN])
        return said


def _answered(service: Service, key: bytes, found: Found, now: datetime) -> Answered:
    lasts = UNKNOWN_FOR if found.state is LookupState.UNKNOWN else service.valid
    return Answered(key, service.name, found.state, found.carrier, now, now + lasts)
