"""The record about some numbers → observations: which message, reply, listing, certification or look-up is evidence of what. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from msgspec import Struct

from gateway.lookup.port import LookupState
from gateway.pipeline.looked_up import EVIDENCE as LOOKED_UP
from gateway.quality.assemble import DAY_S, SHANGHAI_S, Observations, assemble, day_of
from gateway.quality.evidence import RESPONSES, Evidence
from gateway.quality.explain import Seen
from gateway.quality.model import start_of
from gateway.quality.record import NONE, Ints, Record
from gateway.receipt.keyword import Keyword
from gateway.store import beliefs
from gateway.words import Reason, Status
from providers.base.words import Sign

CERTIFIES_WITHIN = 90
"""Days after a notice within which a certification speaks for its number; three months is how long the last one is good for (product)."""
ASKS = ("reminder.", "suspension.lapsed", "suspension.not_certified", "termination.not_certified")
"""Texts that ask for a certification. What nobody does after the others says nothing."""
EPOCH = date(1970, 1, 1).toordinal()
NUMBERS = frozenset({"sms", "voice"})
"""Channels whose addresses are telephone numbers, which die and are sold again; the others are accounts."""

_WORDS = {
    Reason.NUMBER_ABSENT: Evidence.NUMBER_ABSENT,
    Reason.MALFORMED_ADDRESS: Evidence.NUMBER_ABSENT,
    Reason.NUMBER_SUSPENDED: Evidence.NUMBER_SUSPENDED,
    Reason.UNREACHABLE: Evidence.UNREACHABLE,
    Reason.RECIPIENT_BLOCKED: Evidence.RECIPIENT_BLOCKED,
    Reason.OPTED_OUT: Evidence.RECIPIENT_BLOCKED,
    Reason.CARRIER_BLACKLIST: Evidence.CARRIER_BLACKLIST,
    Reason.NO_RECEIPT: Evidence.NO_RECEIPT,
}
"""Reasons that say something of the number; the others are ours or the vendor's."""
_ANSWERS = {
    str(Keyword.OTHER): Evidence.REPLIED,
    str(Keyword.WRONG_PERSON): Evidence.WRONG_PERSON,
    str(Keyword.OPT_OUT): Evidence.OPTED_OUT,
}
_SIGNS = {
    str(Sign.FOLLOWED): Evidence.IN_SERVICE,
    str(Sign.CONSENTED): Evidence.IN_SERVICE,
    str(Sign.UNFOLLOWED): Evidence.RECIPIENT_BLOCKED,
}
"""What an account's owner does there is seen by everybody whose contact it is. A no to one text is no word on the account."""
_SAID = {word: NONE - 1 - place for place, word in enumerate(RESPONSES)}


def outcome(status: str, reason: str | None, permanent: bool | None) -> Evidence | None:  # noqa: FBT001 - three-valued
    """What a message's final word is evidence of; None: of nothing. One code for absent, suspended and off is unreachable with nothing said of permanence."""
    if status == Status.DELIVERED:
        return Evidence.DELIVERED
    word = _WORDS.get(Reason(reason)) if reason is not None else None
    return Evidence.AMBIGUOUS if word is Evidence.UNREACHABLE and permanent is None else word


def asks(template: str) -> bool:
    """Whether a text asks for a certification."""
    return any(part in template for part in ASKS)


class Tally(Struct, gc=False):
    """What is counted of a pair beside its beliefs."""

    delivered: int = 0
    failed: int = 0
    observations: int = 0
    last_s: int = 0
    """When something last came of the number, in seconds; 0: never."""


class Observed(Struct):
    """The pairs of some numbers with all that was observed of them."""

    pairs: list[tuple[bytes, str]]
    """(key, person id)."""
    record: Record
    tallies: list[Tally]
    rows: Ints
    """(pair, seconds, what) of what was observed of each pair itself, by pair and time; `what` as in `Record`, of `words`."""
    words: tuple[Evidence, ...]

    def seen(self, pair: int) -> list[Seen]:
        """What was observed of a pair, in order, for the sentence that explains its state."""
        first, end = np.searchsorted(self.rows[:, 0], [pair, pair + 1])
        return [Seen(day_of(at_s), self._word(what)) for _, at_s, what in self.rows[first:end].tolist()]

    def _word(self, what: int) -> Evidence:
        if what == NONE:
            return Evidence.LISTED
        return self.words[what] if what >= 0 else RESPONSES[NONE - 1 - what]


class _Columns:
    """Observations while they are gathered, one list a column."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[bytes, str], int] = {}
        self.tallies: list[Tally] = []
        self.numbers: dict[bytes, int] = {}
        self.holders: dict[bytes, list[int]] = {}
        """The pairs of each number."""
        self.address: list[int] = []
        self.last: dict[bytes, int] = {}
        """When something last came of each number, in seconds."""
        self.codes: dict[tuple[str, Evidence, str], int] = {}
        self.starts: dict[str, int] = {}
        self.rows: list[tuple[int, int, int, int, int, bool]] = []

    def pair(self, key: bytes, person: str) -> int:
        found = self.pairs.get((key, person))
        if found is None:
            found = self.pairs[key, person] = len(self.pairs)
            self.tallies.append(Tally())
            self.address.append(self.numbers.setdefault(key, len(self.numbers)))
            self.holders.setdefault(key, []).append(found)
        return found

    def code(self, provider: str, word: Evidence, vendor_code: str) -> int:
        return self.codes.setdefault((provider, word, vendor_code), len(self.codes))

    def add(self, pair: int, at_s: int, what: int, start: int = NONE, verified: int = NONE, *, own: bool = True) -> None:
        self.rows.append((pair, at_s, what, start, verified, own))
        self.tallies[pair].observations += own

    def came(self, key: bytes, at_s: int) -> None:
        if at_s > self.last.get(key, 0):
            self.last[key] = at_s

    def observed(self) -> Observed:
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, 6)
        pair, at_s, what, start, verified_day = rows[:, :5].T
        seen = Observations(pair, at_s, what, start, verified_day, rows[:, 5].astype(np.bool_))
        record = assemble(seen, np.array(self.address, dtype=np.int64), tuple(self.codes), tuple(self.starts))
        for (key, _), tally in zip(self.pairs, self.tallies, strict=True):
            tally.last_s = self.last.get(key, 0)
        order = np.lexsort((at_s, pair))
        return Observed(list(self.pairs), record, self.tallies, rows[order, :3], tuple(word for _, word, _ in self.codes))


def observe(found: beliefs.Evidence, certified: Mapping[str, Sequence[date]]) -> Observed:
    """What the rows of these numbers say of their pairs."""
    columns = _Columns()
    _listed(columns, [(row[0], row[1], *row[3:6]) for row in found.contacts])
    _listed(columns, found.listings)
    asked = _sent(columns, found.messages)
    _answered(columns, found.replies)
    _certified(columns, asked, certified)
    for word in found.lookups:
        if (said := LOOKED_UP.get(LookupState(word.state))) is not None and word.key in columns.holders:
            _of_number(columns, word.key, int(word.at.timestamp()), columns.code(f"lookup:{word.service}", said, word.state))
    return columns.observed()


def _listed(columns: _Columns, rows: Iterable[Sequence[Any]]) -> None:
    starts = columns.starts
    for key, person, source, verified, at_s in rows:
        start = starts.setdefault(start_of(source, verified=verified is not None), len(starts))
        # A feed may be ahead of our clock by hours; a check is never later than its listing.
        columns.add(columns.pair(key, person), at_s, NONE, start, NONE if verified is None else min(verified, (at_s + SHANGHAI_S) // DAY_S))


def _sent(columns: _Columns, rows: Iterable[Sequence[Any]]) -> dict[int, list[tuple[int, bool]]]:
    """Messages; returns of those that asked for a certification, by pair, when they ended and whether the phone took them."""
    meanings: dict[tuple[Any, ...], tuple[int, bool] | None] = {}
    asking: dict[str, bool] = {}
    asked: dict[int, list[tuple[int, bool]]] = {}
    tallies = columns.tallies
    for key, person, status, reason, permanent, provider, vendor_code, template, at_s in rows:
        says = status, reason, permanent, provider, vendor_code
        if says not in meanings:
            word = outcome(status, reason, permanent)
            meanings[says] = None if word is None else (columns.code(provider or "", word, vendor_code or ""), word is Evidence.DELIVERED)
        meaning = meanings[says]
        if meaning is None:
            continue
        what, taken = meaning
        own = asking.get(template)
        if own is None:
            own = asking[template] = asks(template)
        pair = columns.pair(key, person)
        columns.rows.append((pair, at_s, what, NONE, NONE, own))
        tally = tallies[pair]
        tally.observations += 1
        columns.came(key, at_s)
        if taken:
            tally.delivered += 1
        else:
            tally.failed += 1
        if own:
            asked.setdefault(pair, []).append((at_s, taken))
    return asked


def _answered(columns: _Columns, rows: Iterable[Sequence[Any]]) -> None:
    for key, person, keyword, provider, at_s in rows:
        if keyword in _SIGNS and key in columns.holders:
            _of_number(columns, key, at_s, columns.code(provider, _SIGNS[keyword], keyword))
        elif keyword in _ANSWERS:
            pairs = [columns.pair(key, person)] if person else columns.holders.get(key, [])
            if len(pairs) == 1:  # whom an answer of many was about nobody knows
                columns.add(pairs[0], at_s, _SAID[_ANSWERS[keyword]])
                columns.came(key, at_s)


def _of_number(columns: _Columns, key: bytes, at_s: int, what: int) -> None:
    """Of the number, whoever holds it: put to one pair, it counts for all."""
    columns.add(columns.holders[key][0], at_s, what, own=False)
    columns.came(key, at_s)


def _certified(columns: _Columns, asked: Mapping[int, list[tuple[int, bool]]], certified: Mapping[str, Sequence[date]]) -> None:
    """A certification speaks for the numbers whose last message before it was delivered, and not long ago."""
    if not certified:
        return
    persons = [person for _, person in columns.pairs]
    for pair, ended in asked.items():
        days = certified.get(persons[pair])
        if not days:
            continue
        ended.sort()
        for day in days:
            at_s = (day.toordinal() - EPOCH + 1) * DAY_S - SHANGHAI_S - 1
            place = bisect_right(ended, (at_s, True)) - 1
            if place >= 0 and ended[place][1] and at_s - ended[place][0] <= CERTIFIES_WITHIN * DAY_S:
                columns.add(pair, at_s, _SAID[Evidence.CERTIFIED])
