"""record → beliefs: what is believed of some numbers, worked out anew from all that is on record about them, and written beside their contacts.

Nothing is folded on the way of a message, so what comes late, twice or out of order makes no difference, and a new model means doing it again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from gateway.pipeline.observed import NUMBERS, Observed, observe
from gateway.quality.chain import Array
from gateway.quality.days import DAY_S, day_of
from gateway.quality.explain import because
from gateway.quality.model import PRIOR, Model, Rates
from gateway.quality.record import Ints, steps_of
from gateway.quality.spans import spanned
from gateway.quality.states import BLOCKED, DENIAL_HOLDS_BELOW, GOOD, STATES, SUPPRESSED, UNVERIFIED, WRONG_PERSON, State
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables
from gateway.store import beliefs, believed, persons, unlearned
from gateway.store.beliefs import Evidence
from gateway.store.believed import Belief
from gateway.store.pool import Connection

MOVED = 0.02
"""A belief that moved by less is not written again: it would change no order and no state."""
ACCOUNT_BLOCKED = "账号已不再关注或拒收消息。"
NOW = "select now(), (now() at time zone 'Asia/Shanghai')::date - date '1970-01-01'"


class Lens(Struct, frozen=True):
    """A model laid out for use: one for telephone numbers, one for accounts. `id` names it in the store; 0: what is assumed before anything is learned."""

    id: int
    numbers: Tables
    accounts: Tables


def lens(model: Model = PRIOR, ident: int = 0) -> Lens:
    """Lays a model out. Accounts are not sold to strangers, and are seldom given up."""
    rates = structs.replace(model.rates, death_on=ACCOUNTS.death_on, death_off=ACCOUNTS.death_off, sale=ACCOUNTS.sale)
    return Lens(ident, Tables(model), Tables(structs.replace(model, rates=rates, moved=PRIOR.moved)))


ACCOUNTS = Rates(death_on=0.02, death_off=0.1, sale=1e-3)
"""What of the rates is other for accounts."""


class Worked(Struct, frozen=True):
    """What came of working some numbers out: beliefs written, changes of state among them, pairs that somebody else held (their numbers are to be taken up again)."""

    pairs: int = 0
    written: int = 0
    changed: int = 0
    held: int = 0

    def and_(self, other: "Worked") -> "Worked":
        """Both together."""
        return Worked(self.pairs + other.pairs, self.written + other.written, self.changed + other.changed, self.held + other.held)


class _Before(Struct):
    """The contact rows of a pair as they were read."""

    channel: str
    state: State
    denied: bool
    current: bool
    said: tuple[float | None, ...]
    """`p_reach`, `p_alive`, `p_mine`; deliveries, failures, observations; last second. Nothing is believed yet where the first are missing."""
    listings: list[tuple[int | None, int]]
    """Day of verification and second of listing of each row."""
    rows: list[bytes]
    """Where each row stands, and in which version: another one, and it is not the row that was read."""


NOBODY = _Before("", State.UNVERIFIED, denied=False, current=False, said=(None,) * 7, listings=[], rows=[])
"""Of messages to whom the number is no contact of any more."""
PLACE = {state: place for place, state in enumerate(STATES)}


async def believe(connection: Connection, keys: Sequence[bytes], through: Lens) -> Worked:
    """Works out what is believed of these numbers and writes what is new of it, in the caller's transaction."""
    if not keys:
        return Worked()
    found = await beliefs.evidence(connection, keys)
    certified = await beliefs.certified(connection, list(set(found.messages.person)))
    now, day = await connection.fetchrow(NOW)
    before = _before(found)
    worked = await asyncio.to_thread(_work_out, found, certified, before, through, day)
    return await _write(connection, worked, before, found, through, now)


def _before(found: Evidence) -> dict[tuple[str, bytes], _Before]:
    """By (person id, key): a number that a person holds in several relations is one pair."""
    pairs: dict[tuple[str, bytes], _Before] = {}
    for row in found.contacts:
        key, person, channel, _source, verified, listed_s, current, denied, state, *said, at = row
        known = pairs.get((person, key))
        if known is None or (current and not known.current):
            shown = State(state) if state else State.UNVERIFIED if verified is None else State.GOOD
            rows = ([(verified, listed_s)], [at]) if current else ([], [])
            pairs[person, key] = _Before(channel, shown, denied, current, tuple(said), *rows)
        elif current:
            known.listings.append((verified, listed_s))
            known.rows.append(at)
            known.denied = known.denied or denied
    return pairs


def _work_out(
    found: Evidence, certified: beliefs.Certified, before: Mapping[tuple[str, bytes], _Before], through: Lens, day: int
) -> list[Belief]:
    accounts = {key for (_, key), one in before.items() if one.channel not in NUMBERS}
    if not accounts:
        return _beliefs(observe(found, certified), before, through.numbers, day)
    apart = [_only(found, lambda key: key not in accounts), _only(found, lambda key: key in accounts)]
    made = [
        _beliefs(observe(part, certified), before, tables, day)
        for part, tables in zip(apart, (through.numbers, through.accounts), strict=True)
    ]
    return [belief for part in made for belief in part]


def _only(found: Evidence, wanted: Callable[[bytes], bool]) -> Evidence:
    return structs.replace(
        found,
        contacts=[row for row in found.contacts if wanted(row[0])],
        listings=[row for row in found.listings if wanted(row[0])],
        messages=found.messages.only(np.array([wanted(key) for key in found.keys], dtype=np.bool_)),
        replies=[row for row in found.replies if wanted(row[0])],
        lookups=[word for word in found.lookups if wanted(word.key)],
        moved=[row for row in found.moved if wanted(row[0])],
    )


def _beliefs(observed: Observed, before: Mapping[tuple[str, bytes], _Before], tables: Tables, day: int) -> list[Belief]:
    """Beliefs that are worth writing. What was removed is evidence still, and no contact any more."""
    if not observed.pairs:
        return []
    record = observed.record
    now, state = readings(tables, sweep(tables, steps_of(spanned(record, tables.model.spans))), max(day, int(record.day.max(initial=day))))
    known = [before.get((person, key), NOBODY) for key, person in observed.pairs]
    denied = _denied(known, observed.denied_s, now.p_own)
    after = np.where(denied, WRONG_PERSON, state)
    chances = now.p_reach, 1 - now.p_dead, now.p_own / (now.p_own + now.p_others)
    counts = observed.delivered, observed.failed, observed.observations
    news = _news(known, after, np.stack(chances), np.stack(counts), observed.last_s)
    worth = np.flatnonzero(_flags([one.current for one in known]) & (news | (denied != _flags([one.denied for one in known]))))
    places = worth.tolist()
    seen = observed.seen(places)
    why = [
        ACCOUNT_BLOCKED if shown == BLOCKED and known[place].channel not in NUMBERS else because(STATES[judged], reading, one)
        for place, shown, judged, reading, one in zip(
            places, after[worth].tolist(), state[worth].tolist(), now.some(worth), seen, strict=True
        )
    ]
    keys, persons = zip(*map(observed.pairs.__getitem__, places), strict=True) if places else ((), ())
    rows, were = [known[place].rows for place in places], [known[place].state for place in places]
    columns = (column[worth].tolist() for column in (*chances, *counts, observed.last_s, denied, observed.denied_s))
    return list(map(Belief, persons, keys, rows, were, map(STATES.__getitem__, after[worth].tolist()), why, *columns))


def _flags(values: list[bool]) -> NDArray[np.bool_]:
    return np.array(values, dtype=np.bool_)


def _denied(known: Sequence[_Before], denied_s: Ints, own: Array) -> NDArray[np.bool_]:
    """Whether a "not me" stops each contact. One that nobody could say whom it was about is no evidence, and stops it until somebody verifies it."""
    denied = _flags([one.denied for one in known])
    for place in np.flatnonzero(denied_s).tolist():
        at_s, listings = int(denied_s[place]), known[place].listings
        since = any(verified is not None and verified >= day_of(at_s) and listed_s > at_s for verified, listed_s in listings)
        denied[place] = own[place] < DENIAL_HOLDS_BELOW and not since
    return denied


def _news(known: Sequence[_Before], after: NDArray[np.int8], chances: Array, counts: Ints, last_s: Ints) -> NDArray[np.bool_]:
    """Whether what is believed now is other than before."""
    said = np.array([one.said for one in known], dtype=np.float64).T  # what is missing is no number
    new = np.isnan(said[:3]).any(axis=0)
    tells = (last_s > 0) | ((after != UNVERIFIED) & (after != GOOD))
    later = last_s - np.nan_to_num(said[6])  # of a number that many share something comes every minute: the day is enough
    moved = (np.abs(chances - said[:3]) >= MOVED).any(axis=0) | (counts != said[3:6]).any(axis=0) | (later >= DAY_S)
    turned = after != np.array([PLACE[one.state] for one in known])
    news: NDArray[np.bool_] = np.where(new, tells, moved | turned)
    return news


async def _write(
    connection: Connection,
    made: Sequence[Belief],
    before: Mapping[tuple[str, bytes], _Before],
    found: Evidence,
    through: Lens,
    now: datetime,
) -> Worked:
    turned = {b.person_id for b in made if _turned(b, before[b.person_id, b.key])}
    if turned:
        await persons.lock_also_of(connection, sorted(turned), [])
    held = await believed.put(connection, made, through.id)
    others = {(b.person_id, b.key) for b in held}
    ours = [b for b in made if (b.person_id, b.key) not in others] if held else made
    await _mark(connection, ours, before, found)
    if turned:
        await persons.plan_again(connection, turned, now)
    if held:
        await unlearned.put(connection, {b.key for b in held})
    return Worked(len(before), len(ours), sum(b.state != b.before for b in ours), len(held))


def _turned(now: Belief, known: _Before) -> bool:
    """Whether a contact is given up or taken back."""
    return (now.state in SUPPRESSED) != (known.state in SUPPRESSED) or known.denied != now.denied


async def _mark(connection: Connection, ours: Sequence[Belief], before: Mapping[tuple[str, bytes], _Before], found: Evidence) -> None:
    """Marks the numbers that are dead as somebody's contact, and takes the marks of the others away."""
    written = {(b.person_id, b.key) for b in ours}
    dead = {b.key for b in ours if b.state == State.DEAD}
    dead |= {pair[1] for pair, one in before.items() if one.state is State.DEAD and one.current and pair not in written}
    new = dead - found.dead
    channel = {key: one.channel for (_, key), one in before.items() if key in new}
    await believed.mark_dead(connection, sorted(channel.items()), sorted(found.dead - dead))
