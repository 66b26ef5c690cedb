"""Joins a vendor's entries to the messages of a call: by reference or address, never by position (invariant 5)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from providers.base.ruling import Ruling, unreadable
from providers.base.types import Answer, Outgoing

Entry = TypeVar("Entry")

MISSING: Final[Ruling] = unreadable("the answer holds no entry for this message")
DOUBLED: Final[Ruling] = unreadable("the answer holds more than one entry for this message")


def joined(
    batch: Sequence[Outgoing],
    entries: Iterable[tuple[str | None, Entry]],
    judge: Callable[[str, Entry], Answer],
    addresses: Mapping[str, str] | None = None,
) -> list[Answer]:
    """One answer a message of the batch, in its order.

    `entries` are keyed by reference, or by address where `addresses` (see `by_address`) is given. A message without an entry or with more
    than one is unknown; an entry about a message that is not in the call says nothing about those that are.
    """
    found: dict[str | None, Entry] = {}
    doubled: set[str | None] = set()
    for said, entry in entries:
        key = said if addresses is None or said is None else addresses.get(said)
        if key in found:
            doubled.add(key)
        found[key] = entry
    return [_answer(message.reference, found, doubled, judge) for message in batch]


def _answer(reference: str, found: Mapping[str | None, Entry], doubled: set[str | None], judge: Callable[[str, Entry], Answer]) -> Answer:
    if reference not in found:
        return MISSING.about(reference)
    if reference in doubled:
        return DOUBLED.about(reference)
    return judge(reference, found[reference])


def by_address(batch: Sequence[Outgoing]) -> dict[str, str]:
    """Address → reference, for every form in which a vendor may write the address back: as given, without +, without +86."""
    forms = {form: message.reference for message in batch for form in (digits(message.address), national(message.address))}
    return forms | {message.address: message.reference for message in batch}


def digits(address: str) -> str:
    """An E.164 number without its plus; any other address as it is."""
    return address.removeprefix("+")


def national(address: str) -> str:
    """A mainland number without +86, as its vendors write it; any other address as it is."""
    return address.removeprefix("+86")
