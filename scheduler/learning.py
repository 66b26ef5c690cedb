"""The learner: works out what is believed of numbers that something came of, and in between walks over all contacts, for beliefs fade and models change.

It runs beside the chores of the acting scheduler, so there is one. Sending goes first: while messages leave or much comes in, numbers wait, for minutes at
most; and then it takes a fifth of the time only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import asyncpg
from msgspec import structs

from gateway.logs import account, get_logger
from gateway.pipeline import models
from gateway.pipeline.believing import Lens, Worked, believe, lens
from gateway.pipeline.poison import poisoned
from gateway.store import beliefs, claims, inbox, learning, quality_models, unlearned
from gateway.store.learning import Walk
from gateway.store.pool import Connection, Pool, Queries

AFTER_S = 1.0
"""Seconds that a number waits, for what else comes of it."""
AT_LATEST_S = 600.0
"""Seconds after which it is looked at however busy the gateway is: no plan is made by beliefs much older than that."""
BUSY_S, BUSY_FROM = 2.0, 100
"""Busy: so many numbers had news within so many seconds."""
AT_ONCE = 500
"""Notes that are taken in one transaction."""
REFUSED_S = 600.0
"""Seconds after which a number is tried again that the store refused: asked each second for ever, it would fill the log and the store with nothing else."""
CONTACTS_AT_ONCE = 1000
"""Contacts that one step of the walk looks at, in a transaction."""
ASIDE = 4.0
"""While the gateway is busy, so many times as long as it works it rests."""
A_TURN_S = 10.0
"""Seconds that it goes on before it looks again what is most needed."""
SIDE_BY_SIDE, STEPS = 3, 8
"""So many steps of the walk go on at the same time, for one waits for the store while the other counts; after so many it is noted how far it came."""
log = get_logger("learner")


class Learning:
    """At most one turn at a time."""

    every_s = 1.0

    def __init__(self, pool: Pool, refresh: timedelta) -> None:
        self._pool, self._refresh = pool, refresh
        self._lens: Lens | None = None
        self._newest = 0
        self._caught_up = time.monotonic()
        """When nothing waited last, or this process began."""
        self._turn: asyncio.Task[None] | None = None

    async def __call__(self, connection: Queries) -> None:
        """Begins a turn where there is something to learn."""
        if self._turn is not None:
            return
        async with self._pool.acquire() as own:
            busy = await self._busy(own)
            late = time.monotonic() - self._caught_up > AT_LATEST_S
            waiting = (late or not busy) and await unlearned.waiting(own, AFTER_S)
        if waiting:
            self._turn = asyncio.create_task(self._go(self._news, busy=busy), name="numbers are learned")
        elif not busy and await self._walk_due(connection) is not None:
            self._turn = asyncio.create_task(self._go(self.walk, busy=False), name="contacts are walked over")

    async def stop(self) -> None:
        """Cuts a turn off: what it has not committed is taken up again."""
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.wait([self._turn])
            self._turn = None

    async def _go(self, step: Callable[[], Awaitable[Worked | None]], *, busy: bool) -> None:
        """Steps until there is nothing left, the turn is over or the gateway got busy."""
        try:
            until, done = time.monotonic() + A_TURN_S, Worked()
            while time.monotonic() < until:
                began = time.monotonic()
                worked = await step()
                if worked is None:
                    break
                done = done.and_(worked)
                if busy:
                    await asyncio.sleep(ASIDE * (time.monotonic() - began))
                else:
                    async with self._pool.acquire() as connection:
                        if await self._busy(connection):
                            break
            if done.written:
                log.info("learned", pairs=done.pairs, written=done.written, changed=done.changed)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("not_learned", **account(error))
        except Exception as error:  # noqa: BLE001 - an edge: whatever it is, the chores go on, and so does the learner
            log.error("learner_broken", **account(error))
        finally:
            self._turn = None

    async def _news(self) -> Worked | None:
        async with self._pool.acquire() as connection, connection.transaction():
            keys = await unlearned.take(connection, AT_ONCE, AFTER_S)
            if keys:
                return await _believe(connection, keys, await self._through(connection))
        self._caught_up = time.monotonic()
        return None

    async def _walk_due(self, connection: Queries) -> Walk | None:
        """The walk to go on with or to begin; None: the last one is young enough, and was made with the model in force."""
        model = await quality_models.newest_id(connection)
        now: datetime = await connection.fetchval("select now()")
        walk = await learning.read(connection)
        if walk is None or walk.model != model or (walk.ended_at is not None and now - walk.began_at >= self._refresh):
            return Walk(model, b"", now)
        return walk if walk.ended_at is None else None

    async def walk(self) -> Worked | None:
        """A few steps over all contacts, some side by side; None: the walk is at its end."""
        async with self._pool.acquire() as connection:
            walk = await self._walk_due(connection)
            if walk is None:
                return None
            keys = await beliefs.keys_after(connection, walk.after, STEPS * CONTACTS_AT_ONCE)
            through = await self._through(connection)
        size = max(-(-len(keys) // STEPS), 1)
        parts = [keys[at : at + size] for at in range(0, len(keys), size)]
        some, done = asyncio.Semaphore(SIDE_BY_SIDE), Worked()
        # Each to its end, also where another fails: what is read by now must not be written once somebody else looked again.
        for worked in await asyncio.gather(*(self._step(part, through, some) for part in parts), return_exceptions=True):
            if isinstance(worked, BaseException):
                raise worked
            done = done.and_(worked)
        async with self._pool.acquire() as connection:
            ended = None if keys else await connection.fetchval("select now()")
            await learning.write(connection, structs.replace(walk, after=keys[-1] if keys else walk.after, ended_at=ended))
        return done

    async def _step(self, keys: Sequence[bytes], through: Lens, some: asyncio.Semaphore) -> Worked:
        async with some, self._pool.acquire() as connection, connection.transaction():
            return await _believe(connection, keys, through)

    async def _through(self, connection: Queries) -> Lens:
        """The model in force, laid out."""
        newest = await quality_models.newest_id(connection)
        if self._lens is None or self._newest != newest:
            found = await models.in_force(connection)
            self._lens, self._newest = await asyncio.to_thread(lens, found.model, found.id), found.newest
        return self._lens

    @staticmethod
    async def _busy(connection: Queries) -> bool:
        """Whether messages that are due wait, callbacks wait, or much comes in."""
        return (
            bool(await claims.depth(connection))
            or await inbox.oldest_s(connection) is not None
            or await unlearned.lately(connection, BUSY_S, BUSY_FROM) >= BUSY_FROM
        )


async def _believe(connection: Connection, keys: Sequence[bytes], through: Lens) -> Worked:
    """Works numbers out; where one of them breaks that, all the others, and what of it the store may take another time is noted again."""
    try:
        async with connection.transaction():
            return await believe(connection, keys, through)
    except Exception as error:
        if not poisoned(error):
            raise
        if len(keys) > 1:
            half = len(keys) // 2
            return (await _believe(connection, keys[:half], through)).and_(await _believe(connection, keys[half:], through))
        log.error("number_not_learned", **account(error))
        if isinstance(error, asyncpg.PostgresError):
            passes = isinstance(error, asyncpg.TransactionRollbackError)  # a deadlock, say
            await unlearned.put_off(connection, keys, 0.0 if passes else REFUSED_S)
        return Worked(held=1)
