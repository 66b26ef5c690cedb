"""PDUs on their way to `receive`: one body for all that came together, so that they share a commit.

A body is the dialect's `mark`, a word on how it came about (`State`), and whole PDUs one after another. It says all that `read` needs, so it
can be read again years later.
"""

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct

import msgspec

from providers.base.dialect import Pdu
from providers.base.framing import Frames
from providers.base.types import Callback, UnreadableCallback


class State(IntEnum):
    """How a body came about."""

    HEARD = 0
    """As it came: parts of a long reply may lack the others, and then say nothing."""
    WHOLE = 1
    """All parts of one long reply, which came in several bodies."""
    GIVEN_UP = 2
    """Parts of a long reply whose others did not come: what there is, is the reply."""


class News(msgspec.Struct, frozen=True):
    """A body, taken apart."""

    mark: int
    state: State
    pdus: Sequence[Pdu]


def packed(mark: int, state: State, frames: Sequence[bytes]) -> Callback:
    """PDUs as the callback that `read` will get."""
    return Callback("PDU", {}, {}, b"%c%c%b" % (mark, state, b"".join(frames)))


def unpacked(callback: Callback, header: Struct, longest: int) -> News:
    """Takes a body apart. Raises `UnreadableCallback`."""
    body = callback.body
    if len(body) < 2 + header.size or body[1] > max(State):
        raise UnreadableCallback("not a body of PDUs")
    frames = Frames(header, longest)
    pdus = frames.feed(body[2:])
    if frames.broken or frames.waiting:
        raise UnreadableCallback(frames.broken or "the last PDU is cut off")
    return News(body[0], State(body[1]), pdus)
