"""One crash run: the roles as processes of their own, load on them, blows, quiet, and the count."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from bench.processes import HarnessError, wait_until
from bench.product import CALLBACK_TOKEN, SECTION, Product, VendorTerms
from bench.standin import Terms
from bench.store import StoreReader
from bench.vendor import StandIn
from tests.crash.blows import BLOWS
from tests.crash.books import OPEN, ledger_of
from tests.crash.ledger import Blow, Demand, Ledger
from tests.crash.sender import Sender

WORKERS = 2
VENDOR_MS = 150
"""Answers after; at 1,000 calls a second that keeps 150 open."""
RECEIPT_MS = 300
LOST_RECEIPTS = 0.01
"""Share of calls whose receipt never comes: those messages end by the receipts' time-out."""
GRACE_S = 60
"""Every notice is final within the receipts' time-out and this (issue)."""
BETWEEN_S = 2.0
HEAVY_S = 20.0
"""How long a blow waits for enough calls in flight before it falls anyway (and the run is judged too light)."""
DRAIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does."""

    blows: Sequence[str]
    events_per_s: float = 1_200
    demand: Demand = field(default_factory=Demand)
    receipt_timeout_s: float = 30

    def terms(self, url: str) -> VendorTerms:
        """One message a call, room for many calls at once; a time-out that no stall of the machine reaches, for that would be one more unknown."""
        return VendorTerms(
            url=url, batch_size=1, connections=300, timeout_s=6, lease_s=11.5, receipt_timeout_h=self.receipt_timeout_s / 3600
        )


@dataclass(frozen=True, slots=True)
class Round:
    """A row of the table. `taken` counts events accepted so far, `arrived` messages at the vendor."""

    what: str
    calls: int
    over_s: float
    by: str
    taken: int
    arrived: int


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that runs."""

    plan: Plan
    vendor: StandIn
    product: Product
    store: StoreReader
    sender: Sender
    blows: list[Blow] = field(default_factory=list)


@contextmanager
def staged(plan: Plan, today: date) -> Iterator[Scene]:
    """Starts vendor, gateway and load in a temporary folder; ends all of it, whatever happens."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="tixing-crash-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        vendor = StandIn(home, Terms(latency_ms=VENDOR_MS, receipt_delay_ms=RECEIPT_MS, faults={"lose": LOST_RECEIPTS}))
        stack.callback(vendor.stop)
        product = Product(home=home, terms=plan.terms(vendor.url))
        vendor.report_to(f"{product.url}/callbacks/{SECTION}/{CALLBACK_TOKEN}")
        stack.callback(product.stop)
        token = product.start(WORKERS)
        store = stack.enter_context(StoreReader(product.postgres.dsn))
        sender = Sender(product.url, token, plan.events_per_s, today)
        sender.start()
        stack.callback(sender.stop, 0)
        yield Scene(plan=plan, vendor=vendor, product=product, store=store, sender=sender)


def run(plan: Plan, tell: Callable[[Round], None]) -> Ledger:
    """Runs to the end and returns what is to be judged. Raises HarnessError where the product does not come back."""
    with staged(plan, datetime.now(ZoneInfo("Asia/Shanghai")).date()) as scene:
        try:
            for name in plan.blows:
                tell(strike(scene, name))
            time.sleep(BETWEEN_S)
            return settled(scene)
        except HarnessError as error:
            raise HarnessError(f"{error}\n{scene.product.tails()}") from error


def strike(scene: Scene, name: str) -> Round:
    """Waits until enough is in flight, strikes, waits until it is back."""
    time.sleep(BETWEEN_S)
    calls = _heavy(scene)
    at = time.time()
    came_back = BLOWS[name](scene.product)
    scene.blows.append(Blow(name, at, came_back.struck_at, came_back.over_at, calls))
    return Round(name, calls, came_back.over_at - at, came_back.by, len(scene.sender.accepted), scene.vendor.count().taken)


def _heavy(scene: Scene) -> int:
    """Calls open at the vendor once they are enough, or what there is when patience ends."""
    least = scene.plan.demand.calls_in_flight
    end = time.monotonic() + HEAVY_S
    while (calls := scene.vendor.count().open_calls) < least and time.monotonic() < end:
        time.sleep(0.02)
    return calls


def settled(scene: Scene) -> Ledger:
    """Stops the load, waits for the last notice (bounded), has the evidence verified, collects."""
    if not scene.sender.stop(DRAIN_S):
        raise HarnessError(f"the gateway does not take what is left: {scene.sender.troubles}")
    with suppress(HarnessError):  # the ledger names those that are open
        wait_until("every notice final", lambda: _open(scene.store) == 0, within_s=scene.plan.receipt_timeout_s + GRACE_S, every_s=1)
    evidence = scene.product.try_run("evidence", "verify")
    return ledger_of(scene.sender, scene.vendor, scene.store, scene.blows, evidence)


def _open(store: StoreReader) -> int:
    try:
        return int(store.value(OPEN))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return -1
