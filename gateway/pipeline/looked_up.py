"""What a carrier's service said of a number → evidence for the beliefs about it; weighed by service, as vendors' codes are by provider."""

from zoneinfo import ZoneInfo

from gateway.lookup.port import LookupState
from gateway.quality.evidence import Evidence, Observation
from gateway.store.lookups import Answered

EVIDENCE = {
    LookupState.ACTIVE: Evidence.IN_SERVICE,
    LookupState.PORTED: Evidence.IN_SERVICE,
    LookupState.SUSPENDED: Evidence.NUMBER_SUSPENDED,
    LookupState.ABSENT: Evidence.NUMBER_ABSENT,
}
"""A service that does not know says nothing."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = 719_163
"""1970-01-01, as Python counts days."""


def observed(word: Answered) -> Observation | None:
    """The observation that a word is; None where it says nothing."""
    evidence = EVIDENCE.get(LookupState(word.state))
    if evidence is None:
        return None
    return Observation(word.at.astimezone(SHANGHAI).toordinal() - EPOCH, evidence, f"lookup:{word.service}", word.state)
