"""Turns the tables of a TOML document into the structs of the schema, and collects everything that is wrong on the way."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct

from gateway.config.errors import did_you_mean
from gateway.config.sources import Loose, Source, UnavailableError

BLANK: dict[Any, Any] = {str: "", tuple: (), int: 0, Literal: ""}
"""What stands for a required value that could not be read, so that reading goes on and finds the other problems too."""


class Reader:
    """Reads one document. `problems` grows; whoever calls raises when it is not empty. `origins`: the variable behind a key set by the environment."""

    def __init__(self, source: Source, origins: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._source = source
        self._origins = origins

    def section(self, kind: type[Struct], table: Any, where: str = "") -> Any:
        """A struct from a table; what cannot be read keeps its default."""
        table = self._table(table, where)
        hints = get_type_hints(kind, include_extras=True)
        rest = next((field for field, hint in hints.items() if "rest" in _marks(hint)), None)
        named = [field for field in kind.__struct_fields__ if field != rest]
        unnamed = {key: value for key, value in table.items() if key not in named}
        values = {field: self.value(hints[field], table[field], _under(where, field)) for field in named if field in table}
        if rest:
            values[rest] = self.value(hints[rest], unnamed, where)
        else:
            self._refuse(unnamed, named, where)
        return kind(**{field: value for field, value in values.items() if value is not UNSET} | self._blanks(kind, hints, values, where))

    def value(self, hint: Any, value: Any, where: str) -> Any:
        """A value of the hinted type, or UNSET with a problem recorded."""
        bare = _bare(hint)
        try:
            value = self._resolve(value, verbatim="verbatim" in _marks(hint))
        except UnavailableError as error:
            return self._problem(where, str(error))
        if isinstance(bare, type) and issubclass(bare, Struct):
            return self.section(bare, value, where)
        shape = get_origin(bare)
        if shape is dict:
            return self._entries(get_args(bare), value, where)
        if shape in {Union, UnionType} and not isinstance(_spelled(value), str) and get_origin(get_args(bare)[0]) is tuple:
            bare, shape = get_args(bare)[0], tuple
        if shape is tuple and isinstance(_spelled(value), list):
            return self._items(hint, get_args(bare), _spelled(value), where)
        return self._leaf(hint, value, where)

    def _table(self, value: Any, where: str) -> Mapping[str, Any]:
        value = _spelled(value)
        if isinstance(value, dict):
            return value
        self._problem(where, "must be a table")
        return {}

    def _entries(self, hints: Sequence[Any], value: Any, where: str) -> Any:
        key_hint, entry_hint = hints
        table = self._table(value, where)
        if entry_hint is Any:
            return {key: self._free(entry, _under(where, key)) for key, entry in table.items()}
        names = {key: self._leaf(key_hint, key, _under(where, key)) for key in table}
        read = {key: self.value(entry_hint, entry, _under(where, key)) for key, entry in table.items()}
        return {key: entry for key, entry in read.items() if entry is not UNSET and names[key] is not UNSET}

    def _items(self, hint: Any, hints: Sequence[Any], values: list[Any], where: str) -> Any:
        each = hints[0] if hints[-1] is Ellipsis else None
        if each is None and len(values) != len(hints):
            return self._problem(where, f"must have {len(hints)} values")
        read = tuple(self.value(each or hints[index], value, f"{where}[{index}]") for index, value in enumerate(values))
        if UNSET in read:
            return UNSET
        return read if read and isinstance(read[0], Struct) else self._leaf(hint, read, where)

    def _free(self, value: Any, where: str) -> Any:
        """A value of a provider's own key: what it is, only its driver knows."""
        try:
            value = self._resolve(value, verbatim=False)
        except UnavailableError as error:
            return self._problem(where, str(error))
        if isinstance(value, dict):
            return {key: self._free(entry, _under(where, key)) for key, entry in value.items()}
        if isinstance(value, list):
            return [self._free(entry, f"{where}[{index}]") for index, entry in enumerate(value)]
        # Passwords and accounts are digits now and then. A driver that wants a number reads it out of its digits, not the other way round.
        spelled = _spelled(value)
        return str(value) if isinstance(value, Loose) and isinstance(spelled, bool | int | float) else spelled

    def _leaf(self, hint: Any, value: Any, where: str) -> Any:
        reason = ""
        for candidate in (str(value), value.spelled()) if isinstance(value, Loose) else (value,):
            try:
                return msgspec.convert(candidate, hint)
            except msgspec.ValidationError as error:
                reason = _description(hint) or _choices(hint) or _lower_first(str(error).removesuffix(" - at `$`"))
        return self._problem(where, reason + ("" if isinstance(value, Loose) or "secret" in _marks(hint) else f", is {value!r}"))

    def _resolve(self, value: Any, *, verbatim: bool) -> Any:
        if not isinstance(value, str):
            return value
        if verbatim and value.startswith("file:"):
            return f"file:{self._source.path(value[5:])}"
        resolved = self._source.resolve(value)
        return Loose(resolved) if isinstance(value, Loose) else resolved

    def _refuse(self, unnamed: Mapping[str, Any], named: Sequence[str], where: str) -> None:
        for key, value in unnamed.items():
            what = "no such section" if not where and isinstance(value, dict | list) else "no such key"
            self._problem(_under(where, key), f"{what}{did_you_mean(key, named)}")

    def _blanks(self, kind: type[Struct], hints: Mapping[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
        blanks = {}
        for field in msgspec.structs.fields(kind):
            if field.default is NODEFAULT and field.default_factory is NODEFAULT and values.get(field.name, UNSET) is UNSET:
                if field.name not in values:
                    self._problem(_under(where, field.name), "is required")
                bare = _bare(hints[field.name])
                blanks[field.name] = BLANK[get_origin(bare) or bare]
        return blanks

    def _problem(self, where: str, what: str) -> Any:
        origin = self._origins.get(where)
        self.problems.append(f"{where}{f' (from {origin})' if origin else ''}: {what}")
        return UNSET


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _metas(hint: Any) -> list[Meta]:
    return [meta for meta in get_args(hint)[1:] if isinstance(meta, Meta)] if get_origin(hint) is Annotated else []


def _marks(hint: Any) -> set[str]:
    return {mark for meta in _metas(hint) for mark in meta.extra or {}}


def _description(hint: Any) -> str:
    return next((f"must be {meta.description}" for meta in _metas(hint) if meta.description), "")


def _choices(hint: Any) -> str:
    bare = _bare(hint)
    options = [option for option in (get_args(bare) or (bare,)) if option is not NoneType]
    if get_origin(bare) is Literal:
        return f"must be one of {', '.join(options)}"
    if len(options) == 1 and isinstance(options[0], type) and issubclass(options[0], StrEnum):
        return f"must be one of {', '.join(options[0])}"
    return ""


def _spelled(value: Any) -> Any:
    return value.spelled() if isinstance(value, Loose) else value


def _under(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
