"""One version of one template: read, checked and compiled once, then only filled in."""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jinja2 import nodes

from gateway.render import sandbox
from gateway.render.cleaning import UnfitValueError, is_plain_name, presentable_fact, presentable_name, presentable_words
from gateway.render.errors import TemplateError
from gateway.render.front import FrontMatter, split
from gateway.render.values import FOR_REQUESTED, OFFERED

LARGEST_SOURCE = 8192
"""Characters of a template file; a text has some hundred."""

LONGEST_TEXT = {"sms": 500, "wechat": 1000}
"""Characters of a text, signature included. sms: what mainland vendors take."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A template that was read and is safe, not compiled yet."""

    name: str
    source: str
    front: FrontMatter
    body: str
    lines_before: int
    """Lines of the file before the body."""
    tree: nodes.Template

    @property
    def file(self) -> str:
        """What an error calls it."""
        return f"{self.name}.j2"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a value must be to be taken as it is: a length, and a look at its characters. Whatever fails is cleaned or refused by `mend`."""

    name: str
    shortest: int
    longest: int
    plain: Callable[[str], bool]
    mend: Callable[[str, int], str]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled version. `version` is a hash of the file's bytes: the same version gives the same text for ever."""

    name: str
    version: str
    source: str
    front: FrontMatter
    gates: tuple[Gate, ...]
    write: sandbox.Writer
    longest: int
    """Characters that no text of this template may pass."""

    def problems(self, params: Mapping[str, str]) -> list[str]:
        """What keeps a requested notice from being rendered with these parameters: unknown, missing and unfit ones. Empty: it can be sent."""
        own = {gate.name: gate for gate in self.gates if gate.name not in FOR_REQUESTED}
        takes = ", ".join(sorted(own)) or "none"
        unknown = [f"{name!r} is no parameter of {self.name}; it takes {takes}" for name in sorted(params.keys() - own.keys())]
        unfit = [f"{name!r} {fault}" for name, gate in own.items() if (fault := _fault(gate, params.get(name)))]
        return unknown + unfit


def version_of(source: str) -> str:
    """The first 12 hex digits of SHA-256 over the file's bytes."""
    return hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()[:12]


def read(name: str, source: str) -> Reading:
    """Reads a template and makes sure that it is safe to run. Raises `TemplateError` with the line of the file."""
    file = f"{name}.j2"
    _check_characters(file, source)
    front, body, lines_before = split(file, source)
    tree = sandbox.parse(file, body, lines_before)
    for used, line in sandbox.used(tree).items():
        if used not in front.parameters:
            raise TemplateError(
                file, lines_before + line, f"{used!r} is used but not declared", "Add it to [parameters] with its longest length"
            )
    return Reading(name, source, front, body, lines_before, tree)


def compile_template(reading: Reading) -> Template:
    """Makes the function that writes the text."""
    front, may_be_empty = reading.front, sandbox.optional(reading.tree)
    gates = tuple(_gate(name, 0 if name in may_be_empty else 1, longest) for name, longest in front.parameters.items())
    write = sandbox.compile_writer(reading.tree, tuple(front.parameters))
    longest_text = LONGEST_TEXT.get(front.channel, min(LONGEST_TEXT.values()))
    return Template(reading.name, version_of(reading.source), reading.source, front, gates, write, longest_text)


def _gate(name: str, shortest: int, longest: int) -> Gate:
    if name == "name":
        return Gate(name, shortest, longest, is_plain_name, presentable_name)
    if name in OFFERED:
        return Gate(name, shortest, longest, str.isprintable, presentable_fact)
    return Gate(name, shortest, longest, _never, presentable_words)


def _never(_: str) -> bool:
    return False


def _fault(gate: Gate, value: object) -> str | None:
    if not isinstance(value, str):
        return "is missing" if value is None else "is not text"
    try:
        return "is empty" if len(gate.mend(value, gate.longest)) < gate.shortest else None
    except UnfitValueError as error:
        return str(error)


def _check_characters(file: str, source: str) -> None:
    if len(source) > LARGEST_SOURCE:
        raise TemplateError(file, 0, f"longer than {LARGEST_SOURCE} characters", "A text for a phone is far shorter")
    for number, line in enumerate(source.split("\n"), 1):
        for character in line:
            if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
                what = f"holds the invisible character U+{ord(character):04X}"
                raise TemplateError(file, number, what, "Delete it; line ends are plain newlines")
