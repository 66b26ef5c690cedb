"""What happened → metrics: the one place where the results of stages become counts. No number, id or vendor code is ever a label."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from gateway.dispatch.circuit import needs_operator
from gateway.dispatch.claim import Call
from gateway.dispatch.outlets import Outlets
from gateway.intake.check import Rejected
from gateway.metrics import Circuit, EventResult, Metrics
from gateway.pipeline.accept import ACCEPTED, Offered, Result
from gateway.pipeline.receive import Received
from gateway.pipeline.record import Recorded
from gateway.pipeline.sweep import Swept
from gateway.pipeline.write import Written
from gateway.words import Kind, NoticeStatus, Outcome, Reason, Status
from providers.base.types import Answer


class Observer:
    """Turns results into metrics, a set at a time; fills dispatch's port `Watcher` too."""

    def __init__(self, metrics: Metrics, outlets: Outlets | None = None) -> None:
        self._metrics = metrics
        self.outlets = outlets

    def offered(self, offered: Sequence[Offered], results: Sequence[Result]) -> None:
        """Events that went to the store."""
        if results.count(ACCEPTED) == len(results):
            for kind, n in Counter([o.event.type for o in offered]).items():
                self._metrics.events(kind, EventResult.ACCEPTED, n)
            return
        for (kind, result), n in Counter((o.event.type, _result(r)) for o, r in zip(offered, results, strict=True)).items():
            self._metrics.events(kind, result, n)

    def rejected(self, _: Rejected) -> None:
        """An event that did not get as far as the store."""
        self._metrics.events("", EventResult.REJECTED)

    def written(self, written: Written) -> None:
        """What plan decided."""
        for (kind, status), n in Counter([(n.kind, n.status) for n in written.notices]).items():
            self._metrics.notices(kind, status, n)
        self._closed(written.closed)
        for channel, n in Counter([d.channel for d in written.drafts]).items():
            self._metrics.messages(channel, None, Status.QUEUED, None, n)
        for (channel, reason), n in Counter((channel, reason) for _, channel, reason in written.canceled).items():
            self._metrics.messages(channel, None, Status.CANCELED, Reason(reason), n)

    def received(self, received: Received, at: datetime) -> None:
        """What vendors reported."""
        for (channel, provider, status, reason), n in Counter(
            [(s.channel, s.provider, r.status, r.reason) for s, r in received.moved]
        ).items():
            self._metrics.messages(channel, provider, status, reason, n)
        waited: dict[str, list[float]] = {}
        for standing, report in received.moved:
            if report.status is Status.DELIVERED and standing.sent_at is not None and standing.provider:
                waited.setdefault(standing.provider, []).append((at - standing.sent_at).total_seconds())
        for provider, seconds in waited.items():
            self._metrics.submit_to_delivery_s.of(provider).observe_many(seconds)
        for (provider, _), n in received.unmapped.items():
            self._metrics.unmapped_codes(provider, n)
        self._closed(received.closed)

    def recorded(self, call: Call, answers: Sequence[Answer], recorded: Recorded) -> None:
        """Answers that are on disk. `recorded` is shared by the calls of its transaction: only this call's messages count here."""
        sent = sum(1 for a in answers if a.outcome is Outcome.ACCEPTED)
        channel = call.batch[0].channel
        if sent:
            self._metrics.messages(channel, call.provider, Status.SENT, None, sent)
        unmapped = sum(1 for a in answers if a.reference in recorded.unmapped) if recorded.unmapped else 0
        if unmapped:
            self._metrics.unmapped_codes(call.provider, unmapped)
        if sent < len(answers):
            for moved in recorded.moved:
                if str(moved.id) in call.started:
                    self._metrics.messages(
                        moved.channel, call.provider, Status(moved.status), Reason(moved.reason) if moved.reason else None
                    )

    def unused(self, provider: str) -> None:
        """A claim found nothing to send."""
        if self.outlets is not None:
            self.outlets.unused(provider)

    def first_byte(self, call: Call, seconds: float) -> None:
        """A call's first byte was written `seconds` after its claim."""
        self._metrics.claim_to_first_byte_s.of(call.provider).observe(seconds)
        now = time.time()
        self._metrics.event_to_submit_s.of(call.lane).observe_many([now - s.created for s in call.started.values() if s.attempts == 1])

    def ended(self, call: Call, seconds: float, answers: Sequence[Answer]) -> None:
        """A call ended."""
        self._metrics.vendor_request_s.of(call.provider).observe(seconds)
        first = answers[0].outcome if answers else None
        if first is not None and all(a.outcome is first for a in answers):  # nearly always
            self._metrics.attempts(call.provider, first, len(answers))
        else:
            for outcome, n in Counter(a.outcome for a in answers).items():
                self._metrics.attempts(call.provider, outcome, n)
        if first is not Outcome.ACCEPTED and (refused := sum(map(needs_operator, answers))):
            self._metrics.misconfigured(call.provider, refused)
        if self.outlets is not None:
            self.outlets.ended(call.provider, answers)

    def stopped(self, channel: str, stopped: Sequence[tuple[str, str]]) -> None:
        """Messages that ended at the claim instead of leaving."""
        for (status, reason), n in Counter(stopped).items():
            self._metrics.messages(channel, None, Status(status), Reason(reason), n)

    def swept(self, swept: Swept) -> None:
        """What a sweep ended or gave up."""
        for (channel, status, reason), n in Counter((m.channel, m.status, m.reason) for m in swept.moved).items():
            self._metrics.messages(channel, None, Status(status), Reason(reason) if reason else None, n)

    def circuits(self) -> None:
        """Shows how this process sees its providers."""
        if self.outlets is not None:
            for provider, state in self.outlets.states().items():
                self._metrics.circuit(provider, Circuit(state))

    def _closed(self, closed: Sequence[tuple[int, str, str]]) -> None:
        for (kind, status), n in Counter((kind, status) for _, kind, status in closed).items():
            self._metrics.notices(Kind(kind), NoticeStatus(status), n)


def _result(result: Result) -> EventResult:
    if isinstance(result, Rejected):
        return EventResult.REJECTED
    return EventResult.DUPLICATE if result.duplicate else EventResult.ACCEPTED
