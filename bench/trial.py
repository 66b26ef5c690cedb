"""One run of one scenario: a fresh gateway, a fresh vendor, the load, the count."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.figures import Run, quantiles_ms
from bench.load import later, phone
from bench.loader import Plan, Posted
from bench.meter import Meter
from bench.processes import Child, HarnessError, wait_until
from bench.product import CALLBACK_TOKEN, SECTION, TREE, Product, VendorTerms
from bench.profile import profiled
from bench.scenarios import Scenario
from bench.standin import Terms
from bench.store import DELIVERED, StoreReader
from bench.vendor import StandIn, counted
from tests.standins.book import Arrival

WARM_UP = 300
"""Messages that pass through before the clock starts: connections, plans of statements and templates are ready then, as in any day's work."""
DEADLINE = later(4)
Progress = Callable[[str, float], None]
"""Told what is going on and which part of it is done, 0 to 1."""


@dataclass(slots=True, kw_only=True)
class Rig:
    """Everything that runs for one trial."""

    scenario: Scenario
    home: Path
    vendor: StandIn
    product: Product
    store: StoreReader
    token: str
    progress: Progress
    loaders: list[Child] = field(default_factory=list)

    def post(self, kind: str, first: int, count: int, *, warm: bool = False) -> Child:
        """A loader that has built everything and waits for the word; `warm` posts as fast as it goes."""
        bulk = kind == "registered" or warm
        plan = Plan(
            port=self.product.port,
            token=self.token,
            mode="ndjson" if bulk else self.scenario.mode,
            kind=kind,
            first=first,
            count=count,
            deadline=DEADLINE,
            connections=4 if bulk else self.scenario.connections,
            chunk=500 if bulk else self.scenario.chunk,
            rate_per_s=0 if bulk else self.scenario.rate_per_s,
        )
        loader = Child("loader", [sys.executable, "-m", "bench.loader"], self.home / "loader.log", cwd=TREE, talks=True)
        self.loaders.append(loader)
        loader.tell(msgspec.json.encode(plan).decode())
        loader.hear()
        return loader

    def stop(self) -> None:
        """Ends loaders that are left over from a failure."""
        for loader in self.loaders:
            loader.kill()

    def posted(self, loader: Child) -> Posted:
        """Waits for the loader's end. Raises HarnessError where something was not taken."""
        posted = msgspec.convert(loader.hear(), Posted)
        loader.stop()
        if posted.trouble:
            raise HarnessError(f"{self.scenario.name}: {posted.trouble}\n{self.product.tails()}")
        return posted


@contextmanager
def rigged(scenario: Scenario, tree: Path, progress: Progress) -> Iterator[Rig]:
    """Starts vendor and gateway in a temporary folder; stops both and removes it, whatever happens."""
    with ExitStack() as stack:
        progress("starting", 0)
        home = Path(tempfile.mkdtemp(prefix="tixing-bench-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        vendor = StandIn(home, Terms(latency_ms=scenario.vendor_delay_ms))
        stack.callback(vendor.stop)
        product = Product(home=home, tree=tree, terms=_terms(scenario, vendor.url))
        vendor.report_to(f"{product.url}/callbacks/{SECTION}/{CALLBACK_TOKEN}")
        stack.callback(product.stop)
        token = product.start(scenario.workers)
        store = stack.enter_context(StoreReader(product.postgres.dsn))
        rig = Rig(scenario=scenario, home=home, vendor=vendor, product=product, store=store, token=token, progress=progress)
        stack.callback(rig.stop)
        yield rig


def _terms(scenario: Scenario, url: str) -> VendorTerms:
    return VendorTerms(url=url, batch_size=scenario.vendor_batch, connections=scenario.vendor_connections)


def trial(scenario: Scenario, tree: Path, progress: Progress, profile_s: int = 0) -> tuple[Run, dict[str, str]]:
    """Runs the scenario once; returns the run and PostgreSQL's settings. `profile_s`: seconds to record with py-spy."""
    with rigged(scenario, tree, progress) as rig:
        preload_per_s = _preload(rig)
        _warm_up(rig)
        with profiled(rig.product.children, profile_s, scenario.name):
            return _measured(rig, preload_per_s), rig.store.settings()


def _preload(rig: Rig) -> float:
    """Loads the registry through the API; returns the events a second it took them at."""
    if not rig.scenario.preload:
        return 0
    rig.progress("loading the registry", 0)
    loader = rig.post("registered", 0, rig.scenario.count)
    loader.tell("go")
    posted = rig.posted(loader)
    return rig.scenario.count / (posted.last_answer - posted.first_byte)


def _warm_up(rig: Rig) -> None:
    """A few messages, on persons of their own."""
    rig.progress("warming up", 0)
    loader = rig.post("with_person", rig.scenario.count, WARM_UP, warm=True)
    loader.tell("go")
    rig.posted(loader)
    _all_final(rig, WARM_UP, within_s=120)


def _all_final(rig: Rig, messages: int, within_s: float) -> float:
    """Waits until the vendor got word back for every report and the store says delivered for every message; returns when, CLOCK_MONOTONIC.

    The store is asked only once the vendor has everything confirmed: counting costs it time.
    """

    def reported() -> bool:
        count = rig.vendor.count()
        rig.progress("sending", count.reported / messages)
        return count.reported >= messages

    try:
        wait_until(f"{messages} messages reported", reported, within_s=within_s)
        wait_until(f"{messages} messages final", lambda: rig.store.value(DELIVERED) >= messages, within_s=120, every_s=0.01)
    except HarnessError as error:
        raise HarnessError(f"{rig.scenario.name}: {error}; {rig.vendor.count()}; {rig.store.statuses()}\n{rig.product.tails()}") from error
    return time.monotonic()


def _measured(rig: Rig, preload_per_s: float) -> Run:
    scenario = rig.scenario
    loader = rig.post(scenario.kind, 0, scenario.count)
    groups = {**rig.product.groups(), "vendor": [rig.vendor.child.pid], "loader": [loader.pid]}
    own = [*groups["api"], *groups["worker"], *groups["scheduler"]]
    with Meter(groups, own) as meter:
        loader.tell("go")
        all_final_at = _all_final(rig, scenario.count + WARM_UP, within_s=_patience_s(scenario))
    posted = rig.posted(loader)
    arrivals = rig.vendor.arrivals()
    expected = {phone(number) for number in range(scenario.count)}
    return Run(
        count=scenario.count,
        seconds=all_final_at - posted.first_byte,
        posted_s=posted.last_answer - posted.first_byte,
        arrivals=counted(arrivals.values(), rig.vendor.stats().twice, expected, int(rig.store.value(DELIVERED)) - WARM_UP),
        cpu_us={name: seconds / scenario.count * 1e6 for name, seconds in meter.cost.cpu_s.items()},
        pss_mib=meter.cost.pss_mib,
        rss_mib=meter.cost.rss_mib,
        asked_to_wait=posted.asked_to_wait,
        preload_per_s=preload_per_s,
        latency_ms=quantiles_ms(_latencies(posted, arrivals)),
    )


def _patience_s(scenario: Scenario) -> float:
    """Long enough for a tenth of the target, short enough to end."""
    return max(60.0, scenario.count / max(scenario.target.per_s / 10, 100.0))


def _latencies(posted: Posted, arrivals: dict[str, Arrival]) -> list[float]:
    """Seconds from a request's first byte to the message's arrival at the vendor; only where events were posted one by one at a rate."""
    arrived_at = {arrival.to[-11:]: arrival.at for arrival in arrivals.values()}
    return [arrived_at[phone(n)] - sent_at for n, sent_at in enumerate(posted.sent_at) if phone(n) in arrived_at]
