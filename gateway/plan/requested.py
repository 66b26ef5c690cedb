"""`si.notice.requested`: any other notice, by template name."""

from gateway.events import Event, NoticeRequested
from gateway.model import Verdict
from gateway.plan.addressees import routed
from gateway.plan.codes import Code
from gateway.plan.duties import open_duty, trail
from gateway.plan.facts import put_contacts
from gateway.plan.ladder import requested_text
from gateway.plan.state import Rejection
from gateway.plan.work import SCHEDULED, SUPPRESSED, Duty, Work, close
from gateway.words import Cause, Kind, Lane, Reason


def requested(work: Work, event: Event, data: NoticeRequested) -> Verdict | Rejection:
    """One notice per (source, event id); only through the channels that were asked for."""
    channels = tuple(dict.fromkeys(data.channels or ()))
    if channels and not any(routed(work.rules, channel) for channel in channels):
        return Rejection(Code.INVALID, "$.data.channels", "no route carries any of these channels")
    texts = [text for channel in channels or _all_channels(work) if (text := requested_text(work.rules, data.template, channel))]
    if not texts:
        return Rejection(Code.INVALID, "$.data.template", "no such template for these channels")
    if wrong := work.rules.texts.problems(texts[0], data.params):
        return Rejection(Code.INVALID, "$.data.params", "; ".join(wrong))
    if data.expires_at is not None and data.send_after is not None and data.expires_at <= data.send_after:
        return Rejection(Code.INVALID, "$.data.expires_at", "must be later than send_after")
    put_contacts(work, event.contacts)
    due_at = work.now if data.send_after is None else max(data.send_after, work.now)
    duty = Duty(
        f"{Kind.REQUESTED}|{event.source}|{event.id}", Kind.REQUESTED, Cause.NONE, (), work.today, Lane(data.priority), due_at,
        trail(Kind.REQUESTED, Cause.NONE, "event"), expires_at=data.expires_at, event_source=event.source, event_id=event.id,
        template=data.template, params=data.params, channels=channels,
    )  # fmt: skip
    verdict = open_duty(work, duty)
    if duty.status == SCHEDULED and data.expires_at is not None and data.expires_at <= work.now and verdict.code == Code.NOTICE:
        close(work, duty, SUPPRESSED, Reason.EXPIRED)
        return Verdict(Code.EXPIRED, duty.id)
    return verdict


def _all_channels(work: Work) -> tuple[str, ...]:
    return tuple(dict.fromkeys(channel for _, channel in work.rules.settings.ladder))
