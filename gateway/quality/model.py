"""All that the beliefs assume: rates, responses, starts, weights of codes. A value with a version; `fit` makes the next one.

The defaults are priors: from the code tables, from what is known of Chinese numbers (frozen for ninety days, then sold again: numbers.md §5), and for
the rest the middle of the populations that `bench/quality/populations.toml` names `tune-*`.
"""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.json import encode
from msgspec.structs import replace

from gateway.quality.days import written
from gateway.quality.evidence import Evidence, borrowed, code_of, during, repeating

Three = tuple[float, float, float]
"""Probability of one outcome where the number is (in service, off or suspended, dead)."""


class Rates(Struct, frozen=True):
    """How numbers change, per year, and the freeze in days."""

    death_on: float = 0.075
    """A number in service is given back."""
    death_off: float = 0.3
    """A number that is off or suspended is cancelled."""
    off: float = 0.3
    """A number in service goes off for long."""
    on: float = 12.0
    """A number that is off comes back."""
    freeze_days: float = 90.0
    """From death to the day it may be sold again (numbers.md §5)."""
    sale: float = 1.5
    """A number that may be sold is sold to a stranger."""
    brief: float = 0.0
    """A number in service goes off for days, beside those that go off for long; 0 where nothing of the kind was learned."""
    back: float = 52.0
    """A number that is off for days comes back."""


class Responses(Struct, frozen=True):
    """What people do after a message that the phone took, per message."""

    shares: tuple[float, ...] = (0.4, 0.35, 0.25)
    """Kinds of persons: those who act on notices, those who do now and then, those who hardly ever do."""
    certified: tuple[float, ...] = (0.6, 0.3, 0.05)
    """Certifies after a notice that reached them, by kind."""
    certified_else: float = 0.03
    """Certifies all the same, though the message reached a stranger."""
    certified_again: tuple[float, ...] = (0.45, 0.2, 0.04)
    """As `certified`, where the person has certified within `REST_DAYS` before the message: little is due then, so silence says less."""
    certified_again_else: float = 0.02
    """As `certified_else`, in that time."""
    replied: tuple[float, float] = (0.03, 0.01)
    """Answers: the person, a stranger."""
    wrong_person: tuple[float, float] = (0.0005, 0.05)
    """Answers "not me": the person, a stranger."""
    opted_out: tuple[float, float] = (0.003, 0.012)
    """Answers "no more": the person, a stranger."""
    certified_within: tuple[float, ...] = (1.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 45.0, 60.0)
    """Days within which a tenth, two tenths … all of those who certify after a notice have done so."""
    answered_days: float = 3.0
    """Days after which whoever answers has answered."""


class Start(Struct, frozen=True):
    """What a source is worth: where its numbers stand on the day it vouches for them."""

    mine: float
    dead: float
    stranger: float
    renews: float
    """How likely the source has checked a number that it lists again; as far, that replaces what was believed."""


class Span(Struct, frozen=True):
    """A time in which a provider's codes weighed otherwise than before and after: a route that lies for a while. Days are counted from 1970-01-01."""

    provider: str
    since: int
    until: int | None = None
    """The last day; None: it went on when this was learned, and what comes since counts as said in it."""

    @property
    def name(self) -> str:
        """Under which its codes are kept."""
        return during(self.provider, self.first_day)

    @property
    def first_day(self) -> str:
        """2026-01-05."""
        return written(self.since)

    @property
    def last_day(self) -> str:
        """2026-01-05, or nothing where it goes on."""
        return "" if self.until is None else written(self.until)

    def holds(self, day: int) -> bool:
        """Whether a day lies in it."""
        return self.since <= day and (self.until is None or day <= self.until)


class Model(Struct, frozen=True, dict=True):
    """Everything the beliefs assume. Immutable; `version` names it in records."""

    version: str = "prior-3"
    rates: Rates = field(default_factory=Rates)
    responses: Responses = field(default_factory=Responses)
    starts: Mapping[str, Start] = field(default_factory=lambda: dict(STARTS))
    codes: Mapping[str, Three] = field(default_factory=dict[str, Three])
    """Learned weights by `code_of`; what is not here has what its provider's codes of that class weigh together, else the prior of its class."""
    brief: Mapping[str, float] = field(default_factory=dict[str, float])
    """For codes of `codes`: their weight where the number is off for days. A phone that is switched off gives other words than one that is suspended."""
    blocked: Mapping[str, float] = field(default_factory=lambda: dict(BLOCKED))
    """Probability that the next message is blocked too: after one block, and under the name of `repeating` after one that was not the first in a row."""
    spans: tuple[Span, ...] = ()
    """Times in which a provider's codes weigh under another name; where two hold, the first."""
    moved: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(MOVED))
    """By source: how often a year it lists another number of a person while an earlier one is theirs, and once that is lost."""
    stages: int = 3
    """Steps in which the freeze passes: more make its length more certain."""

    @cached_property
    def types(self) -> int:
        """Kinds of persons."""
        return len(self.responses.shares)

    def blocks(self, evidence: str, *, again: bool) -> float:
        """Probability that the number blocks us after such a word, the first in a row or not. A model of an older form knows one for both."""
        return self.blocked.get(repeating(evidence), self.blocked[evidence]) if again else self.blocked[evidence]

    @cached_property
    def together(self) -> Mapping[str, tuple[str, ...]]:
        """The learned codes of a provider and class, by `provider|evidence|`."""
        made: dict[str, tuple[str, ...]] = {}
        for name in self.codes:
            made[_class_of(name)] = (*made.get(_class_of(name), ()), name)
        return made

    def called(self, provider: str, day: int) -> str:
        """The name under which a provider's words of that day weigh."""
        return next((span.name for span in self.spans if span.provider == provider and span.holds(day)), provider)

    def known(self, provider: str, evidence: str, vendor_code: str) -> tuple[str, ...]:
        """The learned codes that an outcome weighs as, together: its own, else those of its class at this provider; none: the prior of its class holds.

        A provider whose word for absent is worth little has no better one in a code that was first seen after the fit.
        """
        for name in borrowed(provider):
            own = code_of(name, evidence, vendor_code)
            if found := (own,) if own in self.codes else self.together.get(code_of(name, evidence, "")):
                return found
        return ()

    def weights(self, provider: str, evidence: str, vendor_code: str) -> Three:
        """What an outcome weighs where the number is in service, off, dead."""
        known = [self.codes[name] for name in self.known(provider, evidence, vendor_code)]
        return (
            (sum(one[0] for one in known), sum(one[1] for one in known), sum(one[2] for one in known))
            if known
            else CLASSES[Evidence(evidence)]
        )

    def weight_brief(self, provider: str, evidence: str, vendor_code: str) -> float:
        """What it weighs where the number is off for days."""
        known = self.known(provider, evidence, vendor_code)
        return sum(self.brief.get(name, self.codes[name][1]) for name in known) if known else BRIEF[Evidence(evidence)]


CLASSES: Mapping[Evidence, Three] = {
    Evidence.DELIVERED: (0.93, 0.05, 0.002),
    Evidence.NUMBER_ABSENT: (0.004, 0.03, 0.80),
    Evidence.NUMBER_SUSPENDED: (0.003, 0.35, 0.04),
    Evidence.UNREACHABLE: (0.02, 0.40, 0.03),
    Evidence.AMBIGUOUS: (0.01, 0.40, 0.40),
    Evidence.RECIPIENT_BLOCKED: (0.01, 0.001, 0.0005),
    Evidence.CARRIER_BLACKLIST: (0.004, 0.003, 0.003),
    Evidence.NO_RECEIPT: (0.03, 0.20, 0.10),
    Evidence.IN_SERVICE: (0.97, 0.30, 0.02),
}
"""Priors by class of outcome: P(outcome | in service, off, dead). Only ratios within a row count for a belief."""

BRIEF: Mapping[Evidence, float] = {
    Evidence.DELIVERED: 0.005,
    Evidence.NUMBER_ABSENT: 0.01,
    Evidence.NUMBER_SUSPENDED: 0.05,
    Evidence.UNREACHABLE: 0.70,
    Evidence.AMBIGUOUS: 0.40,
    Evidence.RECIPIENT_BLOCKED: 0.001,
    Evidence.CARRIER_BLACKLIST: 0.003,
    Evidence.NO_RECEIPT: 0.20,
    Evidence.IN_SERVICE: 0.30,
}
"""The same where the number is off for days: switched off (关机) rather than suspended (停机)."""

_WORDS = tuple(f"|{word}|" for word in CLASSES)


def provider_of(name: str) -> str:
    """The provider's name in a name of `code_of`."""
    return _class_of(name).rstrip("|").rpartition("|")[0]


def _class_of(name: str) -> str:
    """A name of `code_of` without the vendor's code."""
    ends = [place + len(word) for word in _WORDS if (place := name.find(word)) >= 0]
    return name[: min(ends)] if ends else name


VERIFIED = "+verified"
CROWDED = "many_persons"
"""Whatever the source: a number that stands for so many persons (`assemble.CROWD`) is an office's or a clerk's, and hardly ever theirs."""
STARTS: Mapping[str, Start] = {
    "self_service" + VERIFIED: Start(0.985, 0.003, 0.012, 0.97),
    "counter" + VERIFIED: Start(0.97, 0.005, 0.025, 0.9),
    "data_sharing" + VERIFIED: Start(0.93, 0.02, 0.05, 0.6),
    "legacy" + VERIFIED: Start(0.88, 0.03, 0.09, 0.3),
    "unknown" + VERIFIED: Start(0.88, 0.03, 0.09, 0.3),
    "self_service": Start(0.92, 0.02, 0.06, 0.6),
    "counter": Start(0.85, 0.05, 0.10, 0.5),
    "data_sharing": Start(0.80, 0.06, 0.14, 0.1),
    "legacy": Start(0.75, 0.07, 0.18, 0.05),
    "unknown": Start(0.78, 0.07, 0.15, 0.1),
    CROWDED: Start(0.25, 0.03, 0.72, 0.05),
}
"""Where the numbers of a source stand, unless the fit learned better."""


MOVED: Mapping[str, tuple[float, float]] = {
    "self_service": (1e-4, 5e-4),
    "counter": (1e-4, 4e-4),
    "data_sharing": (1e-4, 2e-4),
    "legacy": (1e-4, 1e-4),
    "unknown": (1e-4, 1e-4),
}
"""Only what they are to one another is believed before anything is learned; so seldom, that none comes says nothing. Who gives another number themselves has
lost the earlier one about as often as not; an old list that brings one says nothing."""


def start_of(source: str, *, verified: bool) -> str:
    """The row of `starts` for a listing."""
    if source == CROWDED:
        return CROWDED
    key = source if source in STARTS else "unknown"
    return key + VERIFIED if verified else key


def renamed(model: Model, version: str) -> Model:
    """The same under another version."""
    return replace(model, version=version)


def digest(content: Any) -> str:
    """What names a model's content, as a struct or as plain data, whatever version it bears."""
    plain = dict(to_builtins(content))
    plain.pop("version", None)
    return sha256(encode(plain, order="sorted")).hexdigest()[:12]


BLOCKED: Mapping[str, float] = {
    "recipient_blocked": 0.9,
    "carrier_blacklist": 0.6,
    repeating("recipient_blocked"): 0.99,
    repeating("carrier_blacklist"): 0.95,
}

PRIOR = Model()
"""What is assumed before anything is learned."""
