"""Six-digit codes of GB/T 2260 as a tree: a code covers itself and everything below it [38].

The parent stands in the file, for the code alone does not tell it: 110101 lies under 110000 at once, 429004 under 420000.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


class UnknownRegion(LookupError):
    """A code that is not in the file."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no region has the code {code[:20]!r}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of the country, read once a process. Provinces, cities and counties; towns and villages are not in it."""

    _lines: Mapping[str, tuple[str, ...]]
    """Each code's line of descent: itself, its parent, its province."""
    _names: Mapping[str, str]
    """Full names."""
    _below: Mapping[str, tuple[str, ...]]
    """What each code covers, itself first."""

    @staticmethod
    def load() -> "Regions":
        """The regions that come with the package; the same value every time."""
        return _load()

    def exists(self, code: str) -> bool:
        """True for a code of the file."""
        return code in self._names

    def name(self, code: str) -> str:
        """The full name, 四川省绵阳市涪城区 for 510703. Raises UnknownRegion."""
        try:
            return self._names[code]
        except KeyError:
            raise UnknownRegion(code) from None

    def below(self, code: str) -> tuple[str, ...]:
        """Every code that this one covers, itself first, as lists ask the store for them. Raises UnknownRegion."""
        try:
            return self._below[code]
        except KeyError:
            raise UnknownRegion(code) from None

    def covers(self, code: str, other: str) -> bool:
        """True where `other` is `code` or lies below it; False where either is unknown, so that a typing error opens nothing."""
        return code in self._lines.get(other, ())

    def towards(self, above: str | None, code: str) -> str:
        """The region right below `above` (None: the country) on the way to `code`; `code` itself where that leads nowhere."""
        line = self._lines.get(code, (code,))
        if above is None:
            return line[-1]
        return line[max(0, line.index(above) - 1)] if above in line else code

    def province(self, code: str) -> str:
        """The code of the province, 510000 for 510703. Raises UnknownRegion."""
        try:
            return self._lines[code][-1]
        except KeyError:
            raise UnknownRegion(code) from None


@cache
def _load() -> Regions:
    lines: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    rows = csv.reader(files(__package__).joinpath("regions.csv").read_text(encoding="utf-8").splitlines())
    next(rows)
    # Parents stand before their children in the file; a line that breaks this is a KeyError here, not a wrong tree.
    for code, name, _level, parent in rows:
        lines[code] = (code, *lines[parent]) if parent else (code,)
        names[code] = names[parent] + name if parent else name
        for above in lines[code]:
            below.setdefault(above, []).append(code)
    return Regions(lines, names, {code: tuple(codes) for code, codes in below.items()})
