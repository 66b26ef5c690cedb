"""Finding addresses that are sealed: a keyed hash (BLAKE2b, RFC 7693) that is the same for the same address and says nothing without the key."""

from collections.abc import Iterable
from hashlib import blake2b

KEY_BYTES = 16
"""Length of a look-up key: two of a billion addresses meet with a chance of 2^-69."""


class Blind:
    """Look-up keys of addresses, under the keyring's look-up key. About half a microsecond each."""

    def __init__(self, lookup: bytes) -> None:
        self._keyed = blake2b(digest_size=KEY_BYTES, key=lookup)

    def key(self, channel: str, address: str) -> bytes:
        """The look-up key of an address as it is stored (numbers in E.164)."""
        hashed = self._keyed.copy()
        hashed.update(f"{channel}\0{address}".encode())
        return hashed.digest()

    def keys(self, addresses: Iterable[tuple[str, str]]) -> list[bytes]:
        """The look-up keys of (channel, address), in their order."""
        key = self.key
        return [key(channel, address) for channel, address in addresses]
