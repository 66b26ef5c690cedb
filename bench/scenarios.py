"""The loads that are measured, each with what it must reach (issue: "What it must reach")."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Target:
    """What a scenario must reach. Zero: nothing asked."""

    per_s: float = 0
    of_bare_client: float = 0
    p50_ms: float = 0
    p99_ms: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One load on a fresh gateway. `kind` names events of `bench.load`; `preload` loads the registry through the API first, before the clock."""

    name: str
    says: str
    target: Target
    kind: str = "with_person"
    preload: bool = False
    mode: str = "ndjson"
    connections: int = 4
    chunk: int = 500
    rate_per_s: float = 0
    count: int = 0
    short_count: int = 2_000
    vendor_batch: int = 1
    vendor_delay_ms: int = 0
    vendor_connections: int = 50
    workers: int = 1

    def shortened(self) -> "Scenario":
        """The same load, small enough for CI."""
        return replace(self, count=self.short_count)


SCENARIOS = (
    Scenario(
        name="batch100",
        says="NDJSON, persons known, vendor takes 100 a call",
        target=Target(per_s=15_000),
        kind="known",
        preload=True,
        count=90_000,
        vendor_batch=100,
    ),
    Scenario(
        name="batch100-new",
        says="NDJSON, each event brings its person, vendor takes 100 a call",
        target=Target(per_s=15_000),
        count=90_000,
        vendor_batch=100,
    ),
    Scenario(
        name="single",
        says="NDJSON, one vendor call a message",
        target=Target(per_s=7_500, of_bare_client=0.5),
        kind="known",
        preload=True,
        count=45_000,
        workers=2,
    ),
    Scenario(
        name="requests",
        says="each event its own request over 64 connections, vendor takes 100 a call",
        target=Target(per_s=5_000),
        mode="single",
        connections=64,
        count=30_000,
        vendor_batch=100,
    ),
    Scenario(
        name="latency",
        says="100 events/s, each its own request; event to vendor",
        target=Target(p50_ms=5, p99_ms=20),
        mode="single",
        connections=16,
        rate_per_s=100,
        count=2_500,
        short_count=300,
        vendor_batch=100,
    ),
    Scenario(
        name="slow",
        says="NDJSON, one call a message, vendor takes 50 ms a call",
        target=Target(per_s=4_000),
        kind="known",
        preload=True,
        count=24_000,
        short_count=1_000,
        vendor_delay_ms=50,
        vendor_connections=400,
        workers=2,
    ),
)

MEMORY_MIB = 300
"""What all gateway processes together may take."""
