"""API tokens: shown once, stored as a hash, compared in constant time."""

import secrets
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

PREFIX = "tx_"
"""Lets people and scanners see what leaked."""
RANDOM_BYTES = 32


class NewToken(NamedTuple):
    """A token for its owner, and the hash for the store."""

    token: str
    token_hash: bytes


def new() -> NewToken:
    """A random token of 256 bits. A plain hash of it is enough: nobody guesses it, so nothing needs to be slow."""
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return NewToken(token, hash_of(token))


def hash_of(token: str) -> bytes:
    """SHA-256 of the token, 32 bytes: what is stored and looked up."""
    return sha256(token.encode(errors="surrogatepass")).digest()


def matches(token: str, token_hash: bytes) -> bool:
    """True where the hash is this token's; takes the same time either way."""
    return compare_digest(hash_of(token), token_hash)


def is_one_of(given: str, allowed: Iterable[str]) -> bool:
    """True where `given` is one of the allowed tokens (callback tokens of a provider); looks at all of them whatever it finds."""
    given_hash = hash_of(given)
    found = False
    for token in allowed:
        found |= matches(token, given_hash)
    return found
