"""JSON that a vendor sent: decoded once, looked into by dotted paths, its values made text."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

_DECODE: Final = msgspec.json.Decoder().decode
_UNSET: Final = object()
"""A key that no JSON object has."""


class DocumentError(ValueError):
    """Not JSON, or not of the shape that the settings describe."""


def decoded(body: bytes) -> Any:
    """Raises `DocumentError` for what is no JSON, nested beyond reason included."""
    try:
        return _DECODE(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DocumentError("not JSON") from error


def at(document: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of keys; None where it leads nowhere."""
    for key in path:
        if document.__class__ is not dict:
            return None
        document = document.get(key)
    return document


def steps(dotted: str | None) -> tuple[str, ...]:
    """`data.items` as a path; no path for the document itself."""
    return tuple(dotted.split(".")) if dotted else ()


def picker(paths: tuple[str | None, ...]) -> Callable[[dict[str, Any]], list[Any]]:
    """Compiles paths into one function that gives their values, None where a path is not set or leads nowhere."""
    if all(path is None or "." not in path for path in paths):
        flat: list[Any] = [path or _UNSET for path in paths]
        return lambda entry: [entry.get(key) for key in flat]
    nested = [steps(path) for path in paths]
    return lambda entry: [at(entry, path) if path else None for path in nested]


def items(document: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    """The objects of a list, or one object as a list of one. Raises `DocumentError` where there is neither."""
    found = at(document, path)
    if found.__class__ is dict:
        return [found]
    if found.__class__ is not list or any(item.__class__ is not dict for item in found):
        raise DocumentError("no list of objects where the settings say")
    listed: list[dict[str, Any]] = found
    return listed


def text(value: Any) -> str | None:
    """A scalar as text: vendors write one and the same code as 0, "0" or true."""
    if value.__class__ is str:
        said: str = value
        return said
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None
