"""Master keys as text: `ID BASE64` a line in a key file, or (id, base64) entries of the configuration."""

import base64
import binascii
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from gateway.security.errors import KeyringError

KEY_BYTES = 32
ROOT_ID = 1
"""The key that look-ups and the chain derive from: it stays for ever."""
LAST_ID = 255
"""A sealed value names its key in one byte."""


class Entry(Protocol):
    """A master key of the configuration."""

    @property
    def id(self) -> int:
        """1 to 255."""

    @property
    def key(self) -> str:
        """32 bytes in base64."""


def parse(keys: str | Iterable[Entry]) -> dict[int, bytes]:
    """Master keys by ascending id, of entries, of `file:PATH`, or of the text of a key file. Raises KeyringError."""
    if not isinstance(keys, str):
        return _checked((entry.id, entry.key) for entry in keys)
    if keys.startswith("file:"):
        return read(Path(keys[5:]))
    return _checked(_lines(keys))


def read(path: Path) -> dict[int, bytes]:
    """Master keys of a key file. Raises KeyringError."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise KeyringError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeyringError(f"{path} is no key file: a key is a line `ID BASE64`") from error
    return _checked(_lines(text))


def line(key_id: int) -> str:
    """A line of a key file with a new random key."""
    return f"{key_id} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, content in enumerate(text.splitlines(), 1):
        words = content.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not words[0].isdecimal():
            raise KeyringError(f"line {number} of the key file is not `ID BASE64`")
        yield int(words[0]), words[1]


def _checked(entries: Iterable[tuple[int, str]]) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for key_id, text in sorted(entries):
        if not ROOT_ID <= key_id <= LAST_ID:
            raise KeyringError(f"key {key_id}: ids go from {ROOT_ID} to {LAST_ID}")
        if key_id in keys:
            raise KeyringError(f"key {key_id} stands there twice")
        keys[key_id] = _decoded(key_id, text)
    if ROOT_ID not in keys:
        raise KeyringError(
            f"key {ROOT_ID} is missing; it stays for ever: stored addresses are found by it, and the chain of evidence hangs on it"
        )
    return keys


def _decoded(key_id: int, text: str) -> bytes:
    try:
        key = base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyringError(f"key {key_id} is not {KEY_BYTES} bytes in base64 (make one with: openssl rand -base64 {KEY_BYTES})")
    return key
