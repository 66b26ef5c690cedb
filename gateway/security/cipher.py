"""Sealing: authenticated encryption of personal data.

A sealed value is `version(1) key-id(1) salt(12) nonce(12) ciphertext tag(16)`: 42 bytes more than the plain text. The data key is
HKDF-SHA256(master key of that id, salt); the salt is drawn anew by every process and every ten minutes, the nonce for every value. That is the
shape of XAES-256-GCM (C2SP), which makes random nonces safe without counting: NIST SP 800-38D allows 2^32 of them under one key, and
ten minutes at 100,000 values a second are 2^26 (chance of a repeat: 2^-45). Both are random, so a forked process or a cloned machine
needs no care. The purpose is authenticated: what was sealed for one use cannot be put in the place of another.
"""

import os
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from msgspec import Struct

from gateway.security.errors import CipherUnavailable, Unreadable
from gateway.security.keyring import Keyring
from gateway.security.nonces import Nonces

SALT_END, NONCE_END, TAG_BYTES = 14, 26, 16
LOOK_S = 5.0
"""How often a sealing process looks whether the keys were rotated."""
SALT_LIFE_S = 600.0
"""How long one salt is used."""
KNOWN_SALTS = 4096
"""Data keys kept for opening; deriving one again takes some 10 µs."""


class Aead(Protocol):
    """An authenticated cipher under one key; the tag stands at the end."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The plain text. Raises InvalidTag."""


class Sm4Gcm:
    """SM4-GCM (GB/T 32907, RFC 8998), which cryptography offers only step by step. About 5 µs a value."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Ciphertext and tag."""
        context = ciphers.Cipher(self._algorithm, GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data) + context.finalize() + context.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """The plain text. Raises InvalidTag."""
        if len(data) < TAG_BYTES:
            raise InvalidTag
        context = ciphers.Cipher(self._algorithm, GCM(nonce, data[-TAG_BYTES:])).decryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data[:-TAG_BYTES]) + context.finalize()


class Algorithm(Struct, frozen=True):
    """A cipher that a version byte stands for. A version never changes its meaning."""

    version: int
    name: str
    key_bytes: int
    make: Callable[[bytes], Aead]


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm(1, "aes-256-gcm", 32, AESGCM),
        Algorithm(2, "sm4-gcm", 16, Sm4Gcm),
        Algorithm(3, "chacha20-poly1305", 32, ChaCha20Poly1305),
    )
}
BY_VERSION = {algorithm.version: algorithm for algorithm in ALGORITHMS.values()}


class Cipher:
    """Seals with one algorithm and the active key; opens whatever any of them sealed. One a process; about 1 µs a value of 100 bytes."""

    def __init__(self, keyring: Keyring, algorithm: str = "aes-256-gcm", clock: Callable[[], float] = monotonic) -> None:
        self._keyring = keyring
        self._algorithm = ALGORITHMS[algorithm]
        self._clock = clock
        self._nonce = Nonces().take
        self._known: dict[bytes, Aead] = {}
        self._active = 0
        self._salted_at = self._look_at = clock()
        self._header, self._aead = self._fresh()
        self._prove()

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        """The sealed value. `purpose`: the room it belongs to, such as b"person"; needed again to open it."""
        if self._clock() >= self._look_at:
            self._look()
        nonce = self._nonce()
        return self._header + nonce + self._aead.encrypt(nonce, plain, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """The plain text. Raises Unreadable."""
        header = sealed[:SALT_END]
        aead = self._known.get(header) or self._learn(header)
        try:
            return aead.decrypt(sealed[SALT_END:NONCE_END], sealed[NONCE_END:], purpose)
        except (InvalidTag, ValueError):
            raise Unreadable(f"sealed {purpose.decode(errors='replace')} data was cut, changed or sealed for another purpose") from None

    def seal_many(self, plains: Iterable[bytes], purpose: bytes) -> list[bytes]:
        """Each sealed, in their order."""
        if self._clock() >= self._look_at:
            self._look()
        header, encrypt, take = self._header, self._aead.encrypt, self._nonce
        return [header + (nonce := take()) + encrypt(nonce, plain, purpose) for plain in plains]

    def open_many(self, sealed: Iterable[bytes], purpose: bytes) -> list[bytes]:
        """Each opened, in their order. Raises Unreadable."""
        return [self.open(value, purpose) for value in sealed]

    def _look(self) -> None:
        now = self._clock()
        self._look_at = now + LOOK_S
        self._keyring.refresh()
        if self._keyring.active != self._active or now >= self._salted_at + SALT_LIFE_S:
            self._header, self._aead = self._fresh()
            self._salted_at = now

    def _fresh(self) -> tuple[bytes, Aead]:
        self._active = self._keyring.active
        header = bytes((self._algorithm.version, self._active)) + os.urandom(SALT_END - 2)
        return header, self._learn(header)

    def _learn(self, header: bytes) -> Aead:
        algorithm = BY_VERSION.get(header[0]) if len(header) == SALT_END else None
        if algorithm is None:
            raise Unreadable("not a sealed value, or one of a later version")
        key = self._keyring.data_key(header[1], header[2:], algorithm.name.encode(), algorithm.key_bytes)
        if len(self._known) >= KNOWN_SALTS:
            self._known.pop(next(iter(self._known)))
        aead = self._known[header] = algorithm.make(key)
        return aead

    def _prove(self) -> None:
        try:
            self._aead.encrypt(bytes(12), b"", b"")
        except UnsupportedAlgorithm as error:
            raise CipherUnavailable(f'security.cipher: the OpenSSL here does not offer "{self._algorithm.name}"; choose another') from error
