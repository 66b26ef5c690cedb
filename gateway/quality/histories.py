"""NDJSON histories → observations: one line each, checked, in any order. What is wrong with a line is said, and the line left out."""

from array import array
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import EPOCH, day_of
from gateway.quality.evidence import OUTCOMES, RESPONSES, Evidence
from gateway.quality.model import start_of
from gateway.quality.others import Listings, moves
from gateway.quality.record import NONE, Flags, Ints, Record

SHANGHAI = ZoneInfo("Asia/Shanghai")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCKS_APART = timedelta(days=1)
"""An observation may come from a clock that is this far ahead of ours."""
LONGEST = 200
"""Characters of a name, an address or a code."""


class Line(msgspec.Struct, gc=False):
    """One line as it is written."""

    person: str
    address: str
    at: datetime
    evidence: str
    source: str | None = None
    verified_on: date | None = None
    provider: str | None = None
    vendor_code: str | None = None


class BadLine(ValueError):
    """What is wrong with a line, in words."""


class Histories:
    """All lines so far, as columns: forty bytes a line, and each pair's names once."""

    def __init__(self, now: datetime, as_of: datetime | None = None) -> None:
        self.now, self.as_of = now, as_of or now
        self.until = self.as_of if as_of else now + CLOCKS_APART
        self.asked = as_of is not None
        self.later = 0
        """Lines that are good and later than the day that was asked for: left out."""
        self.pairs: dict[tuple[str, str], int] = {}
        self._decode = msgspec.json.Decoder(Line).decode
        self._numbers: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._person = array("q")
        self._address = array("q")
        self._codes: dict[tuple[str, str, str], int] = {}
        self._starts: dict[str, int] = {}
        self._columns = [array("q") for _ in range(5)]
        self._known: tuple[int, list[Ints]] | None = None
        """Of so many lines, the columns without what is repeated."""

    def add(self, line: bytes | str) -> None:
        """Takes one line. Raises `BadLine`."""
        try:
            read = self._decode(line)
        except msgspec.MsgspecError as error:
            raise BadLine(_words(error)) from error
        except UnicodeDecodeError as error:
            raise BadLine("is not UTF-8") from error
        what, start, verified = self._meaning(read)
        if read.at.tzinfo is None:
            raise BadLine("`at` has no offset: write 2026-01-05T09:00:00+08:00")
        if read.at < EARLIEST:
            raise BadLine(f"`at` is before {EARLIEST.year}")
        if read.at > self.until:
            if not self.asked:
                raise BadLine("`at` is in the future; --as-of says as of when")
            self.later += 1
            return
        at_s = int(read.at.timestamp())
        if verified > day_of(at_s):
            raise BadLine("`verified_on` is after `at`")
        for column, value in zip(self._columns, (self._pair(read), at_s, what, start, verified), strict=True):
            column.append(value)

    def record(self) -> Record:
        """All of it in order, ready for beliefs; what was said twice of one second counts once."""
        columns, starts = self._distinct(), tuple(self._starts)
        pair, at_s, what, start, verified_day = columns
        moved = moves(Listings(pair, at_s, what, start, verified_day), _column(self._person), starts)
        more = moved.pair, moved.at_s, moved.what, moved.start, moved.verified_day
        pair, at_s, what, start, verified_day = (np.concatenate(both) for both in zip(columns, more, strict=True))
        seen = Observations(pair, at_s, what, start, verified_day)
        return assemble(seen, _column(self._address), tuple(self._codes), starts)

    def counts(self) -> tuple[Ints, Ints]:
        """Per pair: observations, and seconds of the last."""
        pair, at_s, *_ = self._distinct()
        last = np.zeros(len(self.pairs), dtype=np.int64)
        np.maximum.at(last, pair, at_s)
        return np.bincount(pair, minlength=len(self.pairs)), last

    @property
    def repeated(self) -> int:
        """Lines that another line says word for word."""
        return len(self) - len(self._distinct()[0])

    def _distinct(self) -> list[Ints]:
        """The columns, each line once; worked out once for so many lines."""
        if self._known is None or self._known[0] != len(self):
            columns = [_column(column) for column in self._columns]
            once = _once(columns)
            self._known = len(self), [column[once] for column in columns]
        return self._known[1]

    def __len__(self) -> int:
        """Lines that were taken."""
        return len(self._columns[0])

    def _meaning(self, line: Line) -> tuple[int, int, int]:
        """What, start and day of verification, as in `Observations`."""
        kind = KINDS.get(line.evidence)
        if kind is None:
            raise BadLine(f"unknown evidence {line.evidence[:40]!r}; known: {', '.join(KINDS)}")
        if kind == OUTCOME:
            code = (_short(line.provider), line.evidence, _short(line.vendor_code))
            return self._codes.setdefault(code, len(self._codes)), NONE, NONE
        if kind != NONE:
            return kind, NONE, NONE
        start = start_of(line.source or "unknown", verified=line.verified_on is not None)
        verified = (line.verified_on - EPOCH).days if line.verified_on else NONE
        return NONE, self._starts.setdefault(start, len(self._starts)), verified

    def _pair(self, line: Line) -> int:
        key = (line.person, line.address)
        pair = self.pairs.get(key)
        if pair is None:
            if not 0 < len(line.person) <= LONGEST or not 0 < len(line.address) <= LONGEST:
                raise BadLine(f"`person` and `address` are 1 to {LONGEST} characters")
            pair = self.pairs[key] = len(self.pairs)
            self._person.append(self._people.setdefault(line.person, len(self._people)))
            self._address.append(self._numbers.setdefault(line.address, len(self._numbers)))
        return pair


OUTCOME = 1
SPREADS = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 over the golden ratio: products with it differ in their upper bits."""
KINDS = (
    {str(word): OUTCOME for word in OUTCOMES} | {str(word): NONE - 1 - i for i, word in enumerate(RESPONSES)} | {str(Evidence.LISTED): NONE}
)


def read_lines(histories: Histories, lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Takes all lines; yields line number and what is wrong ("" every thousand lines, so that progress shows)."""
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(BOM_UTF8)  # noqa: PLW2901 - editors put it there
        if line.isspace():
            continue
        try:
            histories.add(line)
        except BadLine as error:
            yield number, str(error)
        if not number % 1000:
            yield number, ""


def _once(columns: list[Ints]) -> Flags:
    """False for lines that another line says word for word: a report that came twice was seen once."""
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.uint64)) * SPREADS
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed, kind="stable")
    again = np.all([column[order[1:]] == column[order[:-1]] for column in columns], axis=0)
    once = np.ones(len(order), dtype=np.bool_)
    once[order[1:][again]] = False
    return once


def _words(error: msgspec.MsgspecError) -> str:
    said = str(error)
    return said if isinstance(error, msgspec.ValidationError) else f"is not JSON: {said}"


def _short(text: str | None) -> str:
    if text is not None and len(text) > LONGEST:
        raise BadLine(f"`provider` and `vendor_code` have at most {LONGEST} characters")
    return text or ""


def _column(values: "array[int]") -> Ints:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.zeros(0, dtype=np.int64)
