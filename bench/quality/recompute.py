"""`python -m bench.quality.recompute`: how long all beliefs take, from the record in a real store to the contacts, as the learner does after a new model.

So many contacts with eight messages each are written as if five years had gone by; then the learner walks over all of them, twice: once where every
belief is new and is written, and once where nothing moved. Per belief that is a rate; the whole of 25 million is said as so many times it.
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import uvloop

from gateway.engines.host import EngineHost
from gateway.roles.tuning import settle
from gateway.store.migrate import migrate
from gateway.store.pool import Pool, open_pool
from scheduler.learning import Learning

MESSAGES = 8
WHOLE, WITHIN_S = 25_000_000, 1800.0
"""Beliefs that must be worked out anew in so many seconds, on two cores (issue: contact quality)."""

# Every tenth number is shared by two; a tenth of the numbers die on the way, some answer off now and then. Messages were sent round after round, so those to
# one number lie far apart.
PERSONS = """
insert into person (id, region, insurance, certified)
select 'p' || n, '510104', '{enterprise_pension}', array(select current_date - 100 - 365 * y from generate_series(4, 0, -1) y where (n + y) % 3 > 0)
  from generate_series(1, $1) n"""
CONTACTS = """
insert into contact (id, person_id, channel, key, relation, source, verified_on, sealed, updated_at)
select n, 'p' || n, 'sms', substr(sha256(int4send(case when n % 10 = 0 then n - 1 else n end)), 1, 16), 'self',
       case n % 3 when 0 then 'legacy' when 1 then 'counter' else 'data_sharing' end, case when n % 3 = 1 then current_date - 1900 end, 'x'::bytea, now() - interval '5 years'
  from generate_series(1, $1) n"""
SENT = """
insert into message (id, notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, segments, status, provider, reason, permanent,
                     vendor_code, created_at, sent_at, final_at, seal_id)
select n * 8 + k, n * 8 + k, 'p' || n, 0, 'sms', 'bulk', n, c.key, 'self', 'sms/reminder.self', 'v', 1, case when dead or off then 'undelivered' else 'delivered' end,
       'vendor', case when dead then 'number_absent' when off then 'unreachable' end, case when off then false end,
       case when dead then 'MK:0001' when off then 'MK:0005' else 'DELIVRD' end, at, at, at, 1
  from (select n, k, now() - (7 - k) * interval '200 days' as at, n % 10 = 3 and k > 4 as dead, (n * 7 + k) % 41 = 0 as off
          from generate_series($1::int, $2::int) n, (select $3::int as k) r) s join contact c on c.id = s.n + 0 and c.person_id = 'p' || s.n"""
AT_ONCE = 20_000


async def _fill(dsn: str, contacts: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(PERSONS, contacts)
        await connection.execute(CONTACTS, contacts)
        for again in range(MESSAGES):
            for first in range(1, contacts + 1, AT_ONCE):
                await connection.execute(SENT, first, min(first + AT_ONCE - 1, contacts), again)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _walk(pool: Pool) -> float:
    """Seconds of a whole walk."""
    learner = Learning(pool, timedelta(days=30))
    async with pool.acquire() as connection:
        await connection.execute("delete from learning")
    began = time.perf_counter()
    while await learner.walk():
        pass
    return time.perf_counter() - began


async def run(contacts: int, folder: Path) -> None:
    """Fills a private store and measures."""
    settle()
    async with EngineHost(folder / "var", "embedded", "embedded") as host:
        await migrate(host.store_dsn)
        pool = await open_pool(host.store_dsn, 6, "recompute")
        try:
            began = time.perf_counter()
            await _fill(host.store_dsn, contacts)
            print(f"{contacts:,} contacts with {MESSAGES} messages each written in {time.perf_counter() - began:.0f} s")
            for what in ("all new, all written", "nothing moved"):
                took = await _walk(pool)
                each = took / contacts
                print(
                    f"{what}: {took:.1f} s, {each * 1e6:.1f} us a belief; {WHOLE:,}: {each * WHOLE / 60:.1f} min (must: {WITHIN_S / 60:.0f})"
                )
        finally:
            await pool.close()


def main() -> int:
    """Measures."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.recompute", description=__doc__)
    parser.add_argument("--contacts", type=int, default=200_000)
    contacts = parser.parse_args().contacts
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # the store runs under an account of its own where we are root
        uvloop.run(run(contacts, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
