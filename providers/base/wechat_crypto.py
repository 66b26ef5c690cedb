"""How WeChat's and WeCom's servers prove themselves, and how what they push is encrypted. The two schemes differ in the receive-id alone.

Message encryption of both platforms ("消息加解密说明", read 2026-11-24): SHA1 over the sorted parts; AES-256-CBC whose IV is the start of its key,
blocks of 32; 16 random bytes, length, message, receive-id. A signature over token, time and nonce alone does not cover the body: whoever saw
one could post another body with it for as long as the time counts. The encrypted mode has no such gap, so a driver with an aes_key takes no other.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from providers.base.safe_xml import Element, XmlError, parsed
from providers.base.types import UnreadableCallback

FRESH_S: Final = 300.0
"""How far a signed time may be from ours. They call again within seconds, with a new signature."""

_BLOCK: Final = 32
_RANDOM: Final = 16
_LENGTH: Final = 4


class KeyShapeError(ValueError):
    """An EncodingAESKey that cannot be one."""


def signature(*parts: str) -> str:
    """The hex SHA1 of the sorted parts, token among them."""
    return hashlib.sha1("".join(sorted(parts)).encode(errors="replace")).hexdigest()  # noqa: S324 - the platforms' choice


class PushDoor:
    """Checks and opens what one account's platform pushes."""

    def __init__(self, token: str, aes_key: str, receive_id: str, now: Callable[[], float] = time.time) -> None:
        """Raises `KeyShapeError`. Without a token nothing is let in, without an aes_key nothing encrypted. `now`: seconds since 1970."""
        self._token = token
        self._key = aes_key_of(aes_key) if aes_key else None
        self._receive_id = receive_id.encode()
        self._now = now

    def check(self, query: Mapping[str, str], name: str, *signed: str) -> None:
        """Checks the signature that the query holds under this name, over its time and nonce and what else was signed.

        Raises:
            UnreadableCallback: No token is set, the signature is another's, or its time is too far away (a replay).

        """
        if not self._token:
            raise UnreadableCallback("set `token`: without it nobody can tell the platform from others")
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = signature(self._token, stamp, nonce, *signed)
        if not hmac.compare_digest(expected.encode(), query.get(name, "").encode(errors="replace")):
            raise UnreadableCallback("the signature is not the platform's")
        if not self._fresh(stamp):
            raise UnreadableCallback("the signed time is more than five minutes away: a replay, or a clock that is wrong")

    def pushed(self, query: Mapping[str, str], body: bytes) -> Element:
        """What was pushed, encrypted where an aes_key is set and plain where none is. Raises `UnreadableCallback`."""
        envelope = document(body)
        encrypted = envelope.get("Encrypt")
        if self._key is None:
            if encrypted and not envelope.get("MsgType"):
                raise UnreadableCallback("encrypted: set `aes_key`")
            self.check(query, "signature")
            return envelope
        if not encrypted:
            raise UnreadableCallback("not encrypted: switch the platform to its encrypted mode (安全模式), or remove `aes_key`")
        self.check(query, "msg_signature", encrypted)
        return document(self.opened(encrypted))

    def opened(self, encrypted: str) -> bytes:
        """A message for this account, decrypted. Check its signature first. Raises `UnreadableCallback`."""
        block = self.block(encrypted)
        start = _RANDOM + _LENGTH
        end = start + int.from_bytes(block[_RANDOM:start], "big")
        if end > len(block) or not hmac.compare_digest(block[end:], self._receive_id):
            raise UnreadableCallback("encrypted for another account, or damaged")
        return block[start:end]

    def block(self, encrypted: str) -> bytes:
        """What was encrypted, without its padding: random bytes, length, message, receive-id. Raises `UnreadableCallback`."""
        if self._key is None:
            raise UnreadableCallback("encrypted: set `aes_key`")
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnreadableCallback("not base64") from error
        if not sealed or len(sealed) % 16:
            raise UnreadableCallback("no whole blocks")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        pad = padded[-1]
        if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes([pad]) * pad:
            raise UnreadableCallback("encrypted with another key, or damaged")
        return padded[:-pad]

    def _fresh(self, stamp: str) -> bool:
        return stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and abs(self._now() - int(stamp)) <= FRESH_S


def aes_key_of(written: str) -> bytes:
    """The 32 bytes of an EncodingAESKey of 43 characters. Raises `KeyShapeError`, without the key."""
    try:
        key = base64.b64decode(written + "=", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyShapeError("must be the 43 letters and digits that the platform shows") from error
    if len(key) != 32:
        raise KeyShapeError("must be the 43 letters and digits that the platform shows")
    return key


def document(body: bytes) -> Element:
    """Raises `UnreadableCallback`."""
    try:
        return parsed(body)
    except XmlError as error:
        raise UnreadableCallback(str(error)) from error
