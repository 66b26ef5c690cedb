"""The record about some numbers → observations: which message, reply, listing, certification or look-up is evidence of what. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.lookup.port import LookupState
from gateway.pipeline.looked_up import EVIDENCE as LOOKED_UP
from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import DAY_S, day_of, last_second_of
from gateway.quality.evidence import RESPONSES, Evidence
from gateway.quality.explain import Seen
from gateway.quality.model import start_of
from gateway.quality.record import MOVED, NONE, Ints, Record
from gateway.receipt.keyword import Keyword
from gateway.store import beliefs
from gateway.words import Reason, Status
from providers.base.words import Sign

CERTIFIES_WITHIN = 90
"""Days after a notice within which a certification speaks for its number; three months is how long the last one is good for (product)."""
ASKS = ("reminder.", "suspension.lapsed", "suspension.not_certified", "termination.not_certified")
"""Texts that ask for a certification. What nobody does after the others says nothing."""
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


class Observed(Struct, frozen=True):
    """The pairs of some numbers with all that was observed of them; columns have an entry a pair."""

    pairs: list[tuple[bytes, str]]
    """(key, person id)."""
    record: Record
    delivered: Ints
    failed: Ints
    observations: Ints
    last_s: Ints
    """When something last came of the number, in seconds; 0: never."""
    denied_s: Ints
    """When somebody last answered "not me" about this very person, in seconds; 0: never."""

    def seen(self, pairs: Iterable[int]) -> Iterator[list[Seen]]:
        """What was observed of each of these pairs itself, in order, for the sentence that explains its state."""
        record = self.record
        begins = np.concatenate([[0], np.cumsum(record.own)])[record.first].tolist()
        words = (
            *(Evidence(word) for _, word, _ in record.codes),
            Evidence.MOVED,
            *reversed(RESPONSES),
            Evidence.LISTED,
        )  # `NONE` is the last, responses count back from there
        seen = list(map(Seen, record.day[record.own].tolist(), map(words.__getitem__, record.what[record.own].tolist())))
        return (seen[begins[pair] : begins[pair + 1]] for pair in pairs)


class _Pairs(dict[tuple[bytes, str], int]):
    """Pairs by (key, person id), numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.address: list[int] = []
        self.holders: dict[bytes, list[int]] = {}
        """The pairs of each number."""

    def __missing__(self, pair: tuple[bytes, str]) -> int:
        self[pair] = found = len(self.address)
        self.address.append(self.numbers.setdefault(pair[0], len(self.numbers)))
        self.holders.setdefault(pair[0], []).append(found)
        return found


class _Meanings(dict[str, int]):
    """What final words are evidence of, worked out once for each: place in `what`, `taken` and `asked`."""

    def __init__(self, codes: dict[tuple[str, Evidence, str], int]) -> None:
        self._codes = codes
        self.what: list[int] = []
        self.taken: list[bool] = []
        self.asked: list[bool] = []

    def __missing__(self, said: str) -> int:
        status, reason, permanent, provider, template, vendor_code = said.split(SPLIT, 5)
        word = outcome(status, reason or None, PERMANENT[permanent])
        self[said] = found = len(self.what)
        code = NOTHING if word is None else self._codes.setdefault((provider, word, vendor_code), len(self._codes))
        self.what.append(code)
        self.taken.append(word is Evidence.DELIVERED)
        self.asked.append(asks(template))
        return found


MOST_SHARED = 400_000
"""Rows that what came of one number may add up to over all whose contact it is; a clerk's stands for thousands, and what is thinned out says little more."""
SPLIT = "\x1f"
PERMANENT = {"": None, "t": True, "f": False}
"""As PostgreSQL writes it into a text."""
NOTHING = -99
"""Of a message whose end says nothing of its number."""


def observe(found: beliefs.Evidence, certified: beliefs.Certified) -> Observed:
    """What the rows of these numbers say of their pairs."""
    pairs, codes, starts = _Pairs(), dict[tuple[str, Evidence, str], int](), dict[str, int]()
    rows: list[tuple[int, int, int, int, int, bool]] = []
    listed = [(row[0], row[1], *row[3:6]) for row in found.contacts]
    rows += [_listed(pairs, starts, row) for part in (listed, found.listings) for row in part]
    rows += _moved(pairs, starts, found.moved)
    pair, at_s, said, meanings = _sent(pairs, codes, found)
    what, taken, asked = np.array(meanings.what, dtype=np.int64)[said], _flags(meanings.taken)[said], _flags(meanings.asked)[said]
    rows += _of_people(pairs, found.replies)
    rows += _of_numbers(pairs, codes, found)
    other = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    sent = _columns(pair, at_s, what, asks=asked)
    who, when = _certified(list(pairs), (pair[asked], at_s[asked], taken[asked]), certified)
    columns = [np.concatenate(parts) for parts in zip(other, sent, _columns(who, when, _SAID[Evidence.CERTIFIED], asks=True), strict=True)]
    seen = Observations(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5].astype(np.bool_))
    record = assemble(seen, np.array(pairs.address, dtype=np.int64), tuple(codes), tuple(starts), MOST_SHARED)
    count = len(pairs)
    return Observed(
        list(pairs),
        record,
        np.bincount(pair[taken], minlength=count),
        np.bincount(pair[~taken], minlength=count),
        np.bincount(np.concatenate([other[0][other[5] > 0], pair, who]), minlength=count),
        _last(pairs, columns),
        _denied(pairs, found.replies, count),
    )


def _columns(pair: Ints, at_s: Ints, what: Ints | int, *, asks: NDArray[np.bool_] | bool) -> tuple[Ints, ...]:
    """Columns of what is no listing."""
    nothing = np.full(len(pair), NONE)
    return pair, at_s, np.broadcast_to(what, len(pair)), nothing, nothing, np.broadcast_to(asks, len(pair)).astype(np.int64)


def _flags(values: list[bool]) -> NDArray[np.bool_]:
    return np.array(values, dtype=np.bool_)


def _last(pairs: _Pairs, columns: list[Ints]) -> Ints:
    """When something last came of each pair's number; a listing is nothing that came of it."""
    address = np.array(pairs.address, dtype=np.int64)
    last = np.zeros(len(pairs.numbers), dtype=np.int64)
    came = (columns[2] != NONE) & (columns[2] != MOVED)
    np.maximum.at(last, address[columns[0][came]], columns[1][came])
    return last[address]


def _listed(pairs: _Pairs, starts: dict[str, int], row: Sequence[Any]) -> tuple[int, int, int, int, int, bool]:
    key, person, source, verified, at_s = row
    start = starts.setdefault(start_of(source, verified=verified is not None), len(starts))
    # A feed may be ahead of our clock by hours; a check is never later than its listing.
    return pairs[key, person], at_s, NONE, start, NONE if verified is None else min(verified, day_of(at_s)), True


def _moved(pairs: _Pairs, starts: dict[str, int], rows: Sequence[Any]) -> Iterator[tuple[int, int, int, int, int, bool]]:
    """Later numbers of the persons of these pairs."""
    for row in rows:
        if (row[0], row[1]) in pairs:
            pair, at_s, _, start, verified, _ = _listed(pairs, starts, row)
            yield pair, at_s, MOVED, start, verified, False


def _sent(pairs: _Pairs, codes: dict[tuple[str, Evidence, str], int], found: beliefs.Evidence) -> tuple[Ints, Ints, Ints, _Meanings]:
    """Messages as columns: pair, when they ended, which of the meanings they had."""
    meanings = _Meanings(codes)
    sent = found.messages
    which = np.fromiter(map(meanings.__getitem__, sent.said), dtype=np.int64, count=len(sent.said))
    says = np.array(meanings.what, dtype=np.int64)[which] != NOTHING
    return _pairs_of(pairs, found)[says], sent.at_s[says], which[says], meanings


def _pairs_of(pairs: _Pairs, found: beliefs.Evidence) -> Ints:
    """The pair of each message. Those to one person at one number come one after the other, more often than not."""
    sent, persons = found.messages, dict[str, int]()
    if not len(sent.place):
        return np.zeros(0, dtype=np.int64)
    who = np.array([persons.setdefault(person, len(persons)) for person in sent.person], dtype=np.int64)
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(sent.place) != 0) | (np.diff(who) != 0)]))
    pair = [pairs[found.keys[sent.place[at]], sent.person[at]] for at in begins.tolist()]
    return np.repeat(np.array(pair, dtype=np.int64), np.diff(np.append(begins, len(who))))


def _of_people(pairs: _Pairs, rows: Sequence[Any]) -> Iterator[tuple[int, int, int, int, int, bool]]:
    """Answers."""
    for key, person, keyword, _, at_s in rows:
        if keyword in _ANSWERS:
            answered = [pairs[key, person]] if person else pairs.holders.get(key, [])
            if len(answered) == 1:  # whom an answer of many was about nobody knows
                yield answered[0], at_s, _SAID[_ANSWERS[keyword]], NONE, NONE, True


def _denied(pairs: _Pairs, rows: Sequence[Any], count: int) -> Ints:
    """The latest "not me" of each pair."""
    denied = np.zeros(count, dtype=np.int64)
    for key, person, keyword, _, at_s in rows:
        if keyword == Keyword.WRONG_PERSON:
            meant = [pairs[key, person]] if person else pairs.holders.get(key, [])
            if len(meant) == 1:
                denied[meant[0]] = max(denied[meant[0]], at_s)
    return denied


def _of_numbers(
    pairs: _Pairs, codes: dict[tuple[str, Evidence, str], int], found: beliefs.Evidence
) -> Iterator[tuple[int, int, int, int, int, bool]]:
    """What carriers' services said, and what owners of accounts did: of the number, whoever holds it. Put to one pair, it counts for all.

    For the others the same word counts once a day (`assemble`); so it must for the one that it is put to, for it may be any of them.
    """
    words = [
        (w.key, int(w.at.timestamp()), f"lookup:{w.service}", LOOKED_UP.get(LookupState(w.state)), str(w.state)) for w in found.lookups
    ]
    words += [(key, at_s, provider, _SIGNS.get(keyword), keyword) for key, _, keyword, provider, at_s in found.replies]
    before: set[tuple[bytes, int, int]] = set()
    for key, at_s, provider, said, word in sorted(words, key=itemgetter(0, 1)):
        if said is None or key not in pairs.holders:
            continue
        code = codes.setdefault((provider, said, word), len(codes))
        if (key, code, day_of(at_s)) in before and len(pairs.holders[key]) > 1:
            continue
        before.add((key, code, day_of(at_s)))
        yield pairs.holders[key][0], at_s, code, NONE, NONE, False


def _certified(
    pairs: list[tuple[bytes, str]], asked: tuple[Ints, Ints, NDArray[np.bool_]], certified: beliefs.Certified
) -> tuple[Ints, Ints]:
    """Pairs and seconds. A certification speaks for the numbers whose last message before it was delivered, and not long ago. `asked`: messages that asked for one."""
    pair, at_s, taken = asked
    order = np.lexsort((at_s, pair))
    pair, at_s, taken = pair[order], at_s[order], taken[order]
    of = np.unique(pair)
    times, days = certified.of(pairs[one][1] for one in of.tolist())
    who, when = np.repeat(of, times), last_second_of(days)  # its last second: it came after the message
    if not len(who):
        return who, when
    before = np.searchsorted(pair * FAR + at_s, who * FAR + when, side="right") - 1
    place = np.maximum(before, 0)
    speaks = (before >= 0) & (pair[place] == who) & taken[place] & (when - at_s[place] <= CERTIFIES_WITHIN * DAY_S)
    return who[speaks], when[speaks]


FAR = 2**34
"""Seconds beyond any date."""
