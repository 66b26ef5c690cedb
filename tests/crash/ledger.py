"""What a crash run remembers, and the checks on it. Pure: no process, no store; tests feed it ledgers that must fail."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.words import OPEN_NOTICE, NoticeStatus, Outcome

HURTING = ("worker", "postgres")
"""Blows after which nobody can say what came of a call: to who makes it, and to where its answer is kept."""
EXAMPLES = 5
"""How many offenders a failed check names."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that the gateway took. `at` is when its 202 was read, by the wall clock of this machine, as all times here."""

    identity: str
    person: str
    certifies: bool
    at: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the vendor saw it: our id and the moment."""

    message: str
    at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """One message of one call, as the store tells it."""

    message: str
    claimed_at: float
    lease_until: float
    answered_at: float | None
    outcome: str | None

    @property
    def over_at(self) -> float:
        """When it was no longer in flight."""
        return self.lease_until if self.answered_at is None else self.answered_at


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as the store tells it."""

    person: str
    duty: str
    status: str


@dataclass(frozen=True, slots=True)
class Blow:
    """Something that was killed, emptied or put to sleep. `calls`: how many were open at the vendor in that moment.

    It fell between `at` and `struck_at`: finding all of PostgreSQL's processes takes a while.
    """

    what: str
    at: float
    struck_at: float
    over_at: float
    calls: int


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that the checks look at. `messages` maps our message id to its notice id, `notices` a notice id to the notice."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    arrivals: list[Arrival] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    notices: dict[str, Told] = field(default_factory=dict)
    blows: list[Blow] = field(default_factory=list)
    load_s: float = 0
    evidence_status: int = 0
    evidence_said: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the load must have been for the run to mean anything."""

    events_per_s: float = 1_000
    calls_in_flight: int = 50


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was found against it."""

    name: str
    found: Sequence[str]
    note: str = ""

    @property
    def passed(self) -> bool:
        """Nothing was found."""
        return not self.found


def judge(ledger: Ledger, demand: Demand) -> list[Check]:
    """All checks, in the order of the issue."""
    return [
        Check("no accepted event lost", _lost(ledger), f"{len(ledger.accepted)} accepted"),
        Check("no event rejected", ledger.rejected),
        Check("every accepted reminder has its notice", _unplanned(ledger), f"{len(ledger.notices)} notices"),
        Check("no message twice at the vendor per person and duty", _doubled(ledger), f"{len(ledger.arrivals)} arrived"),
        Check("nothing at the vendor without an attempt on record", _unrecorded(ledger)),
        Check("no message to a person whose certification was accepted before the claim", _false(ledger), _withheld_note(ledger)),
        Check(
            "certifications were there in time to withhold messages",
            [] if _withheld(ledger) else ["none was withheld: the check above proves nothing"],
        ),
        Check("unknown at most what was in flight at the blows", _too_many_unknown(ledger), _unknown_note(ledger)),
        Check("every unknown attempt was in flight when a worker or PostgreSQL was struck", _unexplained(ledger)),
        Check("every notice final", _open(ledger)),
        Check("nobody counts as informed whom no message reached", _imagined(ledger)),
        Check("the chain of evidence holds", _broken_chain(ledger)),
        Check("the load was heavy enough", _too_light(ledger, demand), f"{_events_per_s(ledger):,.0f} events/s"),
    ]


def _lost(ledger: Ledger) -> list[str]:
    return _some(event.identity for event in ledger.accepted if event.identity not in ledger.stored)


def _certified_at(ledger: Ledger) -> dict[str, float]:
    return {event.person: event.at for event in ledger.accepted if event.certifies}


def _unplanned(ledger: Ledger) -> list[str]:
    planned = {notice.person for notice in ledger.notices.values()}
    certified = _certified_at(ledger)
    return _some(e.person for e in ledger.accepted if not e.certifies and e.person not in planned and e.person not in certified)


def _duty_of(ledger: Ledger, message: str) -> tuple[str, str]:
    notice = ledger.notices.get(ledger.messages.get(message, ""))
    return (notice.person, notice.duty) if notice else ("nobody", f"message {message}")


def _doubled(ledger: Ledger) -> list[str]:
    times = Counter(_duty_of(ledger, arrival.message) for arrival in ledger.arrivals)
    return _some(f"{person} {duty}: {count} times" for (person, duty), count in times.items() if count > 1)


def _unrecorded(ledger: Ledger) -> list[str]:
    claimed = {claim.message for claim in ledger.claims}
    return _some(arrival.message for arrival in ledger.arrivals if arrival.message not in claimed)


def _claims_of(ledger: Ledger) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for claim in ledger.claims:
        found[claim.message].append(claim.claimed_at)
    return found


def _false(ledger: Ledger) -> list[str]:
    certified, claims = _certified_at(ledger), _claims_of(ledger)
    said = []
    for arrival in ledger.arrivals:
        person, _ = _duty_of(ledger, arrival.message)
        claimed_at = max((at for at in claims[arrival.message] if at <= arrival.at), default=arrival.at)
        if person in certified and certified[person] < claimed_at:
            said.append(f"{person}: certified {claimed_at - certified[person]:.3f} s before the claim of message {arrival.message}")
    return _some(said)


def _withheld(ledger: Ledger) -> int:
    reached = {_duty_of(ledger, arrival.message)[0] for arrival in ledger.arrivals}
    return sum(person not in reached for person in _certified_at(ledger))


def _withheld_note(ledger: Ledger) -> str:
    return f"{len(_certified_at(ledger))} certified, {_withheld(ledger)} of them withheld"


def _unknown(ledger: Ledger) -> list[Claim]:
    return [claim for claim in ledger.claims if claim.outcome == Outcome.UNKNOWN]


def _hurting(ledger: Ledger) -> list[Blow]:
    return [blow for blow in ledger.blows if blow.what.startswith(HURTING)]


def _in_flight(ledger: Ledger) -> int:
    return sum(claim.claimed_at <= blow.struck_at and blow.at < claim.over_at for blow in _hurting(ledger) for claim in ledger.claims)


def _unknown_note(ledger: Ledger) -> str:
    return f"{len(_unknown(ledger))} unknown, {_in_flight(ledger)} in flight when a worker or PostgreSQL was struck"


def _too_many_unknown(ledger: Ledger) -> list[str]:
    return [] if len(_unknown(ledger)) <= _in_flight(ledger) else [_unknown_note(ledger)]


def _unexplained(ledger: Ledger) -> list[str]:
    return _some(
        f"message {claim.message}"
        for claim in _unknown(ledger)
        if not any(claim.claimed_at <= blow.over_at and claim.over_at >= blow.at for blow in _hurting(ledger))
    )


def _open(ledger: Ledger) -> list[str]:
    return _some(f"{notice.person}: {notice.status}" for notice in ledger.notices.values() if notice.status in OPEN_NOTICE)


def _imagined(ledger: Ledger) -> list[str]:
    reached = {ledger.messages.get(arrival.message) for arrival in ledger.arrivals}
    return _some(
        f"{notice.person}: notice {number}"
        for number, notice in ledger.notices.items()
        if notice.status == NoticeStatus.INFORMED and number not in reached
    )


def _broken_chain(ledger: Ledger) -> list[str]:
    if ledger.evidence_status == 0:
        return []
    return [f"tixing evidence verify ended with {ledger.evidence_status}", *ledger.evidence_said.splitlines()[-EXAMPLES:]]


def _events_per_s(ledger: Ledger) -> float:
    return len(ledger.accepted) / ledger.load_s if ledger.load_s else 0.0


def _too_light(ledger: Ledger, demand: Demand) -> list[str]:
    said = [f"{blow.what}: {blow.calls} calls in flight" for blow in ledger.blows if blow.calls < demand.calls_in_flight]
    if _events_per_s(ledger) < demand.events_per_s:
        said.append(f"{_events_per_s(ledger):,.0f} events/s")
    return said


def _some(found: Iterable[str]) -> list[str]:
    """The first few, and how many there were."""
    listed = list(found)
    rest = len(listed) - EXAMPLES
    return [*listed[:EXAMPLES], f"and {rest} more"] if rest > 0 else listed
