"""One attempt: makes a call within its lease and gives every message of it exactly one answer."""

from collections.abc import Callable, Mapping, Sequence

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_random_exponential
from tenacity.stop import stop_base

from gateway.dispatch.claim import Call
from gateway.logs import account, get_logger
from gateway.words import Fault, Outcome, Reason
from providers.base.types import Answer, Provider

TRIES_IN_LEASE = 3
"""Times a call of which nothing left is tried within its lease, where no other provider could take it."""
log = get_logger(__name__)


async def attempt(provider: Provider, call: Call, on_first_byte: Callable[[], None], *, alone: bool) -> Sequence[Answer]:
    """An answer for each message; never raises. `alone`: no other provider could take what could not leave."""
    try:
        answers = await provider.send(call.batch, call.lease.holds, on_first_byte)
        if alone and _nothing_left(answers):
            answers = await _again_in_lease(provider, call, on_first_byte)
        whole = len(answers) == len(call.started) and {a.reference for a in answers} == call.started.keys()
        return answers if whole else one_each(call, answers)
    except Exception as error:  # noqa: BLE001 - an edge: a driver that raises, or answers what is no answer, says nothing of what left
        log.error("provider_raised", provider=call.provider, messages=len(call.batch), **account(error))
        return one_each(call, [])


def one_each(call: Call, answers: Sequence[Answer]) -> list[Answer]:
    """Exactly one answer for each message of the call: a missing or doubled one makes that message unknown, a foreign one is dropped."""
    told: dict[str, Answer | None] = {}
    for answer in answers:
        told[answer.reference] = None if answer.reference in told else answer
    return [told.get(reference) or _unknown(reference, told) for reference in call.started]


def _unknown(reference: str, told: Mapping[str, Answer | None]) -> Answer:
    detail = "answered more than once" if reference in told else "not answered"
    return Answer(reference, Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER, detail=detail)


class _LeaseOver(stop_base):
    """Stops tries when the lease of a call is over."""

    def __init__(self, call: Call) -> None:
        self._holds = call.lease.holds

    def __call__(self, _: object) -> bool:
        return not self._holds()


def _nothing_left(answers: Sequence[Answer]) -> bool:
    return bool(answers) and all(a.outcome is Outcome.NOTHING_LEFT for a in answers)


async def _again_in_lease(provider: Provider, call: Call, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
    """Nothing left: the same attempt is tried again for as long as its lease allows (tenacity), then it counts as "later"."""
    retrying = AsyncRetrying(
        retry=retry_if_result(_nothing_left),
        stop=stop_after_attempt(TRIES_IN_LEASE) | _LeaseOver(call),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    answers: Sequence[Answer] = await retrying(provider.send, call.batch, call.lease.holds, on_first_byte)
    return answers
