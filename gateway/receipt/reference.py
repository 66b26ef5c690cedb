"""References that vendors give back: ours are message ids in decimal; what a vendor returns is not to be trusted."""

from typing import TypeGuard

LONGEST_ID = 18
"""Digits of the largest id that fits a bigint for certain."""


def ours(reference: str | None) -> TypeGuard[str]:
    """Whether it can be a message id of ours."""
    return reference is not None and 0 < len(reference) <= LONGEST_ID and reference.isascii() and reference.isdigit()


LONGEST_VENDOR_ID = 128


def storable(vendor_id: str) -> str:
    """A vendor's id as it is stored and looked up: of a bounded length, and without what a store cannot hold."""
    kept = vendor_id if vendor_id.isprintable() else "".join(c if c.isprintable() else "?" for c in vendor_id)
    return kept[:LONGEST_VENDOR_ID]
