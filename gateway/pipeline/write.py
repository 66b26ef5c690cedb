"""Writes what plan decided for a set of locked persons, and what of it must be sealed. Used by intake and by the planner alike."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.model import Contact, Draft, Notice, Person
from gateway.plan.codes import CONFLICT_ROW, CONTACT_ROW
from gateway.plan.state import Changes
from gateway.store import messages, notices, persons, unlearned
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from gateway.words import OPEN_NOTICE, Reason


class Written(Struct, frozen=True):
    """What a set of changes came to, for the seal, the wake-ups and the metrics."""

    at: datetime
    entries: list[bytes]
    drafts: list[Draft]
    notices: list[Notice]
    closed: list[tuple[int, str, str]]
    """(notice id, kind, status)."""
    canceled: list[tuple[int, str, str]]
    """(message id, channel, reason)."""


class Writer:
    """Holds what writing needs. `version_of` pins a template; `take` hands out ids drawn by the caller."""

    def __init__(self, vault: Vault, sealer: Sealer, version_of: Callable[[str], str]) -> None:
        self._vault, self._sealer, self._version_of = vault, sealer, version_of

    async def write(
        self,
        connection: Connection,
        changes: Sequence[Changes],
        known: Mapping[str, Person],
        at: datetime,
        seal_id: int,
        take: Callable[[], int],
    ) -> Written:
        """Writes the changes of locked persons. `known`: those the store holds, as they were read.

        Raises:
            asyncpg.UniqueViolationError: Somebody else wrote one of the new persons meanwhile: roll back and start again.

        """
        await self._persons(connection, changes, known)
        made = [n for c in changes for n in c.notices]
        drafts = [d for c in changes for d in c.drafts]
        entries: list[bytes] = []
        if made:
            await notices.insert(connection, made, self._vault, at, seal_id)
            entries += [entry(FactKind.NOTICE, n.id, self.notice_digest(n)) for n in made]
            ended = [(n.id, str(n.kind), str(n.status)) for n in made if n.status not in OPEN_NOTICE]
            if ended:
                entries += self.closing_entries({n.id: n.reason for n in made}, ended, at)
        if drafts:
            entries += await self._messages(connection, drafts, at, seal_id, take)
        closed, canceled = await self._endings(connection, changes, at, seal_id, entries)
        await self._outreach(connection, changes, at, take)
        return Written(at, entries, drafts, made, closed, canceled)

    def notice_digest(self, n: Notice) -> bytes:
        """Digest of what of a notice never changes."""
        return self._sealer.digest(
            n.id,
            n.person_id,
            n.duty,
            n.kind,
            n.cause,
            notices.joined(n.insurance),
            n.effective,
            notices.told(n.checks),
            n.event_source,
            n.event_id,
        )

    async def _persons(self, connection: Connection, changes: Sequence[Changes], known: Mapping[str, Person]) -> None:
        new = [c.person for c in changes if c.person.id not in known]
        if new:
            await persons.insert(connection, new, self._vault)
        old = [(known[c.person.id], c.person) for c in changes if c.person.id in known and c.person is not known[c.person.id]]
        if old:
            await persons.update(connection, old, self._vault)
        if acted := [after.id for before, after in old if after.certified != before.certified]:
            await unlearned.put_of(connection, acted)
        fresh: list[tuple[str, Contact]] = [
            (c.person.id, contact) for c in changes if c.person.id not in known for contact in c.contacts_put
        ]
        if fresh:
            await persons.insert_contacts(connection, fresh, self._vault)
            given_up = [contact.key for _, contact in fresh if not contact.usable]
            if given_up:  # dead for somebody else: whether for this person too, the record tells
                await unlearned.put(connection, given_up)
        contacts = [(c.person.id, contact) for c in changes if c.person.id in known for contact in c.contacts_put]
        if contacts:
            await persons.put_contacts(connection, contacts, self._vault)
        removed = [(c.person.id, ident) for c in changes for ident in c.contacts_removed]
        if removed:
            await persons.remove_contacts(connection, [holder for holder, _ in removed], [ident for _, ident in removed])

    async def _messages(
        self, connection: Connection, drafts: Sequence[Draft], at: datetime, seal_id: int, take: Callable[[], int]
    ) -> list[bytes]:
        ids = [take() for _ in drafts]
        versions = [self._version_of(d.template) for d in drafts]
        sealed = await messages.insert(connection, ids, drafts, versions, self._vault, at, seal_id)
        digest = self._sealer.digest
        return [
            entry(FactKind.MESSAGE, i, digest(i, d.notice_id, d.person_id, d.channel, d.contact_id, d.key, d.addressee, d.template, v, s))
            for i, d, v, s in zip(ids, drafts, versions, sealed, strict=True)
        ]

    async def _endings(
        self, connection: Connection, changes: Sequence[Changes], at: datetime, seal_id: int, entries: list[bytes]
    ) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
        started = [i for c in changes for i in c.started]
        if started:
            await notices.start(connection, started)
        closings = [closing for c in changes for closing in c.closings]
        closed: list[tuple[int, str, str]] = []
        canceled: list[tuple[int, str, str]] = []
        if closings:
            closed = await notices.close(connection, closings, at, seal_id)
            canceled = await notices.withdraw_messages(connection, closings, at)
            entries += self.closing_entries({c.notice_id: c.reason for c in closings}, closed, at)
        recalls = [(r.notice_id, r.key, r.reason) for c in changes for r in c.recalls]
        if recalls:
            canceled += await notices.recall(connection, recalls, at)
        return closed, canceled

    def closing_entries(self, reasons: Mapping[int, Reason | None], closed: Sequence[tuple[int, str, str]], at: datetime) -> list[bytes]:
        """Entries for the notices that really closed; `reasons` by notice, none where it is not in it."""
        digest = self._sealer.digest
        return [entry(FactKind.CLOSING, i, digest(i, status, reasons.get(i), at)) for i, _, status in closed]

    async def _outreach(self, connection: Connection, changes: Sequence[Changes], at: datetime, take: Callable[[], int]) -> None:
        withdrawn = [i for c in changes for i in c.outreach_withdrawn]
        lifted = [(c.person.id, CONFLICT_ROW) for c in changes if c.conflict_lifted]
        lifted += [(c.person.id, CONTACT_ROW) for c in changes if c.contact_lifted]
        if withdrawn or lifted:
            await notices.withdraw_outreach(connection, withdrawn, lifted, at)
        if moved := [m for c in changes for m in c.outreach_moved]:
            await notices.move_outreach(connection, moved)
        opened = [(take(), row) for c in changes for row in c.outreach]
        if opened:
            await notices.open_outreach(connection, opened, at)
