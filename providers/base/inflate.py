"""Compressed answers, inflated within bounds. We ask for `identity`; some vendors' front ends compress all the same."""

import zlib
from typing import Final

_WINDOW: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class CodingError(Exception):
    """The answer is compressed in a way that we do not read, is broken or larger than allowed."""


def inflated(body: bytes, coding: str, limit_bytes: int) -> bytes:
    """The content of a gzip or deflate body. Raises `CodingError`."""
    if coding not in _WINDOW:
        raise CodingError
    stream = zlib.decompressobj(_WINDOW[coding])
    try:
        content = stream.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise CodingError from error
    if len(content) > limit_bytes or not stream.eof:
        raise CodingError
    return content
