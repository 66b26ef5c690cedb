"""Reads a vendor's JSON answer by settings alone: which fields hold what, which codes mean what.

[providers.acme.response]
list = "data.results"                       # where the entries are; left out: the answer is one entry about one message
reference = "ref"                           # what joins an entry to its message: `reference`, or `address`
code = "status"                             # what is looked up in `codes`; left out: an entry is an acceptance
id = "sid"
text = "message"
call_code = "code"                          # where the vendor rules on the call as a whole, too
call_ok = ["0"]
codes."0" = { outcome = "accepted" }
codes."1001" = { outcome = "refused", reason = "number_absent" }
status."503" = "deferred"                   # HTTP statuses that mean something else than usual
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from providers.base.document import at, decoded, items, picker, steps, text
from providers.base.join import by_address, joined
from providers.base.ruling import ACCEPTED, Permanence, Ruling, because, blamed, unreadable
from providers.base.types import Answer, Outgoing
from providers.base.vendor import UnreadableAnswer, told
from providers.base.words import Fault, Outcome, Reason, RetryClass

UNMAPPED: Final[Ruling] = because(Outcome.UNKNOWN, Reason.UNMAPPED, "the vendor's code is in no table")
_CONTRADICTION: Final[Ruling] = unreadable("the HTTP status says failed, the vendor's code says accepted")


class AnswerMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code means. `fault` and `permanent` follow from the reason where they are left out."""

    outcome: Outcome
    reason: Reason | None = None
    fault: Fault | None = None
    permanent: Permanence = None
    retry_after_s: float | None = None
    retry: RetryClass | None = None

    def ruling(self) -> Ruling:
        """Raises `ValueError` in an operator's words for a meaning that no vendor's code can have."""
        if self.outcome is Outcome.NOTHING_LEFT:
            raise ValueError("a vendor that answers was reached: use accepted, refused, deferred or unknown")
        if self.outcome is Outcome.ACCEPTED:
            return ACCEPTED
        return Ruling(self.outcome, *blamed(self.reason, self.fault, self.permanent), self.retry_after_s, retry=self.retry)


class ResponseOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[providers.NAME.response]`; paths are keys joined by dots."""

    list: str | None = None
    reference: str | None = None
    address: str | None = None
    code: str | None = None
    id: str | None = None
    text: str | None = None
    call_code: str | None = None
    call_text: str | None = None
    call_ok: Sequence[str] = ()
    codes: Mapping[str, AnswerMeaning] = {}
    status: Mapping[str, Outcome] = {}


class AnswerReader:
    """`ResponseOptions`, compiled."""

    def __init__(self, options: ResponseOptions, rulings: Mapping[str, Ruling]) -> None:
        self._rulings = rulings
        self._list = steps(options.list)
        self._call_code, self._call_text = steps(options.call_code), steps(options.call_text)
        self._call_ok = frozenset(options.call_ok)
        self._judges_entries = options.code is not None
        self._by_address = options.reference is None and options.address is not None
        self._joins = options.reference is not None or options.address is not None
        key = options.address if self._by_address else options.reference
        self._pick = picker((key, options.code, options.id, options.text))

    def answers(self, batch: Sequence[Outgoing], body: bytes, by_status: Ruling | None) -> Sequence[Answer]:
        """One answer a message. `by_status`: what an HTTP status other than 2xx says. Raises `UnreadableAnswer`, `DocumentError`."""
        if by_status is not None:
            return self._failed(batch, body, by_status)
        document = decoded(body)
        return self._of_call(batch, document) or self._of_entries(batch, items(document, self._list))

    def _of_call(self, batch: Sequence[Outgoing], document: Any) -> list[Answer] | None:
        """The answer to the call as a whole, where it was not taken."""
        if not self._call_code:
            return None
        code = text(at(document, self._call_code))
        if code in self._call_ok:
            return None
        ruling = self._ruling(code)
        return told(batch, UNMAPPED if ruling is ACCEPTED else ruling, code, text(at(document, self._call_text)))

    def _of_entries(self, batch: Sequence[Outgoing], entries: Sequence[dict[str, Any]]) -> list[Answer]:
        picked = [self._pick(entry) for entry in entries]
        if not self._joins:
            if len(batch) != 1 or len(picked) != 1:
                raise UnreadableAnswer("not one entry for one message, and nothing to join them by")
            return [self._judge(batch[0].reference, picked[0])]
        return joined(batch, [(text(entry[0]), entry) for entry in picked], self._judge, by_address(batch) if self._by_address else None)

    def _judge(self, reference: str, entry: list[Any]) -> Answer:
        _, code, vendor_id, said = entry
        code = text(code)
        ruling = self._ruling(code) if self._judges_entries else ACCEPTED
        return ruling.about(reference, text(vendor_id), code, text(said))

    def _ruling(self, code: str | None) -> Ruling:
        return UNMAPPED if code is None else self._rulings.get(code, UNMAPPED)

    def _failed(self, batch: Sequence[Outgoing], body: bytes, by_status: Ruling) -> list[Answer]:
        """Many vendors put their own code beside a 4xx: where it is mapped it says more than the status."""
        document = decoded(body)
        entry = self._pick(document) if document.__class__ is dict else [None] * 4
        code = text(at(document, self._call_code)) if self._call_code else text(entry[1])
        said = text(at(document, self._call_text)) if self._call_text else text(entry[3])
        ruling = by_status if code is None else self._rulings.get(code, by_status)
        return told(batch, _CONTRADICTION if ruling.outcome is Outcome.ACCEPTED else ruling, code, said)
