"""References that vendors give back: ours are message ids in decimal; what a vendor returns is not to be trusted."""

from typing import TypeGuard

from gateway.receipt.texts import fits, fitted

LONGEST_ID = 18
"""Digits of the largest id that fits a bigint for certain."""


def ours(reference: str | None) -> TypeGuard[str]:
    """Whether it can be a message id of ours."""
    return reference is not None and 0 < len(reference) <= LONGEST_ID and reference.isascii() and reference.isdigit()


LONGEST_VENDOR_ID = 128


def storable(vendor_id: str) -> str:
    """A vendor's id as it is stored and looked up: of a bounded length, and without what a store cannot hold."""
    return (vendor_id if fits(vendor_id) else fitted(vendor_id))[:LONGEST_VENDOR_ID]
