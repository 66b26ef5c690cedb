"""References that vendors give back: ours are message ids in decimal; what a vendor returns is not to be trusted."""

from typing import TypeGuard

LONGEST_ID = 18
"""Digits of the largest id that fits a bigint for certain."""


def ours(reference: str | None) -> TypeGuard[str]:
    """Whether it can be a message id of ours."""
    return reference is not None and 0 < len(reference) <= LONGEST_ID and reference.isascii() and reference.isdigit()
