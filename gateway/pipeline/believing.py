"""record → beliefs: what is believed of some numbers, worked out anew from all that is on record about them, and written beside their contacts.

Nothing is folded on the way of a message, so what comes late, twice or out of order makes no difference, and a new model means doing it again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct, structs

from gateway.pipeline.observed import NUMBERS, Observed, observe
from gateway.quality.assemble import DAY_S, day_of
from gateway.quality.explain import because
from gateway.quality.model import PRIOR, Model, Rates
from gateway.quality.record import steps_of
from gateway.quality.states import DENIAL_HOLDS_BELOW, STATES, SUPPRESSED, State
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables
from gateway.store import beliefs, persons, quality_changes, unlearned
from gateway.store.beliefs import Belief, Evidence
from gateway.store.pool import Connection
from gateway.store.quality_changes import Change

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
    return Lens(ident, Tables(model), Tables(structs.replace(model, rates=rates)))


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
    chances: tuple[float | None, ...]
    """`p_reach`, `p_alive`, `p_mine`; nothing is believed yet where they are missing."""
    counts: tuple[int | None, ...]
    """Deliveries, failures, observations."""
    last_s: int | None
    listings: list[tuple[int | None, int]]
    """Day of verification and second of listing of each row."""
    written_by: list[int]
    """The transaction that wrote each row last: another one, and it is not the row that was read."""


async def believe(connection: Connection, keys: Sequence[bytes], through: Lens) -> Worked:
    """Works out what is believed of these numbers and writes what is new of it, in the caller's transaction."""
    if not keys:
        return Worked()
    found = await beliefs.evidence(connection, keys)
    certified = await beliefs.certified(connection, list({row[1] for row in found.messages}))
    now, day = await connection.fetchrow(NOW)
    before = _before(found)
    worked = await asyncio.to_thread(_work_out, found, certified, before, through, day)
    return await _write(connection, worked, before, found, through, now)


def _before(found: Evidence) -> dict[tuple[str, bytes], _Before]:
    """By (person id, key): a number that a person holds in several relations is one pair."""
    pairs: dict[tuple[str, bytes], _Before] = {}
    for row in found.contacts:
        key, person, channel, _source, verified, listed_s, current, denied, state, *believed, last_s, written_by = row
        known = pairs.get((person, key))
        if known is None or (current and not known.current):
            shown = State(state) if state else State.UNVERIFIED if verified is None else State.GOOD
            chances, counts = tuple(believed[:3]), tuple(believed[3:])
            rows = ([(verified, listed_s)], [written_by]) if current else ([], [])
            pairs[person, key] = _Before(channel, shown, denied, current, chances, counts, last_s, *rows)
        elif current:
            known.listings.append((verified, listed_s))
            known.written_by.append(written_by)
            known.denied = known.denied or denied
    return pairs


def _work_out(
    found: Evidence, certified: Mapping[str, Sequence[date]], before: Mapping[tuple[str, bytes], _Before], through: Lens, day: int
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
        messages=[row for row in found.messages if wanted(found.keys[row[0]])],
        replies=[row for row in found.replies if wanted(row[0])],
        lookups=[word for word in found.lookups if wanted(word.key)],
    )


def _beliefs(observed: Observed, before: Mapping[tuple[str, bytes], _Before], tables: Tables, day: int) -> list[Belief]:
    """Beliefs that are worth writing."""
    if not observed.pairs:
        return []
    record = observed.record
    latest = int(record.day.max(initial=day))
    now, state = readings(tables, sweep(tables, steps_of(record)), max(day, latest))
    held = now.p_own + now.p_others
    chances = now.p_reach, 1 - now.p_dead, now.p_own / held, now.p_own
    tallies = observed.delivered, observed.failed, observed.observations, observed.last_s, observed.denied_s
    columns = zip(observed.pairs, state.tolist(), *(column.tolist() for column in (*chances, *tallies)), strict=True)
    made = []
    for i, ((key, person), place, reach, alive, mine, own, delivered, failed, observations, last_s, denied_s) in enumerate(columns):
        known = before.get((person, key))
        if known is None or not known.current:
            continue  # what was removed is evidence still, and no contact any more
        denied = _denied(known, denied_s, own)
        after = State.WRONG_PERSON if denied else STATES[place]
        if denied == known.denied and not _news(known, after, (reach, alive, mine), (delivered, failed, observations), last_s):
            continue
        account_blocked = after is State.BLOCKED and known.channel not in NUMBERS
        why = ACCOUNT_BLOCKED if account_blocked else because(STATES[place], now.one(i), observed.seen(i))
        last_at = datetime.fromtimestamp(last_s, UTC) if last_s else None
        made.append(Belief(person, key, after, reach, alive, mine, delivered, failed, observations, last_at, why, denied, denied_s))
    return made


def _denied(known: _Before, denied_s: int, own: float) -> bool:
    """Whether a "not me" stops the contact. One that nobody could say whom it was about is no evidence, and stops it until somebody verifies it."""
    if not denied_s:
        return known.denied
    since = any(verified is not None and verified >= day_of(denied_s) and listed_s > denied_s for verified, listed_s in known.listings)
    return own < DENIAL_HOLDS_BELOW and not since


def _news(known: _Before, after: State, chances: tuple[float, ...], counts: tuple[int, ...], last_s: int) -> bool:
    if None in known.chances:
        return bool(last_s) or after not in {State.UNVERIFIED, State.GOOD}
    later = last_s - (known.last_s or 0)  # of a number that many share something comes every minute: the day is enough
    moved = any(abs(now - (before or 0.0)) >= MOVED for now, before in zip(chances, known.chances, strict=True))
    return after is not known.state or counts != known.counts or moved or later >= DAY_S


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
    held = await beliefs.lock(connection, [(b.person_id, b.key) for b in made]) if made else {}
    free = [b for b in made if _as_read(before[b.person_id, b.key], held.get((b.person_id, b.key), ()))]
    if free:
        await beliefs.put(connection, free, through.id)
        changes = [Change(b.key, b.person_id, before[b.person_id, b.key].state, b.state, b.why, now) for b in free]
        await quality_changes.record(connection, changes)
    await _mark(connection, free, before, found)
    if turned:
        await persons.plan_again(connection, turned, now)
    if len(free) < len(made):
        ours = {(b.person_id, b.key) for b in free}
        await unlearned.put(connection, {b.key for b in made if (b.person_id, b.key) not in ours})
    changed = sum(b.state != before[b.person_id, b.key].state for b in free)
    return Worked(len(before), len(free), changed, len(made) - len(free))


def _turned(now: Belief, known: _Before) -> bool:
    """Whether a contact is given up or taken back."""
    return (now.state in SUPPRESSED) != (known.state in SUPPRESSED) or known.denied != now.denied


def _as_read(known: _Before, held: Sequence[int]) -> bool:
    """Whether the rows of a contact are all ours and as they were when its evidence was read."""
    return sorted(held) == sorted(known.written_by)


async def _mark(connection: Connection, free: Sequence[Belief], before: Mapping[tuple[str, bytes], _Before], found: Evidence) -> None:
    """Marks the numbers that are dead as somebody's contact, and takes the marks of the others away."""
    state = {pair: one.state for pair, one in before.items() if one.current} | {(b.person_id, b.key): State(b.state) for b in free}
    dead = {key for (_, key), word in state.items() if word is State.DEAD}
    new = sorted(dead - found.dead)
    channel = {key: one.channel for (_, key), one in before.items()}
    await beliefs.mark_dead(connection, [(key, channel[key]) for key in new], sorted(found.dead - dead))
