"""Long messages: cut into parts with a user data header (3GPP TS 23.040 9.2.3.24.1, .8), and put together again.

A part of UCS-2 holds 67 characters (66 with a 16-bit reference), a whole message 70. A part of one octet a character (ASCII, Latin-1,
unpacked GSM 7-bit) holds 153 (152), a whole message 160. Characters beyond the BMP are two units that stay in one part.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

WHOLE_OCTETS, WHOLE_UNITS = 140, 70
WHOLE_SEPTETS: Final = 160
PART_OCTETS: Final = 134
"""What a UDH with an 8-bit reference leaves of 140 octets."""
PART_SEPTETS: Final = 153
MOST_PARTS: Final = 255

_CONCATENATED_8, _CONCATENATED_16 = 0x00, 0x08
_MOST_GROUPS: Final = 1_000
_LONGEST_WAIT_S: Final = 600.0


class TooLong(ValueError):
    """A text of more than 255 parts."""


def cut_ucs2(text: str, *, wide: bool = False) -> list[bytes]:
    """The text in UCS-2 (UTF-16, big-endian), one item a part, without headers; a short one is one item. `wide`: leave room for a 16-bit
    reference. Raises `TooLong`; `UnicodeEncodeError` for a lone surrogate.
    """
    data = text.encode("utf-16-be")
    if len(data) <= WHOLE_OCTETS:
        return [data]
    room = PART_OCTETS - 2 if wide else PART_OCTETS
    parts, start = [], 0
    while start < len(data):
        end = start + room
        if end < len(data) and 0xD8 <= data[end - 2] <= 0xDB:
            end -= 2  # a high surrogate goes with its low one
        parts.append(data[start:end])
        start = end
    return _few(parts)


def cut_octets(data: bytes, *, wide: bool = False, escape: int | None = None) -> list[bytes]:
    """Text of one octet a character. `escape`: an octet that must stay with the one after it (GSM 7-bit: 0x1b). Raises `TooLong`."""
    if len(data) <= WHOLE_SEPTETS:
        return [data]
    room = PART_SEPTETS - 1 if wide else PART_SEPTETS
    parts, start = [], 0
    while start < len(data):
        end = start + room
        if escape is not None and end < len(data) and data[end - 1] == escape:
            end -= 1
        parts.append(data[start:end])
        start = end
    return _few(parts)


def _few(parts: list[bytes]) -> list[bytes]:
    if len(parts) > MOST_PARTS:
        raise TooLong(f"{len(parts)} parts")
    return parts


def headed(parts: Sequence[bytes], reference: int, *, wide: bool = False) -> list[bytes]:
    """Parts with their UDH before them; one part alone stays as it is. Only the low 8 (`wide`: 16) bits of the reference count."""
    total = len(parts)
    if total == 1:
        return list(parts)
    head = b"\x06\x08\x04" + (reference & 0xFFFF).to_bytes(2, "big") if wide else bytes((5, 0, 3, reference & 0xFF))
    return [b"%b%c%c%b" % (head, total, number, part) for number, part in enumerate(parts, 1)]


class Header(msgspec.Struct, frozen=True):
    """What a UDH says of its part. `total` 1: it is no part of a longer message (or says so wrongly)."""

    octets: int
    """Of the whole header, its length octet included: the text begins after them."""
    reference: int = 0
    total: int = 1
    number: int = 1


def header_of(content: bytes) -> Header:
    """Reads a UDH. One that does not fit in its content leaves no text."""
    if not content:
        return Header(0)
    end = content[0] + 1
    at = 1
    while at + 2 <= min(end, len(content)):
        tag, size = content[at], content[at + 1]
        value = content[at + 2 : at + 2 + size]
        at += 2 + size
        wanted = {_CONCATENATED_8: 3, _CONCATENATED_16: 4}.get(tag)
        if wanted == size == len(value) and at <= end:
            total, number = value[-2], value[-1]
            if 1 <= number <= total > 1:
                return Header(end, int.from_bytes(value[:-2], "big"), total, number)
    return Header(end)


class Piece(msgspec.Struct, frozen=True):
    """Which part of which message of a person a PDU holds."""

    key: tuple[str, str, int]
    """Who wrote, to which number of ours, and the reference of the parts."""
    total: int
    number: int

    def message(self) -> "Piece":
        """The same for all parts of a message."""
        return Piece(self.key, self.total, 0)


class Reassembly:
    """Keeps parts until their message is whole: `most` messages at most, each for `longest_s` seconds; the oldest goes first."""

    def __init__(self, most: int = _MOST_GROUPS, longest_s: float = _LONGEST_WAIT_S) -> None:
        self._most, self._longest_s = most, longest_s
        self._groups: OrderedDict[tuple[int, Piece], tuple[float, dict[int, bytes]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, mark: int, piece: Piece, frame: bytes, now: float) -> list[bytes] | None:
        """All parts in their order once this one makes the message whole; they stay until `forget`."""
        _, parts = self._groups.setdefault((mark, piece.message()), (now, {}))
        parts[piece.number] = frame
        return [parts[number] for number in sorted(parts)] if len(parts) == piece.total else None

    def forget(self, mark: int, piece: Piece) -> None:
        """The message was handed over whole."""
        self._groups.pop((mark, piece.message()), None)

    def overdue(self, now: float) -> list[tuple[int, list[bytes]]]:
        """Takes out what will not be whole any more: the mark and what there is of each, in order."""
        given_up = []
        while self._groups:
            (mark, message), (since, parts) = next(iter(self._groups.items()))
            if now - since < self._longest_s and len(self._groups) <= self._most:
                break
            del self._groups[mark, message]
            given_up.append((mark, [parts[number] for number in sorted(parts)]))
        return given_up
