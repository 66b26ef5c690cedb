"""What the receipt path works on: callbacks that were read."""

from msgspec import Struct

from providers.base.types import Reading


class Incoming(Struct, frozen=True):
    """One callback: who sent it, its raw body and what the provider's driver read in it."""

    provider: str
    body: bytes
    reading: Reading
    again: bool = False
    """These reports came before and are looked at once more: they are counted already."""
