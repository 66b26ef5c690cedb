"""A suppression is overridden: one asks, another confirms, whoever may takes it back; each under the person's lock, sealed and in the audit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Ids
from gateway.store import audit, overrides, persons, seals
from gateway.store.overrides import Asked, Override
from gateway.store.pool import Connection, Pool
from gateway.store.quality_state import GIVEN_UP
from gateway.store.vault import Vault
from gateway.words import OverrideEnd, OverrideRefusal


class Act(Struct):
    """One transaction that holds the person. `fact`: the id of an override that it makes; `sealed`: what of it must be sealed."""

    connection: Connection
    at: datetime
    fact: int
    seal_id: int
    sealed: list[bytes] = []


class Overriding:
    """Asks for, confirms and withdraws overrides. `longest`: how far ahead one may end."""

    def __init__(self, pool: Pool, vault: Vault, sealer: Sealer, ids: Ids, longest: timedelta) -> None:
        self._pool, self._vault, self._sealer, self._ids, self._longest = pool, vault, sealer, ids, longest

    async def ask(self, person_id: str, contact_id: int, reason: str, until: datetime, who: str) -> int | OverrideRefusal:
        """Asks that a contact which was given up be used until then; the override's id. It changes nothing until another confirms it."""
        async with self._holding(person_id) as act:
            found = await overrides.contact(act.connection, person_id, contact_id)
            if found is None:
                return OverrideRefusal.NO_CONTACT
            key, channel, state = found
            if state not in GIVEN_UP:
                return OverrideRefusal.NOT_GIVEN_UP
            if until <= act.at:
                return OverrideRefusal.PAST
            if until > act.at + self._longest:
                return OverrideRefusal.TOO_LONG
            if await overrides.any_open(act.connection, person_id, key, act.at):
                return OverrideRefusal.OPEN
            sealed = self._vault.seal_raw(reason.encode(), overrides.SEALED_FOR)
            asked = Asked(act.fact, person_id, key, channel, contact_id, state, sealed, until, who, act.at)
            await overrides.insert(act.connection, asked, act.seal_id)
            content = [getattr(asked, name) for name in Asked.__struct_fields__]
            act.sealed.append(entry(FactKind.OVERRIDE, asked.id, self._sealer.digest(*content)))
            await audit.note(act.connection, who, "override.ask", str(asked.id))
        return asked.id

    async def confirm(self, override_id: int, who: str) -> OverrideRefusal | None:
        """Puts an override in force that another asked for, and has the person planned again. None: it took effect."""
        async with self._holding_whose(override_id) as act:
            override = await overrides.read(act.connection, override_id, act.at)
            refusal = await self._unconfirmable(act, override, who)
            if refusal is None:
                await overrides.confirm(act.connection, override, who, act.at, act.seal_id)
                await persons.plan_again(act.connection, [override.person_id], act.at)
                await audit.note(act.connection, who, "override.confirm", str(override_id))
                act.sealed.append(entry(FactKind.CONFIRMATION, override_id, self._sealer.digest(override_id, who, act.at)))
        return refusal

    async def withdraw(self, override_id: int, who: str) -> OverrideRefusal | None:
        """Takes an override back, asked for or in force. None: it took effect."""
        async with self._holding_whose(override_id) as act:
            override = await overrides.read(act.connection, override_id, act.at)
            if override.ended:
                return OverrideRefusal.ENDED
            why = OverrideEnd.WITHDRAWN
            await overrides.end(act.connection, override, who, why, act.at, act.seal_id)
            if override.confirmed:
                await persons.plan_again(act.connection, [override.person_id], act.at)
            await audit.note(act.connection, who, "override.withdraw", str(override_id))
            act.sealed.append(entry(FactKind.WITHDRAWAL, override_id, self._sealer.digest(override_id, who, act.at, why)))
        return None

    async def _unconfirmable(self, act: Act, override: Override, who: str) -> OverrideRefusal | None:
        if override.asked_by == who:
            return OverrideRefusal.SAME_OWNER
        if override.ended:
            return OverrideRefusal.ENDED if override.confirmed or override.withdrawn else OverrideRefusal.EXPIRED
        if override.confirmed:
            return OverrideRefusal.IN_FORCE
        if not await overrides.still_given_up(act.connection, override.person_id, override.key):
            return OverrideRefusal.NOT_GIVEN_UP
        return None

    @asynccontextmanager
    async def _holding(self, person_id: str) -> AsyncIterator[Act]:
        """A transaction that holds the person, with a seal over what was done in it."""
        async with self._pool.acquire() as connection:
            seal = None
            async with connection.transaction():
                await persons.lock_also_of(connection, [person_id], [])
                draw = await self._ids.draw(connection, 2)
                act = Act(connection, await connection.fetchval("select now()"), draw.take(), draw.take())
                yield act
                if act.sealed:
                    seal = self._sealer.seal(connection.chain, act.seal_id, act.at, act.sealed)
                    await seals.insert(connection, seal)
            if seal is not None:
                seal.committed(connection.chain)
            draw.done()

    @asynccontextmanager
    async def _holding_whose(self, override_id: int) -> AsyncIterator[Act]:
        """The same for the person of an override. Raises LookupError where there is none."""
        async with self._pool.acquire() as connection:
            person = await overrides.person_of(connection, override_id)
        if person is None:
            raise LookupError(override_id)
        async with self._holding(person) as act:
            yield act
