"""What answers say beside their outcomes, in the transaction that records them: ids of parts, codes nobody mapped, noes to a template, whom to ask later.

Nothing of it costs more than a look where every message is simply accepted.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from gateway.dispatch.claim import Call
from gateway.pipeline import meanings
from gateway.pipeline.sweep import ASK_AFTER
from gateway.receipt.consent import OF_NUMBERS, Templates
from gateway.receipt.example import example
from gateway.receipt.reference import storable
from gateway.store import asks, codes, consents, parts
from gateway.store.calls import Effect, Moved
from gateway.store.codes import Unmapped
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from gateway.words import Reason, Status
from providers.base.types import Answer
from providers.base.words import Sign


class Ended(Protocol):
    """A call that ended."""

    @property
    def call(self) -> Call:
        """The attempt."""

    @property
    def answers(self) -> Sequence[Answer]:
        """One for each of its messages."""


class Beside(Struct, frozen=True):
    """What is to be known for it. `askable`: providers that can be asked; `look`: did reports come before, under (providers, vendor's ids)?"""

    askable: frozenset[str] = frozenset()
    templates: Templates = Templates({}, tuple)
    look: Callable[[Sequence[str], Sequence[str]], Awaitable[object]] | None = None


class Noted(Struct):
    """What was found. `parted`: (provider, call id, message id, vendor's ids)."""

    parted: list[tuple[str, int, int, list[str]]]
    unmapped: list[tuple[Call, Answer]]


def note(done: Sequence[Ended]) -> Noted:
    """Looks through answers once."""
    noted = Noted([], [])
    for one in done:
        for answer in one.answers:
            if answer.parts:
                ids = [storable(part) for part in answer.parts]
                noted.parted.append((one.call.provider, one.call.id, one.call.started[answer.reference].id, ids))
            if answer.reason is Reason.UNMAPPED:
                noted.unmapped.append((one.call, answer))
    return noted


async def as_mapped(connection: Connection, noted: Noted) -> Mapping[str, Answer]:
    """Reference → answer, for codes that operators mapped at run time; those leave `noted`."""
    read = await meanings.of_answers(connection, [(call.provider, answer) for call, answer in noted.unmapped])
    noted.unmapped = [(call, answer) for call, answer in noted.unmapped if answer.reference not in read]
    return read


async def write(
    connection: Connection,
    noted: Noted,
    effects: Sequence[Effect],
    moved: Sequence[Moved],
    provider_of: Mapping[int, str],
    at: datetime,
    beside: Beside,
    vault: Vault,
) -> None:
    """Writes all of it. `provider_of`: call id → provider."""
    if noted.parted:
        await parts.insert(connection, noted.parted)
    if noted.unmapped:
        said = [_unmapped(call, answer, vault) for call, answer in noted.unmapped]
        await codes.remember(connection, said, at)
    unknown = {e.call_id for e in effects if e.status == Status.UNKNOWN and provider_of[e.call_id] in beside.askable}
    if unknown:
        await asks.put(connection, [(call, provider_of[call]) for call in sorted(unknown)], at + ASK_AFTER)
    blocked = {m.id for m in moved if m.reason == Reason.RECIPIENT_BLOCKED and m.status == Status.FAILED and m.channel not in OF_NUMBERS}
    if blocked:
        of = {e.message_id: provider_of[e.call_id] for e in effects}
        await consents.put(connection, await _refusals(connection, of, blocked, beside.templates, at), at)


def _unmapped(call: Call, answer: Answer, vault: Vault) -> Unmapped:
    """Vendors repeat in their words what they were given."""
    sent = next(message for message in call.batch if message.reference == answer.reference)
    sealed = vault.seal_example(example(answer.vendor_text, (sent.text, sent.address, *sent.params.values())))
    return Unmapped(call.provider, codes.ANSWER, meanings.plain(answer.vendor_code), int(answer.reference), call.id, None, sealed)


async def _refusals(
    connection: Connection, provider_of: Mapping[int, str], messages: set[int], templates: Templates, at: datetime
) -> list[consents.Word]:
    """A vendor refused for the person: they do not take this template, until they say otherwise."""
    return [
        consents.Word(key, alike, channel, provider_of[message], Sign.REFUSED, at)
        for message, key, channel, template in await consents.of_messages(connection, sorted(messages))
        for alike in templates.alike(provider_of[message], template)
    ]
