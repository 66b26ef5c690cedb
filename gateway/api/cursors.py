"""Cursors: the key of the last row of a page, opaque to the caller and checked when it comes back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from gateway.api.problems import Flaw, Invalid

K = TypeVar("K", bound=tuple[Any, ...])
FactId = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A bigint of the store, for the types of keys."""


class Cursors(Generic[K]):
    """Writes and reads the cursors of one list.

    Args:
        listing: The list's name: a cursor of another list is refused.
        key: The type of a row's key, a tuple; whatever does not fit it is refused.

    """

    def __init__(self, listing: str, key: Any) -> None:
        self._listing = listing
        self._decode = msgspec.msgpack.Decoder(tuple[str, key]).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def write(self, key: K) -> str:
        """The cursor behind a row."""
        return urlsafe_b64encode(self._encode((self._listing, key))).decode().rstrip("=")

    def read(self, cursor: str) -> K:
        """The key in a cursor.

        Raises:
            Invalid: It is none, or of another list.

        """
        try:
            listing, key = self._decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, msgspec.MsgspecError) as error:
            raise _refused() from error
        if listing != self._listing or _holds_nul(key):
            raise _refused()
        return key  # type: ignore[no-any-return]


def _holds_nul(key: object) -> bool:
    return isinstance(key, tuple) and any(isinstance(part, str) and "\x00" in part for part in key)


def _refused() -> Invalid:
    return Invalid([Flaw("invalid", "cursor", "Give next_cursor of the page before, as it came, with the same filters.")])
