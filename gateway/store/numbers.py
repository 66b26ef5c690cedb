"""Numbers, whoever's they are: held while something is counted or noted of them, and what their owners said."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.store.pool import Connection

TRY_HOLD = "select pg_try_advisory_xact_lock(lock) from unnest($1::bigint[]) with ordinality as u(lock, place) order by place"

HOLD = "select pg_advisory_xact_lock(lock) from (select lock from unnest($1::bigint[]) as u(lock) order by lock) o"

MARK = """
insert into number (key, channel, opted_out_at, wrong_person_at, last_at)
select key, channel, case when opted_out then $5::timestamptz end, case when wrong then $5::timestamptz end, $5
  from unnest($1::bytea[], $2::text[], $3::bool[], $4::bool[]) as u(key, channel, opted_out, wrong) order by key
    on conflict (key) do update
   set opted_out_at = coalesce(number.opted_out_at, excluded.opted_out_at),
       wrong_person_at = coalesce(number.wrong_person_at, excluded.wrong_person_at)"""


async def try_hold(connection: Connection, keys: Sequence[bytes]) -> list[bytes]:
    """Those that no other claim holds at this moment, held until the transaction ends (the first half of the key)."""
    locked = await connection.fetch(TRY_HOLD, [int.from_bytes(key[:8], signed=True) for key in keys])
    return [key for key, (is_ours,) in zip(keys, locked, strict=True) if is_ours]


async def hold(connection: Connection, keys: Iterable[bytes]) -> None:
    """Holds numbers until the transaction ends, by advisory locks that are taken in one order.

    A row lock could not hold a number that has no row yet, and two first words on a number must both count. The locks differ from the
    claim's (the other half of the key).
    """
    await connection.fetch(HOLD, [int.from_bytes(key[8:], signed=True) for key in keys])


async def mark(connection: Connection, marks: dict[bytes, tuple[str, bool, bool]], at: datetime) -> None:
    """Notes on numbers: key → (channel, opted out, wrong person)."""
    values = list(marks.values())
    await connection.execute(MARK, list(marks), [v[0] for v in values], [v[1] for v in values], [v[2] for v in values], at)
