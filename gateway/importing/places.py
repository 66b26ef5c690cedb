"""Regions as people write them: a six-digit code, or the full name."""

from functools import cache

from gateway.importing.cells import BadCell, Cell, text
from gateway.regions import Regions

PROVINCES = range(11, 83)
"""First two digits of the provinces' codes."""


def region(cell: Cell) -> str:
    """The code of a region, of its code or full name (四川省成都市锦江区, with or without the province)."""
    written = text(cell)
    if written.isdecimal():
        if Regions.load().exists(written):
            return written
        raise BadCell("no such region code (GB/T 2260, six digits)")
    try:
        return _by_name()[written]
    except KeyError:
        raise BadCell("no such region: write its six-digit code, or its full name such as 四川省成都市锦江区") from None


@cache
def _by_name() -> dict[str, str]:
    regions = Regions.load()
    codes = [code for province in PROVINCES if regions.exists(f"{province}0000") for code in regions.below(f"{province}0000")]
    names = {regions.name(code): code for code in codes}
    shorter: dict[str, list[str]] = {}
    for name, code in names.items():
        above = regions.name(regions.province(code))
        if name != above:
            shorter.setdefault(name.removeprefix(above), []).append(code)
    return names | {name: found[0] for name, found in shorter.items() if len(found) == 1 and name not in names}
