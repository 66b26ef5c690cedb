"""All metrics, in one file (CONTRACT, Metrics; docs/metrics.md says what each is for), and the small server that shows them.

Counts are added per batch, not per message. Durations come in thousands a second, one by one: their histograms are our own, lists of counts that
cost a tenth of a microsecond an observation. Everything is for one event loop: no locks. Labels are closed sets; what is in none of them is `other`.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from aiohttp import web
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics, generate_latest

from gateway.histograms import OTHER, Histogram
from gateway.words import EventType, Kind, Lane, NoticeStatus, Outcome, Reason, Status

disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there; without it each counter has a second series that nobody asked for

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CALL_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
"""Bounds for one call to a vendor."""
SUBMIT_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600, 86400)
"""Bounds with the promises in them: 5 ms (p50) and 20 ms (p99) from the event to the vendor, 1 s (p99) from the claim to the first byte."""
DELIVERY_S = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400, 259200)
"""Bounds from the vendor's yes to the handset."""
RECEIPT_AGES_S = {"5m": (300, 3600), "1h": (3600, 86400), "24h": (86400, 259200)}
"""Of what a vendor took so long ago (from, until; in seconds): the share without a receipt."""


class EventResult(StrEnum):
    """What intake said of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Circuit(StrEnum):
    """Whether calls go to a provider."""

    CLOSED = "closed"
    """They go."""
    HALF_OPEN = "half_open"
    """A few go, to see whether it is well again."""
    OPEN = "open"
    """None goes."""


class CallbackResult(StrEnum):
    """What became of a request to a callback address."""

    TAKEN = "taken"
    """Read, and what it said is kept: mostly reports; a vendor's probe says nothing."""
    UNREADABLE = "unreadable"
    """Not what this vendor sends, or not signed by it."""
    REFUSED = "refused"
    """Wrong provider, token or address."""


class StoreGauges(Struct, frozen=True):
    """What the acting scheduler found in the whole store. `receipts_missing`: (provider, age) → share from 0 to 1, ages as in RECEIPT_AGES_S."""

    backlog: Mapping[str, int]
    oldest_due_s: Mapping[str, float]
    receipts_missing: Mapping[tuple[str, str], float]
    contacts: Mapping[str, int]
    uninformed: Mapping[str, int]
    inbox_oldest_s: Mapping[str, float]
    weights: Mapping[str, float] = {}
    """Of providers, now."""
    suspended: Mapping[str, bool] = {}
    """Whether an operator suspended a provider."""
    false_absent: Mapping[str, float] = {}
    """Share of numbers in service that each provider calls absent, as learned last."""
    model_age_s: Mapping[str, float] = {}
    """How long ago the model in force was learned, by its version; empty: nothing was learned yet."""


class Metrics:
    """The metrics of one process. `providers`: channels by name of provider; `states`: of contacts, as quality calls them."""

    def __init__(self, providers: Mapping[str, Collection[str]], version: str) -> None:
        self.registry = CollectorRegistry()
        self._providers = frozenset(providers)
        self._channels = frozenset(channel for channels in providers.values() for channel in channels)
        self._make_counters()
        self._make_durations()
        self._make_gauges(version)
        self._start_at_zero(providers)
        ProcessCollector(registry=self.registry)

    def events(self, kind: str, result: EventResult, n: int = 1) -> None:
        """Counts events of a type that intake accepted, knew already or rejected."""
        self._events.labels(kind if kind in EVENT_TYPES else OTHER, result).inc(n)

    def notices(self, kind: Kind, status: NoticeStatus, n: int = 1) -> None:
        """Counts notices that came into a status."""
        self._notices.labels(kind, status).inc(n)

    def messages(self, channel: str, provider: str | None, status: Status, reason: Reason | None = None, n: int = 1) -> None:  # its labels
        """Counts messages that came into a status; `provider` None: none was chosen yet."""
        self._messages.labels(channel if channel in self._channels else OTHER, self._provider(provider), status, reason or "").inc(n)

    def attempts(self, provider: str, outcome: Outcome, n: int = 1) -> None:
        """Counts messages by what came of their attempt."""
        self._attempts.labels(self._provider(provider), outcome).inc(n)

    def unmapped_codes(self, provider: str, n: int = 1) -> None:
        """Counts answers and reports with a code that is in no table."""
        self._unmapped.labels(self._provider(provider)).inc(n)

    def callbacks(self, provider: str, result: CallbackResult, n: int = 1) -> None:
        """Counts requests to callback addresses."""
        self._callbacks.labels(self._provider(provider), result).inc(n)

    def pulls(self, provider: str, went_well: bool, n: int = 1) -> None:  # noqa: FBT001 - told by a port
        """Counts fetches of the reports that a vendor keeps."""
        self._pulls.labels(self._provider(provider), "ok" if went_well else "failed").inc(n)

    def circuit(self, provider: str, state: Circuit) -> None:
        """Says how this process sees a provider."""
        for each in Circuit:
            self._circuit.labels(self._provider(provider), each).set(each is state)

    def misconfigured(self, provider: str, n: int = 1) -> None:
        """Counts messages that a provider refused because of our account, template or signature."""
        self._misconfigured.labels(self._provider(provider)).inc(n)

    def store(self, found: StoreGauges) -> None:
        """Shows what the acting scheduler found; every other process shows nothing of it."""
        self.forget_store()
        for lane in Lane:
            self._backlog.labels(lane).set(found.backlog.get(lane, 0))
            self._oldest.labels(lane).set(found.oldest_due_s.get(lane, 0))
        for kind in Kind:
            self._uninformed.labels(kind).set(found.uninformed.get(kind, 0))
        for (provider, age), share in found.receipts_missing.items():
            self._missing.labels(self._provider(provider), age).set(share)
        for provider in {*self._providers, *found.inbox_oldest_s}:
            self._inbox.labels(self._provider(provider)).set(found.inbox_oldest_s.get(provider, 0))
        self._show_providers(found)
        for state, number in found.contacts.items():
            self._contacts.labels(state).set(number)

    def _show_providers(self, found: StoreGauges) -> None:
        for provider, weight in found.weights.items():
            self._weight.labels(self._provider(provider)).set(weight)
        for provider, suspended in found.suspended.items():
            self._suspended.labels(self._provider(provider)).set(suspended)
        for provider in found.false_absent.keys() & self._providers:  # nothing is sent through look-up services, nor through what was
            self._false_absent.labels(provider).set(found.false_absent[provider])
        for version, age_s in found.model_age_s.items():
            self._model_age.labels(version).set(age_s)

    def forget_store(self) -> None:
        """Shows nothing of the store any more: another scheduler acts."""
        of_providers = self._missing, self._inbox, self._weight, self._suspended, self._false_absent
        for gauge in (self._backlog, self._oldest, self._uninformed, self._contacts, self._model_age, *of_providers):
            gauge.clear()

    def exposition(self) -> bytes:
        """What /metrics answers, as CONTENT_TYPE."""
        return generate_latest(self.registry)

    def _provider(self, name: str | None) -> str:
        return (name if name in self._providers else OTHER) if name else ""

    def _make_counters(self) -> None:
        def counter(name: str, documentation: str, *labels: str) -> Counter:
            return Counter(name, documentation, labels, registry=self.registry)

        self._events = counter("tixing_events_total", "Events that backends posted, by type and by what intake said", "type", "result")
        self._notices = counter("tixing_notices_total", "Notices that came into a status", "kind", "status")
        self._messages = counter("tixing_messages_total", "Messages that came into a status", "channel", "provider", "status", "reason")
        self._attempts = counter("tixing_attempts_total", "Messages by what came of an attempt at the provider", "provider", "outcome")
        self._misconfigured = counter(
            "tixing_configuration_refusals_total", "Messages refused because of our account, template or signature", "provider"
        )
        self._unmapped = counter("tixing_unmapped_codes_total", "Answers and reports with a code that is in no table", "provider")
        self._callbacks = counter("tixing_callbacks_total", "Requests to callback addresses", "provider", "result")
        self._pulls = counter("tixing_pulls_total", "Fetches of the reports that a vendor keeps", "provider", "result")

    def _make_durations(self) -> None:
        def histogram(name: str, documentation: str, label: str, values: Iterable[str], bounds: tuple[float, ...]) -> Histogram:
            made = Histogram(name, documentation, label, values, bounds)
            self.registry.register(made)
            return made

        providers = sorted(self._providers)
        self.vendor_request_s = histogram("tixing_vendor_request_seconds", "One call to a vendor", "provider", providers, CALL_S)
        self.event_to_submit_s = histogram(
            "tixing_event_to_submit_seconds", "From the acceptance of an event to its message's first byte", "lane", Lane, SUBMIT_S
        )
        self.claim_to_first_byte_s = histogram(
            "tixing_claim_to_first_byte_seconds", "From the commit of the claim to the first byte", "provider", providers, SUBMIT_S
        )
        self.submit_to_delivery_s = histogram(
            "tixing_submit_to_delivery_seconds", "From the vendor's yes to the report of delivery", "provider", providers, DELIVERY_S
        )

    def _make_gauges(self, version: str) -> None:
        def gauge(name: str, documentation: str, *labels: str) -> Gauge:
            return Gauge(name, documentation, labels, registry=self.registry)

        self._backlog = gauge("tixing_backlog_messages", "Messages that wait (acting scheduler)", "lane")
        self._oldest = gauge("tixing_oldest_due_seconds", "How long the longest-waiting message has been due (acting scheduler)", "lane")
        self._inbox = gauge(
            "tixing_inbox_oldest_seconds", "How long the oldest kept callback has waited to be applied (acting scheduler)", "provider"
        )
        self._missing = gauge(
            "tixing_receipts_missing_ratio", "Share of taken messages without a receipt (acting scheduler)", "provider", "age"
        )
        self._contacts = gauge("tixing_contacts", "Contacts by what quality believes of them (acting scheduler)", "state")
        self._uninformed = gauge("tixing_uninformed_notices", "Duties handed to people (acting scheduler)", "kind")
        self._circuit = gauge("tixing_provider_circuit", "1 for the state in which this process sees the provider", "provider", "state")
        self._weight = gauge(
            "tixing_provider_weight", "Weight of the provider against the others of its route (acting scheduler)", "provider"
        )
        self._suspended = gauge("tixing_provider_suspended", "1 where an operator suspended the provider (acting scheduler)", "provider")
        self._false_absent = gauge(
            "tixing_route_false_absent_ratio", "Share of numbers in service that the provider calls absent (acting scheduler)", "provider"
        )
        self._model_age = gauge(
            "tixing_quality_model_age_seconds", "How long ago the model in force was learned (acting scheduler)", "version"
        )
        gauge("tixing_build_info", "1, with the version as its label", "version").labels(version).set(1)

    def _start_at_zero(self, providers: Mapping[str, Collection[str]]) -> None:
        """Makes the series that will be asked for first: a rate over a series that appears with its first count misses that count."""
        for kind in (*EventType, OTHER):
            for result in EventResult:
                self.events(kind, result, 0)
        for notice in Kind:
            for status in NoticeStatus:
                self.notices(notice, status, 0)
        for provider, channels in providers.items():
            self._start_receipts_at_zero(provider)
            self.misconfigured(provider, 0)
            self.circuit(provider, Circuit.CLOSED)
            for outcome in Outcome:
                self.attempts(provider, outcome, 0)
            for channel in channels:
                for message in Status:
                    self.messages(channel, provider, message, n=0)

    def _start_receipts_at_zero(self, provider: str) -> None:
        self.unmapped_codes(provider, 0)
        for answer in CallbackResult:
            self.callbacks(provider, answer, 0)
        for went_well in (True, False):
            self.pulls(provider, went_well, 0)


EVENT_TYPES = frozenset(EventType)


class Readiness(Protocol):
    """What /readyz says: probe → "ok" or what is wrong."""

    @property
    def ready(self) -> bool:
        """Whether this process can work."""

    @property
    def checks(self) -> Mapping[str, str]:
        """Each probe and what it found."""


Ready = Callable[[], Awaitable[Readiness]]
"""Looks at the store, Redis and the migrations; bounded in time; never raises."""


async def serve(metrics: Metrics, host: str, port: int, ready: Ready) -> web.AppRunner:
    """Serves /metrics, /healthz and /readyz for a process that has no API. The caller cleans the runner up. Raises OSError where the port is taken."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        found = await ready()
        return web.json_response({"ready": found.ready, "checks": dict(found.checks)}, status=200 if found.ready else 503)

    app = web.Application()
    app.add_routes([web.get("/metrics", show), web.get("/healthz", healthz), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
