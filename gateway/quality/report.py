"""What a fit learned, as it is kept beside its model: weights of codes against their priors, routes, rates, what people do, what sources are worth."""

from datetime import datetime

from msgspec import Struct

from gateway.quality.model import Rates, Responses

LIES_FROM = 0.05
"""A provider that answers absent for more than this of numbers in service is named."""


class Weights(Struct, frozen=True):
    """Probability of an outcome where the number is in service, off or suspended, dead."""

    in_service: float
    off: float
    dead: float


class CodeWeights(Struct, frozen=True):
    """A vendor's code: how often it was seen, what it weighs, and what its class was assumed to weigh."""

    provider: str
    evidence: str
    vendor_code: str
    seen: int
    weights: Weights
    prior: Weights


class LiedTime(Struct, frozen=True):
    """A time in which a provider called more numbers in service absent than before and after. Days as 2026-01-05."""

    since: str
    until: str | None
    """The last day; None: it went on when this was learned."""
    outcomes: int
    false_absent: float


class RouteWorth(Struct, frozen=True):
    """A provider: outcomes that were learned from, and the share of numbers in service that it calls absent, but for times that are over."""

    provider: str
    outcomes: int
    false_absent: float
    suspect: bool
    """One of the shares is more than `LIES_FROM`, of at least `TRUSTED_FROM` outcomes or in a time that goes on."""
    false_absent_again: float = 0.0
    """The same of those numbers only that it called absent the time before."""
    lied: tuple[LiedTime, ...] = ()

    @property
    def again_more(self) -> bool:
        """Whether it is wrong about the same numbers rather than now about these, now about those: worth a word."""
        return self.false_absent_again > max(LIES_FROM, 2 * self.false_absent)

    @property
    def suspect_always(self) -> bool:
        """Suspect, and not for a time that goes on, which is said by itself."""
        return self.suspect and not any(time.until is None for time in self.lied)


class SourceWorth(Struct, frozen=True):
    """A source of numbers: where those that it gives stand on the day it vouches for them."""

    source: str
    mine: float
    dead: float
    stranger: float
    renews: float = 0.0
    """How likely it has checked a number that it lists again."""
    listed_again: int = 0
    """Other listings that this was learned from."""


class HeldOut(Struct, frozen=True):
    """How well histories that were not learned from are foretold: log-likelihood an observation, by the model before and by the new one."""

    pairs: int
    observations: int
    before: float
    after: float


class Report(Struct, frozen=True):
    """All of it."""

    before: str
    """Version of the model that was in force."""
    routes: tuple[RouteWorth, ...]
    codes: tuple[CodeWeights, ...]
    rates: Rates
    responses: Responses
    sources: tuple[SourceWorth, ...]
    held_out: HeldOut | None = None


class Basis(Struct, frozen=True):
    """What a model was learned from."""

    pairs: int
    """Of person and number."""
    observations: int
    outcomes: int
    """Of messages."""
    message_id: int
    """The last message then: later ones are new to this model."""
    until: datetime
