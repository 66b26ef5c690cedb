"""Where values come from besides the file: `TIXING__SECTION__KEY` in the environment, and strings `env:NAME` or `file:PATH`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

PREFIX = "TIXING__"


class Loose(str):
    """Text from outside the file: stands for itself, or for the TOML value it spells where no text is wanted."""

    __slots__ = ()

    def spelled(self) -> Any:
        """The TOML value this text spells (number, boolean, list, table, quoted string), else the text."""
        if "\n" in self:
            return str(self)
        try:
            value = tomllib.loads(f"value = {self}")["value"]
        except tomllib.TOMLDecodeError:
            return str(self)
        return value if isinstance(value, bool | int | float | str | list | dict) else str(self)


class UnavailableError(Exception):
    """An `env:` or `file:` that leads nowhere; the text says why."""


class Source(Struct, frozen=True):
    """What `env:` and `file:` are resolved against. `folder`: where the config file lies."""

    environ: Mapping[str, str]
    folder: Path

    def resolve(self, text: str) -> str:
        """The text itself, or what its `env:` or `file:` names. Raises UnavailableError."""
        if text.startswith("env:"):
            return Loose(self._variable(text[4:]))
        if text.startswith("file:"):
            return Loose(self._content(self.path(text[5:])))
        return text

    def path(self, text: str) -> Path:
        """A path as the config means it: relative to the config file."""
        return (self.folder / Path(text).expanduser()).absolute()

    def _variable(self, name: str) -> str:
        if name not in self.environ:
            raise UnavailableError(f"the environment has no variable {name}")
        return self.environ[name]

    def _content(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise UnavailableError(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UnavailableError(f"{path} is not UTF-8 text") from error


def override(document: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Puts `TIXING__A__B=…` into the document as a.b. Gives the variable behind each key so set, for the error messages."""
    origins = {}
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX):
            where = _put(document, variable.removeprefix(PREFIX).split("__"), Loose(text))
            origins[where] = variable
    return origins


def _put(table: dict[str, Any], names: list[str], value: str) -> str:
    key = _present(table, names[0])
    if len(names) == 1:
        table[key] = value
        return key
    if not isinstance(table.get(key), dict):
        table[key] = {}
    return f"{key}.{_put(table[key], names[1:], value)}"


def _present(table: Mapping[str, Any], name: str) -> str:
    """The key as the table spells it: environment names lose their case."""
    return next((key for key in table if key.lower() == name.lower()), name.lower())
