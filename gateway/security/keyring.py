"""The master keys of a gateway, and the separate keys derived from them (HKDF-SHA256, RFC 5869).

Key 1 is the root: the look-up key and the chain key derive from it and never change, so that stored addresses stay findable and the chain of
evidence stays one. Data is sealed under the active key, the highest id unless the configuration names another; every key opens what it sealed.
"""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.security import masterkeys
from gateway.security.errors import KeyringError, Unreadable


class Keyring:
    """Master keys by id. `file`: where they came from, looked at again when it changes, so that a rotation reaches running processes."""

    def __init__(self, masters: Mapping[int, bytes], *, active: int = 0, file: Path | None = None) -> None:
        root = masters[masterkeys.ROOT_ID]
        self.lookup = _derive(root, b"tixing look-up")
        """32 bytes: keys the hash by which addresses are found."""
        self.chain = _derive(root, b"tixing chain")
        """32 bytes: keys the MACs of the chain of evidence."""
        self.fingerprint = _derive(root, b"tixing fingerprint")[:8].hex()
        """Tells this root from another without giving it away: kept with the store, it shows that the wrong keys were brought along."""
        self._pinned = active
        self._file = file
        self._seen = _state(file)
        self._take(masters)

    @property
    def active(self) -> int:
        """Id of the key that seals what is written from now on."""
        return self._pinned or max(self._roots)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of all keys, ascending."""
        return tuple(sorted(self._roots))

    def data_key(self, key_id: int, salt: bytes, purpose: bytes, size: int) -> bytes:
        """A key of `size` bytes for data sealed under one master key and salt. Raises Unreadable for an unknown id."""
        if key_id not in self._roots:
            self.refresh()
        if key_id not in self._roots:
            raise Unreadable(f"sealed with key {key_id}, which is not among the keys given ({', '.join(map(str, self.ids))})")
        return _derive(self._roots[key_id], b"tixing data " + purpose, salt=salt, size=size)

    def refresh(self) -> None:
        """Looks at the key file and takes what changed. A file that cannot be read changes nothing."""
        state = _state(self._file)
        if self._file is None or state == self._seen:
            return
        try:
            masters = masterkeys.read(self._file)
        except KeyringError:
            return  # half copied, or gone: go on with what is known, look again next time
        self._seen = state
        self._take(masters)

    def _take(self, masters: Mapping[int, bytes]) -> None:
        self._roots = {key_id: _derive(master, b"tixing encryption") for key_id, master in masters.items()}
        if self._pinned and self._pinned not in self._roots:
            raise KeyringError(f"the active key {self._pinned} is not among the keys given ({', '.join(map(str, self.ids))})")


def _derive(key: bytes, purpose: bytes, *, salt: bytes | None = None, size: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=purpose).derive(key)


def _state(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None
