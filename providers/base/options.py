"""Reads a driver's own keys into its options, and says in an operator's words what is wrong with them."""

import re
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from providers.base.types import Settings, SettingsError

Options = TypeVar("Options", bound=msgspec.Struct)

_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")


def read_options(settings: Settings, kind: type[Options]) -> Options:
    """Raises `SettingsError` that names the key and says what to do."""
    try:
        return msgspec.convert(dict(settings.options), kind, strict=False)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `")
        keys = [key for key in re.split(r"\.|\[\.\.\.\]", path.rstrip("`").removeprefix("$").removeprefix("key")) if key]
        raise SettingsError(f"{'.'.join(['providers', settings.name, *keys])}: {_advice(said, kind, keys)}") from error


def wrong(settings: Settings, key: str, advice: str) -> SettingsError:
    """An error about one key of a provider's section."""
    return SettingsError(f"providers.{settings.name}.{key}: {advice}")


def _advice(said: str, kind: type[msgspec.Struct], keys: list[str]) -> str:
    unknown = _UNKNOWN_KEY.search(said)
    if unknown is None:
        said = said.replace("Object missing required field", "needs the key")
        return said[:1].lower() + said[1:]
    known = _known(kind, keys)
    near = get_close_matches(unknown["key"], known, n=1)
    guess = f"did you mean `{near[0]}`?" if near else "remove it."
    return f"unknown key `{unknown['key']}`; {guess} Known here: {', '.join(known)}"


def _known(kind: Any, keys: list[str]) -> list[str]:
    """The keys of the struct at a path; those of the last struct on the way where the path goes on into tables."""
    for key in keys:
        inner = [part for part in _parts(get_type_hints(kind).get(key)) if isinstance(part, type) and issubclass(part, msgspec.Struct)]
        kind = inner[0] if inner else kind
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _parts(hint: Any) -> list[Any]:
    """A type and everything inside it: the struct in `dict[str, Meaning] | None` too."""
    return [hint, *(part for inside in get_args(hint) for part in _parts(inside))]
