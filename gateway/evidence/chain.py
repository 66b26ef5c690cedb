"""The chain of seals: each transaction that writes facts adds one row holding their digests under a MAC over the row before.

Every pooled connection is a chain of its own, since its transactions follow each other by nature: sealing needs no lock and no
read. A digest covers what is stored (ciphertext included), keyed, so that nobody can guess a number from it, and content can
be erased later while the chain still closes.
"""

import hmac
import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import IntEnum
from hashlib import blake2b
from typing import Any

import msgspec

DIGEST_BYTES = 16
GENESIS = bytes(32)
"""What stands before the first row of a chain."""
_ENTRY = struct.Struct(">BQ16s")
_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


class FactKind(IntEnum):
    """What an entry of a seal is about; the id is that table's."""

    EVENT = 1
    NOTICE = 2
    MESSAGE = 3
    CALL = 4
    ANSWER = 5
    RECEIPT = 6
    CLOSING = 7
    INBOUND = 8
    OVERRIDE = 9
    CONFIRMATION = 10
    WITHDRAWAL = 11


class Chain:
    """Head of one chain: which chain, how many rows, MAC of the last; `unsure` while a row is computed and nobody knows whether it was committed."""

    __slots__ = ("id", "mac", "seq", "unsure")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Starts a new chain."""
        self.id: int | None = None
        self.seq = 0
        self.mac = GENESIS
        self.unsure = False


class SealRow(msgspec.Struct, frozen=True):
    """A row of `seal` that was computed and is not committed yet."""

    id: int
    chain: int
    seq: int
    at: datetime
    entries: bytes
    mac: bytes

    def committed(self, chain: Chain) -> None:
        """Moves the head: call after the transaction's commit, never before."""
        chain.id, chain.seq, chain.mac, chain.unsure = self.chain, self.seq, self.mac, False


class Sealer:
    """Computes digests and seals with the chain key of the keyring."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keyed = blake2b(digest_size=DIGEST_BYTES, key=key)

    def digest(self, *content: Any) -> bytes:
        """Keyed digest (16 bytes) of the columns of one fact, in the order its table's module documents."""
        hashed = self._keyed.copy()  # the key's own block is hashed already
        hashed.update(_encode(content))
        return hashed.digest()

    def seal(self, chain: Chain, seal_id: int, at: datetime, entries: Sequence[bytes]) -> SealRow:
        """The next row of `chain`, over entries made by `entry`.

        Where the row before was never confirmed (its transaction was rolled back, or cut off while it committed), a new chain begins:
        going on from a head that the store may not have would stop this connection for good.
        """
        if chain.unsure:
            chain.begin()
        chain.unsure = True
        packed = b"".join(entries)
        row = chain.id if chain.id is not None else seal_id, chain.seq + 1
        return SealRow(seal_id, row[0], row[1], at, packed, self.mac(chain.mac, row[0], row[1], at, packed))

    def mac(self, before: bytes, chain: int, seq: int, at: datetime, entries: bytes) -> bytes:
        """MAC of one row (32 bytes)."""
        head = struct.pack(">QQq", chain, seq, round(at.timestamp() * 1_000_000))
        return blake2b(before + head + entries, digest_size=32, key=self._key).digest()

    def same(self, one: bytes, other: bytes) -> bool:
        """Compares MACs in constant time."""
        return hmac.compare_digest(one, other)


def entry(kind: FactKind, fact_id: int, digest: bytes) -> bytes:
    """Packs one fact into 25 bytes."""
    return _ENTRY.pack(kind, fact_id, digest)


def entries_of(packed: bytes) -> Iterable[tuple[FactKind, int, bytes]]:
    """Unpacks what `entry` packed."""
    return ((FactKind(kind), fact, digest) for kind, fact, digest in _ENTRY.iter_unpack(packed))
