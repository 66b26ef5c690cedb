"""Messages and the queue of those that may be claimed."""

from collections.abc import Sequence
from datetime import datetime

from gateway.model import Draft
from gateway.store.copying import copy_in
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from gateway.words import Status

COLUMNS = (
    "id", "notice_id", "person_id", "rung", "channel", "lane", "contact_id", "key", "addressee", "template", "version", "sealed", "segments", "status",
    "expires_at", "seal_id",
)  # fmt: skip
QUEUE_COLUMNS = ("message_id", "person_id", "lane", "channel", "due_at")


async def insert(
    connection: Connection, ids: Sequence[int], drafts: Sequence[Draft], versions: Sequence[str], vault: Vault, at: datetime, seal_id: int
) -> list[bytes]:
    """Writes messages and puts them in the queue; returns their sealed contents, in order, for the seal."""
    sealed = [vault.seal_message(d.address, d.values) for d in drafts]
    rows = [
        (
            ident, d.notice_id, d.person_id, d.rung, d.channel, d.lane, d.contact_id, d.key, d.addressee, d.template, version, content, 0, Status.QUEUED,
            d.expires_at, seal_id,
        )
        for ident, d, version, content in zip(ids, drafts, versions, sealed, strict=True)
    ]  # fmt: skip
    await copy_in(connection, "message", COLUMNS, rows)
    await enqueue(
        connection,
        [(i, d.person_id, d.lane, d.channel, None if d.due_at <= at else d.due_at) for i, d in zip(ids, drafts, strict=True)],
        at,
    )
    return sealed


async def enqueue(connection: Connection, rows: Sequence[tuple[int, str, str, str, datetime | None]], now: datetime) -> None:
    """Makes messages claimable (again): (message id, person id, lane, channel, due at; None: now)."""
    if any(row[4] is not None for row in rows):
        rows = [(*row[:4], row[4] or now) for row in rows]
        await copy_in(connection, "queue", QUEUE_COLUMNS, rows)
    else:  # times are the dearest values to encode; the column's default is now
        await copy_in(connection, "queue", QUEUE_COLUMNS[:4], [row[:4] for row in rows])
