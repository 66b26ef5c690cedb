"""notice × facts → stops or stands: the one table of what stops what, read by plan and by the claim alike (domain: What stops what).

Pure, and cheap enough for every single message: no I/O, no clock, no allocation where nothing stops.
"""

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from typing import Protocol

from msgspec import Struct

from gateway.model import Benefit
from gateway.words import Cause, Kind, Lane, Reason


class Claimed(Protocol):
    """What the table asks of a notice. `gateway.model.Notice` fits, and so does a row of the claim."""

    @property
    def kind(self) -> str:
        """Kind."""

    @property
    def cause(self) -> str:
        """Cause; empty where the kind has none."""

    @property
    def insurance(self) -> Sequence[str]:
        """The benefits it speaks of; empty: not said."""

    @property
    def effective(self) -> date:
        """The day it speaks of."""

    @property
    def deadline(self) -> date | None:
        """The cycle it belongs to, by its deadline."""

    @property
    def lane(self) -> str:
        """Lane."""


class Facts(Protocol):
    """What the table asks of a person. `gateway.model.Person` and `Standing` fit."""

    @property
    def deadline(self) -> date | None:
        """The current cycle's deadline; None: no cycle known."""

    @property
    def deceased(self) -> bool:
        """The person died."""

    @property
    def conflict(self) -> bool:
        """Certified after death."""

    @property
    def insurance(self) -> Sequence[str]:
        """The benefits the person draws; empty: not known."""

    @property
    def benefits(self) -> Sequence[Benefit]:
        """Where each benefit stands."""


class Cell(Enum):
    """What one fact does to one notice."""

    STANDS = auto()
    """Sent all the same: the text stays true."""
    STOPS = auto()
    """Not sent any more, closed with that reason."""
    IF_ALL = auto()
    """Stops once every benefit of the person is terminated: the cycle is per person [8]."""
    NOT_TO_SELF = auto()
    """Stands, to family or unit only; a message to the person's own number stops."""
    UNLESS_URGENT = auto()
    """Stops, except in the urgent lane."""
    HELD = auto()
    """A conflict [14, 27], which the person carries and which stops everything until people decide."""


class Row(Struct, frozen=True):
    """One line of the table: what each fact does to this notice."""

    certified: Cell
    deceased: Cell
    resumed: Cell
    terminated: Cell
    opted_out: Cell
    operator: Cell


_STANDS, _STOPS, _ALL, _HELD = Cell.STANDS, Cell.STOPS, Cell.IF_ALL, Cell.HELD
_NOT_SELF, _URGENT = Cell.NOT_TO_SELF, Cell.UNLESS_URGENT

_TERMINATION = Row(_STANDS, _STOPS, _STOPS, _STANDS, _STANDS, _STOPS)

# fmt: off
TABLE: dict[tuple[str, str], Row] = {
    #                                           certified deceased   resumed  terminated opted out operator
    (Kind.REMINDER, Cause.NONE):             Row(_STOPS,  _STOPS,    _STANDS, _ALL,      _STOPS,   _STOPS),
    (Kind.SUSPENSION, Cause.LAPSED):         Row(_STOPS,  _STOPS,    _STOPS,  _ALL,      _STANDS,  _STOPS),
    (Kind.SUSPENSION, Cause.NOT_CERTIFIED):  Row(_STANDS, _STOPS,    _STOPS,  _STOPS,    _STANDS,  _STOPS),
    (Kind.SUSPENSION, Cause.PAYMENT_FAILED): Row(_STANDS, _STOPS,    _STOPS,  _STOPS,    _STANDS,  _STOPS),
    (Kind.TERMINATION, Cause.DEATH):         Row(_HELD,   _NOT_SELF, _STOPS,  _STANDS,   _STANDS,  _STOPS),
    (Kind.TERMINATION, Cause.MISSING):       _TERMINATION,
    (Kind.TERMINATION, Cause.IMPRISONED):    _TERMINATION,
    (Kind.TERMINATION, Cause.NOT_CERTIFIED): _TERMINATION,
    (Kind.TERMINATION, Cause.OTHER):         _TERMINATION,
    (Kind.RESUMPTION, Cause.NONE):           Row(_STANDS, _STOPS,    _STANDS, _STOPS,    _STANDS,  _STOPS),
    (Kind.REQUESTED, Cause.NONE):            Row(_STANDS, _STOPS,    _STANDS, _STANDS,   _URGENT,  _STOPS),
}
# fmt: on
"""(kind, cause) → what each fact does. A dash of the domain's table (cannot happen) stands."""


def stops(
    notice: Claimed, person: Facts, *, opted_out: bool = False, to_self: bool = False, canceled: bool = False, expired: bool = False
) -> Reason | None:
    """Why this notice, or this message of it, must not leave; None where it may.

    Of the message: `opted_out` (whoever has its number wants no more of these), `to_self` (the person holds its number), `expired` (its
    validity ended). Of the notice: `canceled` (an operator said so). Without a message these stay False.

    Raises:
        KeyError: A kind and cause that the table does not know: nothing leaves on a guess.

    """
    row = TABLE[notice.kind, notice.cause]
    if canceled:
        return Reason.OPERATOR
    if (reason := _untrue(row, notice, person)) is not None:
        return reason
    if to_self and row.deceased is _NOT_SELF:
        return Reason.DECEASED
    if opted_out and refuses(notice):
        return Reason.OPTED_OUT
    return Reason.EXPIRED if expired else None


def untrue(notice: Claimed, person: Facts) -> Reason | None:
    """Which fact of the person makes the notice untrue, whatever its messages."""
    return _untrue(TABLE[notice.kind, notice.cause], notice, person)


def refuses(notice: Claimed) -> bool:
    """Whether an opt-out of the number stops this notice there."""
    cell = TABLE[notice.kind, notice.cause].opted_out
    return cell is _STOPS or (cell is _URGENT and notice.lane != Lane.URGENT)


EVERY_TEMPLATE = ""
"""Among the refusals of an account: it takes nothing of ours."""


def takes(refused: Sequence[str] | None, template: str) -> bool:
    """Whether the owner of an account (an openid) takes messages of this template; `refused` are those they said no to, mostly none."""
    return not refused or not (template in refused or EVERY_TEMPLATE in refused)


def _untrue(row: Row, notice: Claimed, person: Facts) -> Reason | None:
    if person.conflict:
        return Reason.CONFLICT
    if person.deceased and row.deceased is _STOPS:
        return Reason.DECEASED
    if notice.deadline is not None and row.certified is _STOPS and notice.deadline != person.deadline:
        return _other_cycle(notice.deadline, person.deadline)
    return _benefits(row, notice, person) if person.benefits else None


def _other_cycle(told: date, current: date | None) -> Reason:
    """A cycle is known by its deadline (28 February can come from two starts). One that ends earlier now was taken back or corrected."""
    return Reason.CERTIFIED if current is not None and current > told else Reason.SUPERSEDED


def _benefits(row: Row, notice: Claimed, person: Facts) -> Reason | None:
    if row.resumed is _STOPS and _resumed(notice, person):
        return Reason.RESUMED
    if row.terminated is _ALL and all_terminated(person):
        return Reason.TERMINATED
    if row.terminated is _STOPS and _terminated(notice, person):
        return Reason.TERMINATED
    return None


def _resumed(notice: Claimed, person: Facts) -> bool:
    """Resumed on or after the notice's day: all its benefits, or any where it speaks of the cycle (which is the person's) or of none."""
    since = {b.insurance for b in person.benefits if b.state == "active" and b.since is not None and b.since >= notice.effective}
    if not notice.insurance or notice.cause == Cause.LAPSED:
        return bool(since)
    return since.issuperset(notice.insurance)


def _terminated(notice: Claimed, person: Facts) -> bool:
    ended = {b.insurance for b in person.benefits if b.state == "terminated"}
    return ended.issuperset(notice.insurance) if notice.insurance else all_terminated(person)


def all_terminated(person: Facts) -> bool:
    """Whether no benefit is left for which the person would have to certify."""
    ended = {b.insurance for b in person.benefits if b.state == "terminated"}
    return ended.issuperset(person.insurance) if person.insurance else bool(ended) and len(ended) == len(person.benefits)
