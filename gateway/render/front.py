"""The front matter of a template: TOML between two lines of `+++`, checked field by field."""

import re
import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.render.errors import TemplateError
from gateway.render.select import Addressee
from gateway.words import Kind

FENCE = "+++"

_LINE_IN_TOML = re.compile(r"\(at line (\d+), column \d+\)")
_KEY_IN_ERROR = re.compile(r"field `(\w+)`|at `\$\.(?:parameters\[\.\.\.\]|(\w+))")

ParameterName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class FrontMatter(Struct, frozen=True, forbid_unknown_fields=True):
    """What a template says of itself. Kind, cause, addressee and variant spell its file name once more: a copy that was not adapted shows."""

    kind: Kind
    channel: Annotated[str, Meta(min_length=1)]
    addressee: Addressee
    note: Annotated[str, Meta(min_length=1)]
    """For whoever changes the text: what it must say, and why (article)."""
    cause: str = ""
    variant: str = ""
    parameters: dict[ParameterName, Annotated[int, Meta(ge=1, le=400)]] = {}
    """Name → the most characters its value may have."""


def split(file: str, source: str) -> tuple[FrontMatter, str, int]:
    """The front matter, the body, and how many lines stand before the body. Raises `TemplateError`."""
    lines = source.splitlines(keepends=True)
    fences = [number for number, line in enumerate(lines) if line.rstrip("\n") == FENCE][:2]
    if len(fences) != 2 or fences[0] != 0:
        raise TemplateError(file, 1, f"no front matter between two lines of {FENCE}", "Begin the file with it; docs/templates.md shows one")
    lines_before = fences[1] + 1
    return _read(file, "".join(lines[1 : fences[1]])), "".join(lines[lines_before:]), lines_before


def _read(file: str, toml: str) -> FrontMatter:
    try:
        return msgspec.convert(tomllib.loads(toml), FrontMatter)
    except tomllib.TOMLDecodeError as error:
        place = _LINE_IN_TOML.search(str(error))
        raise TemplateError(file, int(place[1]) + 1 if place else 1, f"front matter is not TOML: {error}", "Mend that line") from None
    except msgspec.ValidationError as error:
        raise TemplateError(file, _line_of(str(error), toml), f"front matter: {error}", "docs/templates.md lists the fields") from None


def _line_of(error: str, toml: str) -> int:
    found = _KEY_IN_ERROR.search(error)
    key = found and (found[1] or found[2] or "parameters")
    lines = toml.splitlines()
    return next((number for number, line in enumerate(lines, 2) if key and re.match(rf"\[?{key}\b", line)), 1)
