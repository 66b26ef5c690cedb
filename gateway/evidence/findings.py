"""What verification finds: each broken link in words, the first of them in full, all of them counted."""

from datetime import datetime

from msgspec import Struct

MOST_KEPT = 50
"""Findings kept in words; the rest is counted."""


class Finding(Struct, frozen=True):
    """One broken link: what it is about, and what is wrong with it."""

    about: str
    what: str


class Report:
    """What was looked at, and what was wrong."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.broken = 0
        self.chains = self.seals = self.facts = self.erased = self.publications = self.backed = 0

    def wrong(self, about: str, what: str, at: datetime | None = None) -> None:
        """Notes a broken link; `at`: when it was sealed."""
        self.broken += 1
        if len(self.findings) < MOST_KEPT:
            self.findings.append(Finding(about, what if at is None else f"{what} (sealed {at:%Y-%m-%d %H:%M:%S} UTC)"))
