"""A JSON body written as a structure with placeholders, compiled once into a function from messages to bytes.

    body = { account = "tixing", messages = [{ to = "{address_national}", text = "{signature}{text}", ref = "{reference}" }] }

`{name}` stands for a value of the message, `{params.NAME}` for one of its parameters, `{params}` alone for all of them as an object,
`{{` and `}}` for braces. With a batch, the one list that holds one item with placeholders is repeated for every message.
A template only ever puts values in places: it cannot compute, call or fail in any way but for a parameter that is missing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from providers.base.join import digits, national
from providers.base.types import Outgoing

Slot = Callable[[Outgoing], bytes]
"""A piece of JSON made from a message."""

_ENCODE: Final = msgspec.json.Encoder().encode
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_VALUES: Final[Mapping[str, Callable[[Outgoing], Any]]] = {
    "reference": lambda message: message.reference,
    "address": lambda message: message.address,
    "address_national": lambda message: national(message.address),
    "address_digits": lambda message: digits(message.address),
    "channel": lambda message: message.channel,
    "text": lambda message: message.text,
    "template": lambda message: message.template,
    "signature": lambda message: message.signature,
    "params": lambda message: message.params,
}


class TemplateError(ValueError):
    """A body that cannot be compiled: names the place and what to do."""


class Body:
    """A compiled body."""

    def __init__(self, structure: Any, *, batch: bool) -> None:
        """Raises `TemplateError`. `batch`: one call carries many messages."""
        parts = _compiled(structure, "body", repeat=batch)
        repeated = [index for index, part in enumerate(parts) if isinstance(part, _Item)]
        if batch and len(repeated) != 1:
            raise TemplateError(
                f"body has {len(repeated)} lists to repeat and batch_size is above 1: give it exactly one list with one item that holds placeholders"
            )
        if not batch:
            self._head, self._item, self._tail = b"", _Item(parts), b""
            return
        item = parts[repeated[0]]
        assert isinstance(item, _Item)
        self._head, self._item, self._tail = _fixed(parts[: repeated[0]]), item, _fixed(parts[repeated[0] + 1 :])

    def item(self, message: Outgoing) -> bytes:
        """The part of one message. Raises `KeyError` for a missing parameter, `UnicodeEncodeError` for a lone surrogate."""
        return self._item.render(message)

    def around(self, items: Sequence[bytes]) -> bytes:
        """The whole body."""
        return b"%b%b%b" % (self._head, b",".join(items), self._tail)


class _Item:
    """What is written once a message: fixed JSON with gaps, and what fills them."""

    def __init__(self, parts: "Sequence[bytes | Slot | _Item]") -> None:
        self._form = b"".join(part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in parts)
        self._slots = [part for part in parts if not isinstance(part, bytes | _Item)]

    def render(self, message: Outgoing) -> bytes:
        return self._form % tuple([slot(message) for slot in self._slots])


def _compiled(node: Any, where: str, *, repeat: bool) -> list[bytes | Slot | _Item]:
    if isinstance(node, str):
        return _compiled_text(node, where)
    if isinstance(node, Mapping):
        members = [(_ENCODE(str(key)) + b":", _compiled(value, f"{where}.{key}", repeat=repeat)) for key, value in node.items()]
        return _listed(b"{", [[name, *value] for name, value in members], b"}")
    if isinstance(node, Sequence):
        entries = [_compiled(value, f"{where}[{index}]", repeat=False) for index, value in enumerate(node)]
        if repeat and len(entries) == 1 and any(not isinstance(part, bytes) for part in entries[0]):
            return [b"[", _Item(entries[0]), b"]"]
        return _listed(b"[", [_compiled(value, f"{where}[{index}]", repeat=repeat) for index, value in enumerate(node)], b"]")
    try:
        return [_ENCODE(node)]
    except TypeError as error:
        raise TemplateError(f"{where} holds a value that JSON has no form for: write it as a string") from error


def _listed(opening: bytes, entries: Sequence[list[bytes | Slot | _Item]], closing: bytes) -> list[bytes | Slot | _Item]:
    parts: list[bytes | Slot | _Item] = [opening]
    for index, entry in enumerate(entries):
        parts += entry if index == 0 else [b",", *entry]
    return [*parts, closing]


def _compiled_text(written: str, where: str) -> list[bytes | Slot | _Item]:
    whole = re.fullmatch(r"\{([^{}]+)\}", written)
    if whole:
        value = _value(whole[1], where)
        return [lambda message: _ENCODE(value(message))]
    parts: list[bytes | Slot | _Item] = [b'"']
    end = 0
    for piece in _PIECE.finditer(written):
        parts += [_ENCODE(written[end : piece.start()])[1:-1], _piece(piece, where)]
        end = piece.end()
    return [*parts, _ENCODE(written[end:])[1:]]


def _piece(piece: re.Match[str], where: str) -> bytes | Slot:
    if piece[0] in {"{{", "}}"}:
        return piece[0][:1].encode()
    if piece[1] is None:
        raise TemplateError(f"{where} has a single brace: write {{{{ or }}}} for a brace that is meant")
    value = _value(piece[1], where)
    if piece[1] == "params":
        return lambda message: _ENCODE(_ENCODE(value(message)).decode())[1:-1]
    return lambda message: _ENCODE(value(message))[1:-1]


def _value(name: str, where: str) -> Callable[[Outgoing], Any]:
    if name in _VALUES:
        return _VALUES[name]
    if name.startswith("params.") and len(name) > len("params."):
        key = name.removeprefix("params.")
        return lambda message: message.params[key]
    raise TemplateError(f"{where} has the unknown placeholder {{{name}}}: use one of {', '.join(_VALUES)}, params.NAME")


def _fixed(parts: Sequence[bytes | Slot | _Item]) -> bytes:
    if any(not isinstance(part, bytes) for part in parts):
        raise TemplateError("body has a placeholder outside the repeated item: move it inside, or set batch_size = 1")
    return b"".join(part for part in parts if isinstance(part, bytes))
