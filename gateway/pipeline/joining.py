"""report → message, where it does not carry our message id: by (call, address), or by the vendor's id of one of the message's parts.

Costs nothing where every report has our `reference`. What cannot be joined is kept (`receipt_unjoined`) and joined when its message is known: whoever
commits last, the answer with its parts or the report, looks after its commit for the other, so none can miss; the sweep looks again after a crash.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from msgspec import Struct, structs

from gateway.pipeline.incoming import Incoming
from gateway.receipt.reference import ours, storable
from gateway.receipt.texts import encodable
from gateway.store import parts
from gateway.store.parts import Part, Place, Unjoined
from gateway.store.pool import Connection, Pool
from gateway.store.vault import Vault
from gateway.words import Fault, Status
from providers.base.types import Reading, Report

SEALED_AS = b"unjoined"
LATELY = timedelta(days=3)
"""How far back reports that could not be joined are looked at again."""
AT_ONCE = 500
"""Reports that are joined again in one transaction."""
_ENDS = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED})
_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_decode = msgspec.msgpack.Decoder(Report).decode


Keys = Callable[[str, str], Sequence[bytes]]
"""(provider, address as the vendor writes it) → the look-up keys it may have, one for each channel that the provider carries."""


class Joined(Struct):
    """Callbacks whose reports carry our reference wherever they could be joined; `by_part`: (callback, position) → the part it is about."""

    incoming: list[Incoming]
    by_part: dict[Place, Part]


class Joining:
    """Finds the messages of reports that do not name them."""

    def __init__(self, vault: Vault, keys: Keys) -> None:
        self._vault, self._keys = vault, keys

    async def find(self, connection: Connection, incoming: Sequence[Incoming]) -> Joined:
        """Puts our reference into reports that can be joined. Reads only: persons are not locked yet."""
        left = [((n, p), i.provider, r) for n, i in enumerate(incoming) for p, r in enumerate(i.reading.reports) if not ours(r.reference)]
        found = await self._by_call(connection, left)
        by_part = await self._by_part(connection, [one for one in left if one[0] not in found])
        found |= {place: part.message_id for place, part in by_part.items()}
        return Joined(_named(incoming, found), {place: part for place, part in by_part.items() if part.parts > 1})

    async def weigh(self, connection: Connection, joined: Joined) -> list[Incoming]:
        """What reports about parts say of the whole, once the persons are locked: delivered when all parts are, undelivered when one is."""
        if not joined.by_part:
            return joined.incoming
        reports = {(n, p): r for n, i in enumerate(joined.incoming) for p, r in enumerate(i.reading.reports)}
        said = {
            (part.provider, part.vendor_id, part.call_id): (part, str(reports[place].status))
            for place, part in reversed(joined.by_part.items())
            if reports[place].status in _ENDS
        }
        if not said:
            return joined.incoming
        await parts.say(connection, list(said.values()))
        standing = await parts.standing(connection, list({part.message_id for part, _ in said.values()}))
        some = {
            place
            for place, part in joined.by_part.items()
            if reports[place].status in _ENDS and not _decides(reports[place].status, part, standing[part.message_id, part.call_id])
        }
        return [_only_sent(i, {p for n2, p in some if n2 == n}) for n, i in enumerate(joined.incoming)] if some else joined.incoming

    def unjoined(self, receipt_id: int, position: int, provider: str, report: Report) -> Unjoined:
        """A report to be kept until its message is known."""
        reference = report.reference or ""
        vendor_id = storable(report.vendor_id) if report.vendor_id else None
        message_id = int(reference) if ours(reference) else None
        sealed = self._vault.seal_raw(_packed(report), SEALED_AS)
        return Unjoined(receipt_id, position, provider, reference[:64], vendor_id, message_id, sealed)

    async def _by_call(self, connection: Connection, left: Sequence[tuple[Place, str, Report]]) -> dict[Place, int]:
        asked = [
            (n, int(report.call or ""), key)
            for n, (_, provider, report) in enumerate(left)
            if ours(report.call) and report.address
            for key in self._keys(provider, report.address)
        ]
        return {left[n][0]: message for n, message in (await parts.of_calls(connection, asked)).items()} if asked else {}

    async def _by_part(self, connection: Connection, left: Sequence[tuple[Place, str, Report]]) -> dict[Place, Part]:
        named = [(place, provider, storable(r.vendor_id), r) for place, provider, r in left if r.vendor_id]
        if not named:
            return {}
        candidates: dict[tuple[str, str], list[Part]] = {}
        for part in await parts.find(connection, list({one[2] for one in named}), list({one[1] for one in named})):
            candidates.setdefault((part.provider, part.vendor_id), []).append(part)
        told = {place: self._best(candidates.get((provider, vendor_id), []), report) for place, provider, vendor_id, report in named}
        return {place: part for place, part in told.items() if part is not None}

    def _best(self, candidates: Sequence[Part], report: Report) -> Part | None:
        """The latest; where the vendor gave an id twice, the latest that went to the address which the report names. Where all that had the id are
        final and went elsewhere, the vendor began again with its numbers, and whose this one is will be known when its answer is on disk.
        """
        if not candidates or not report.address or (len(candidates) == 1 and not candidates[0].ended):
            return candidates[0] if candidates else None
        there = frozenset(self._keys(candidates[0].provider, report.address))
        found = [part for part in candidates if part.key in there]
        if not found and all(part.ended for part in candidates):
            return None
        return (found or candidates)[0]


class Applies(Protocol):
    """What joining again needs of the receipt path (gateway/pipeline/receive.py)."""

    async def out_of(self, take: Callable[[Connection], Awaitable[Sequence[Incoming]]]) -> int:
        """Applies callbacks that `take` takes in the same transaction; returns how many those were."""


class Again:
    """Joins reports again that came before their message was known. Each method returns how many callbacks that made."""

    def __init__(self, pool: Pool, vault: Vault, receive: Applies) -> None:
        self._pool, self._vault, self._receive = pool, vault, receive

    async def of_receipts(self, receipts: Sequence[int]) -> int:
        """After reports were committed that name no message: is it known by now?"""
        async with self._pool.acquire() as connection:
            known = await parts.known_of_receipts(connection, receipts)
        return await self._join(known)

    async def of_parts(self, providers: Sequence[str], vendor_ids: Sequence[str]) -> int:
        """After parts were committed: did a report of one come before?"""
        async with self._pool.acquire() as connection:
            known = await parts.known_of_parts(connection, [storable(v) for v in vendor_ids], providers)
        return await self._join(known)

    async def lately(self, within: timedelta = LATELY) -> int:
        """What a crash between a commit and its look left behind."""
        async with self._pool.acquire() as connection:
            known = await parts.known_lately(connection, within, AT_ONCE)
        return await self._join(known)

    async def _join(self, places: Sequence[Place]) -> int:
        async def take(connection: Connection) -> list[Incoming]:
            return self._reopened(await parts.take(connection, places))

        return await self._receive.out_of(take) if places else 0

    def _reopened(self, taken: Sequence[tuple[int, int, str, bytes]]) -> list[Incoming]:
        """A callback of our own for each provider: it names the receipts that hold what the vendor sent."""
        of: dict[str, tuple[list[str], list[Report]]] = {}
        for receipt_id, position, provider, sealed in taken:
            places, reports = of.setdefault(provider, ([], []))
            places.append(f"{receipt_id}:{position}")
            reports.append(_decode(self._vault.open_raw(sealed, SEALED_AS)))
        return [
            Incoming(provider, _json({"joined_later": places}), Reading(reports), again=True) for provider, (places, reports) in of.items()
        ]


def _decides(status: Status, part: Part, standing: Mapping[str, str | None]) -> bool:
    """Whether a word on a part is one on the whole: it is the first final one on that part, and a failure, or all the others were delivered."""
    if standing[part.vendor_id] != status:
        return False
    return status is not Status.DELIVERED or all(one == Status.DELIVERED for one in standing.values())


def _packed(report: Report) -> bytes:
    try:
        return _encode(report)
    except UnicodeEncodeError:
        return _encode(encodable(report))


def _named(incoming: Sequence[Incoming], found: Mapping[Place, int]) -> list[Incoming]:
    """The same, with our reference in the reports that are joined; the vendor's own fields stay."""
    if not found:
        return list(incoming)
    return [
        _read(i, [structs.replace(r, reference=str(found[n, p])) if (n, p) in found else r for p, r in enumerate(i.reading.reports)])
        for n, i in enumerate(incoming)
    ]


def _only_sent(incoming: Incoming, positions: Collection[int]) -> Incoming:
    """What is said of these parts says no more of the whole than that it was sent."""
    if not positions:
        return incoming
    sent = {"status": Status.SENT, "reason": None, "fault": Fault.NONE, "permanent": None}
    return _read(incoming, [structs.replace(r, **sent) if p in positions else r for p, r in enumerate(incoming.reading.reports)])


def _read(incoming: Incoming, reports: Sequence[Report]) -> Incoming:
    return structs.replace(incoming, reading=Reading(reports, incoming.reading.inbound))
