"""Numbers that are held while something is noted of them, whoever's they are."""

from collections.abc import Iterable

from gateway.store.pool import Connection

HOLD = "select pg_advisory_xact_lock(lock) from (select lock from unnest($1::bigint[]) as u(lock) order by lock) o"


async def hold(connection: Connection, keys: Iterable[bytes]) -> None:
    """Holds numbers until the transaction ends, by advisory locks that are taken in one order.

    A row lock could not hold a number that has no row yet, and two first words on a number must both count. The locks differ from the
    claim's (the other half of the key).
    """
    await connection.fetch(HOLD, [int.from_bytes(key[8:], signed=True) for key in keys])
