"""XML from outside: small, without a DTD, read into plain values. Made for the flat documents that vendors push.

expat and thirty lines, where `defusedxml` (no release since 2021) would be one more dependency that does the same: whoever refuses every DOCTYPE
has refused entities, external ones and their laughter at once.
"""

from collections.abc import Sequence
from typing import Final
from xml.parsers import expat

MAX_BYTES: Final = 1 << 18
"""A larger document is not looked at: a person's text has 2 KB, a list of results some hundred bytes an entry."""
MAX_DEPTH: Final = 10


class XmlError(ValueError):
    """Not XML, or more of it than anybody needs."""


class Element:
    """One element: its text, and what stands in it in order."""

    __slots__ = ("children", "name", "said")

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[str] = []
        self.children: list[Element] = []

    @property
    def text(self) -> str:
        """What it says itself, without the blanks around it."""
        return "".join(self.said).strip()

    def all(self, *path: str) -> Sequence["Element"]:
        """The elements at a path of names; none where it leads nowhere."""
        found: Sequence[Element] = [self]
        for name in path:
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def get(self, *path: str) -> str | None:
        """The text of the first element at a path; None where there is none."""
        found = self.all(*path)
        return found[0].text if found else None


class _Builder:
    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]

    def start(self, name: str, _attributes: object) -> None:
        if len(self._open) > MAX_DEPTH:
            raise XmlError("elements stand too deep in each other")
        element = Element(name)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, said: str) -> None:
        self._open[-1].said.append(said)

    def refuse(self, *_: object) -> None:
        raise XmlError("a DOCTYPE, which no vendor sends")


def parsed(document: bytes) -> Element:
    """The root element. Raises `XmlError`."""
    if len(document) > MAX_BYTES:
        raise XmlError("the document is larger than any that is expected")
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = builder.start, builder.end, builder.text
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise XmlError("not XML") from error
    return builder.root.children[0]
