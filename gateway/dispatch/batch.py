"""Puts claimed messages into vendor calls: full ones, and never an address twice in one (receipts of such calls join by address)."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def into_calls(messages: Iterable[tuple[bytes, T]], size: int) -> list[list[T]]:
    """Groups (address key, message) into lists of at most `size` with distinct keys, in order as far as that allows."""
    if size == 1:
        return [[message] for _, message in messages]
    calls: list[list[T]] = []
    open_calls: list[tuple[set[bytes], list[T]]] = []
    for key, message in messages:
        keys, call = next(((keys, call) for keys, call in open_calls if key not in keys), (None, []))
        if keys is None:
            keys = set()
            calls.append(call)
            open_calls.append((keys, call))
        keys.add(key)
        call.append(message)
        if len(call) == size:
            open_calls.remove((keys, call))
    return calls
