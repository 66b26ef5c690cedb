"""Code tables: what a vendor's code means, in the driver's file, overridden by an operator's.

[providers.NAME.codes]                      # answers to a send
"isv.OUT_OF_SERVICE" = { outcome = "refused", reason = "account_problem", retry = "configuration" }
[providers.NAME.receipt_codes]              # reports; codes differ by province
"MK:0001" = { status = "undelivered", reason = "unreachable" }
"MK:0000" = { status = "undelivered", reason = "unreachable", permanent = "unknown" }   # vacant, suspended or off: it does not tell

A code ending in `*` in a table is a family, one in two `*` stands anywhere (`*BLACK*`): the longest that fits is taken where the code itself
is not listed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, TypeVar

import msgspec

from providers.base.json_answers import UNMAPPED as UNMAPPED_ANSWER
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import UNMAPPED as UNMAPPED_REPORT
from providers.base.json_receipts import ReportMeaning, Told
from providers.base.options import wrong
from providers.base.ruling import UNTOLD, Permanence, Ruling
from providers.base.types import Settings
from providers.base.words import Fault, Outcome, Reason, RetryClass, Status

Meaning = TypeVar("Meaning")
Raw = TypeVar("Raw")
ANY: Final = "*"


class Codes(msgspec.Struct, frozen=True):
    """The two keys of a provider's section that every driver with code tables has. Inherit it by the driver's options."""

    codes: Mapping[str, AnswerMeaning] = {}
    receipt_codes: Mapping[str, ReportMeaning] = {}


class CodeTable(Generic[Meaning]):
    """Codes and families with their meanings."""

    def __init__(self, meanings: Mapping[str, Meaning], unmapped: Meaning) -> None:
        self._codes = {code: meaning for code, meaning in meanings.items() if not code.endswith(ANY)}
        families = [(code[:-1], meaning) for code, meaning in meanings.items() if code.endswith(ANY)]
        self._families = sorted(families, key=lambda family: -len(family[0]))
        self._unmapped = unmapped

    def __getitem__(self, code: str | None) -> Meaning:
        """What a code means; `unmapped` where nobody said."""
        if code is None:
            return self._unmapped
        found = self._codes.get(code)
        if found is None:
            found = next((meaning for family, meaning in self._families if _fits(family, code)), self._unmapped)
        return found

    def __iter__(self) -> Iterator[tuple[str, Meaning]]:
        """All codes and families, for documents and tests."""
        yield from self._codes.items()
        yield from ((f"{family}{ANY}", meaning) for family, meaning in self._families)


def _fits(family: str, code: str) -> bool:
    """`family` without its last `*`."""
    return family[1:] in code if family.startswith(ANY) else code.startswith(family)


def refused(reason: Reason, retry: RetryClass, *, fault: Fault | None = None, permanent: Permanence = None) -> AnswerMeaning:
    """A row of a driver's table: refused for good by this provider."""
    return AnswerMeaning(Outcome.REFUSED, reason, fault, permanent, retry=retry)


def deferred(reason: Reason, retry_after_s: float | None = None, retry: RetryClass = RetryClass.RETRY) -> AnswerMeaning:
    """A row of a driver's table: refused for now."""
    return AnswerMeaning(Outcome.DEFERRED, reason, retry_after_s=retry_after_s, retry=retry)


def failed(reason: Reason, *, fault: Fault | None = None, permanent: Permanence = None) -> ReportMeaning:
    """A row of a driver's table: reported as not delivered. `permanent` None: as the reason says."""
    return ReportMeaning(Status.UNDELIVERED, reason, fault, permanent)


AMBIGUOUS: Final = failed(Reason.UNREACHABLE, permanent=UNTOLD)
"""A row of a driver's table: vacant, suspended, switched off, in one code. Nobody is given up for it, and it weighs less than either."""


def answers(settings: Settings, table: Mapping[str, AnswerMeaning], options: Codes) -> CodeTable[Ruling]:
    """A driver's table of answers under the operator's. Raises `SettingsError`."""
    return CodeTable(_compiled(settings, "codes", {**table, **options.codes}, AnswerMeaning.ruling), UNMAPPED_ANSWER)


def reports(settings: Settings, table: Mapping[str, ReportMeaning], options: Codes) -> CodeTable[Told]:
    """A driver's table of reports under the operator's. Raises `SettingsError`."""
    return CodeTable(_compiled(settings, "receipt_codes", {**table, **options.receipt_codes}, ReportMeaning.told), UNMAPPED_REPORT)


def _compiled(settings: Settings, key: str, table: Mapping[str, Raw], compiled: Callable[[Raw], Meaning]) -> dict[str, Meaning]:
    meanings = {}
    for code, raw in table.items():
        try:
            meanings[code] = compiled(raw)
        except ValueError as error:
            raise wrong(settings, f"{key}.{code}", str(error)) from error
    return meanings
