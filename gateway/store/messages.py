"""Messages and the queue of those that may be claimed."""

from collections.abc import Sequence
from datetime import datetime

from gateway.model import Draft
from gateway.store.pool import Connection
from gateway.store.vault import Vault

INSERT = """
insert into message (id, notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, sealed, segments, status,
                     created_at, expires_at, seal_id)
select id, notice, person, rung, channel, lane, contact, key, addressee, template, version, sealed, 0, 'queued', $14, expires_at, $15
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::bigint[], $8::bytea[], $9::text[],
              $10::text[], $11::text[], $12::bytea[], $13::timestamptz[])
    as u(id, notice, person, rung, channel, lane, contact, key, addressee, template, version, sealed, expires_at)"""

ENQUEUE = """
insert into queue (message_id, person_id, lane, channel, due_at)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])"""

REQUEUE_LOST = """
insert into queue (message_id, person_id, lane, channel, due_at)
select m.id, m.person_id, m.lane, m.channel, now() from message m
 where m.id = any($1::bigint[]) and m.status = 'queued' and not exists (select from queue q where q.message_id = m.id)
returning message_id"""


async def insert(
    connection: Connection, ids: Sequence[int], drafts: Sequence[Draft], versions: Sequence[str], vault: Vault, at: datetime, seal_id: int
) -> list[bytes]:
    """Writes messages and puts them in the queue; returns their sealed contents, in order, for the seal."""
    sealed = [vault.seal_message(d.address, d.values) for d in drafts]
    persons, lanes, channels = [d.person_id for d in drafts], [d.lane for d in drafts], [d.channel for d in drafts]
    await connection.execute(
        INSERT,
        ids,
        [d.notice_id for d in drafts],
        persons,
        [d.rung for d in drafts],
        channels,
        lanes,
        [d.contact_id for d in drafts],
        [d.key for d in drafts],
        [d.addressee for d in drafts],
        [d.template for d in drafts],
        versions,
        sealed,
        [d.expires_at for d in drafts],
        at,
        seal_id,
    )
    await connection.execute(ENQUEUE, ids, persons, lanes, channels, [d.due_at for d in drafts])
    return sealed


async def enqueue(
    connection: Connection, ids: Sequence[int], persons: Sequence[str], lanes: Sequence[str], channels: Sequence[str], due_at: Sequence[datetime]
) -> None:
    """Makes messages claimable (again) from `due_at` on."""
    await connection.execute(ENQUEUE, ids, persons, lanes, channels, due_at)
