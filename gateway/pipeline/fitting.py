"""record → model: a sample of numbers, what is on record about them, what it teaches, kept with its report. Once in a while, beside everything else."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gateway.pipeline.models import in_force
from gateway.pipeline.observed import NUMBERS, Observed, observe
from gateway.quality.expect import expect
from gateway.quality.fit import ROUNDS, fit
from gateway.quality.kept import written
from gateway.quality.model import Model
from gateway.quality.record import Record, steps_of
from gateway.quality.report import Basis, HeldOut, Report
from gateway.quality.reporting import report
from gateway.quality.samples import SAMPLE, only, sample
from gateway.quality.spans import spanned
from gateway.quality.tables import Tables
from gateway.store import beliefs, quality_models
from gateway.store.pool import Connection
from gateway.store.quality_models import Moment

ENOUGH = 2_000
"""Outcomes from which on there is something to learn."""
CROWD = 20
"""A number of more persons than this teaches nothing: it is an office's."""
BATCH = 1_000
"""Numbers that are read at a time."""
HELD_OUT = 10
"""Every so many-th history is not learned from: it judges."""
WORSE = 1e-3
"""A model that foretells held-out histories worse than the one in force by more than this, in log-likelihood an observation, is not kept."""

Told = Callable[[str, int, int], None]
"""Hears how far it is: what is done, how much of it, out of how much."""


class Fitted(Struct, frozen=True):
    """What came of it. `id`: of the kept model, None where none was kept; `why` says in a sentence."""

    id: int | None
    why: str
    basis: Basis
    before: Model
    model: Model | None = None
    report: Report | None = None
    record: Record | None = None


class Learned(Struct, frozen=True):
    """A model, and how it foretells what it was not learned from."""

    model: Model
    held_out: HeldOut


class Busy(Exception):
    """Somebody else is learning."""


async def learn(connection: Connection, told: Told, *, keep: bool = True) -> Fitted:
    """Learns a model from the record and keeps it, where there is enough to learn from and it is no worse than the one in force.

    Raises:
        Busy: Another session learns.

    """
    if not await quality_models.lock(connection):
        raise Busy("the weights are being learned by another process just now")
    try:
        return await _learn(connection, told, keep=keep)
    finally:
        await quality_models.unlock(connection)


async def _learn(connection: Connection, told: Told, *, keep: bool) -> Fitted:
    moment = await quality_models.moment(connection)
    before = (await in_force(connection)).model
    observed = await gather(connection, await quality_models.sample(connection, NUMBERS, SAMPLE), told)
    record, basis = observed.record, _basis(observed, moment)
    if basis.outcomes < ENOUGH:
        return Fitted(None, f"{basis.outcomes:,} outcomes of messages to numbers: {ENOUGH:,} are needed to learn from", basis, before)
    learned = await _apart(lambda hear: fitted(record, moment.day, before, hear), told)
    found = report(learned.model, before, record, learned.held_out)
    made = Fitted(None, "", basis, before, learned.model, found, record)
    if learned.held_out.after < learned.held_out.before - WORSE:
        return replace(made, why=f"it foretells histories that it was not learned from worse than {before.version}: not kept")
    if not keep:
        return replace(made, why="nothing was written")
    texts = (written(learned.model), *(msgspec.json.encode(one).decode() for one in (basis, found)))
    ident = await quality_models.keep(connection, learned.model.version, *texts)
    return replace(made, id=ident, why=f"kept as model {ident}: beliefs are worked out anew with it")


async def gather(connection: Connection, keys: Sequence[bytes], told: Told) -> Observed:
    """What is on record about these numbers, as the beliefs read it."""
    parts = []
    for at in range(0, len(keys), BATCH):
        batch = keys[at : at + BATCH]
        crowded = await quality_models.crowded(connection, batch, CROWD)
        parts.append(await beliefs.evidence(connection, [key for key in batch if key not in crowded]))
        told("reading", min(at + BATCH, len(keys)), len(keys))
    found = beliefs.joined(parts)
    certified = await beliefs.certified(connection, list(set(found.messages.person)))
    return await asyncio.to_thread(observe, found, certified)


def _basis(observed: Observed, moment: Moment) -> Basis:
    outcomes = int(observed.delivered.sum() + observed.failed.sum())
    return Basis(len(observed.pairs), int(observed.observations.sum()), outcomes, moment.message_id, moment.now)


def fitted(record: Record, day: int, before: Model, told: Callable[[int, float], None]) -> Learned:
    """Learns from nine histories of ten, and asks the tenth what the model is worth."""
    judges = np.zeros(record.pairs, dtype=np.bool_)
    judges[HELD_OUT - 1 :: HELD_OUT] = True
    model = fit(sample(only(record, np.flatnonzero(~judges))), day, before=before, told=told)
    judged = only(record, np.flatnonzero(judges))
    rows = max(len(judged.what), 1)
    old, new = (expect(Tables(one), steps_of(spanned(judged, one.spans)), day).likelihood / rows for one in (before, model))
    return Learned(model, HeldOut(judged.pairs, len(judged.what), old, new))


async def _apart(work: Callable[[Callable[[int, float], None]], Learned], told: Told) -> Learned:
    """Runs it in a thread, which ends with its round where this task is cancelled: the loop cannot end before its threads have."""
    stopping = False
    loop = asyncio.get_running_loop()

    def hear(n: int, _: float) -> None:
        if stopping:
            raise _Stopped
        loop.call_soon_threadsafe(told, "learning", n + 1, ROUNDS)

    thread = asyncio.ensure_future(asyncio.to_thread(work, hear))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        stopping = True
        with suppress(_Stopped):
            await thread
        raise


class _Stopped(Exception):
    """Nobody waits for this any more."""
