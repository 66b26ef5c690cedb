"""Cells of spreadsheets: nothing in them may run."""

from datetime import date, datetime

from gateway.api.query import SHANGHAI

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula (OWASP, CSV injection); the full-width forms too, as some versions fold them."""


def inert(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(RUNS) else text


def shown(cell: str | float | date | datetime | None) -> str:
    """A cell as CSV shows it: times of Shanghai to the second, nothing for None."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return inert(cell) if isinstance(cell, str) else str(cell)
