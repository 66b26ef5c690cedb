"""A population of `bench/quality` as the store would have recorded it: persons, contacts, messages with their last words, certifications."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from bench.quality.population import History, happen, populations
from gateway.quality.evidence import Evidence
from gateway.quality.model import VERIFIED
from gateway.quality.record import NONE
from tests.pipeline.events import today

EPOCH = date(1970, 1, 1)
SAID: dict[str, tuple[str, str | None, bool | None]] = {
    Evidence.DELIVERED: ("delivered", None, None),
    Evidence.NUMBER_ABSENT: ("undelivered", "number_absent", True),
    Evidence.NUMBER_SUSPENDED: ("undelivered", "number_suspended", False),
    Evidence.UNREACHABLE: ("undelivered", "unreachable", False),
    Evidence.AMBIGUOUS: ("undelivered", "unreachable", None),
    Evidence.RECIPIENT_BLOCKED: ("undelivered", "recipient_blocked", False),
    Evidence.CARRIER_BLACKLIST: ("undelivered", "carrier_blacklist", False),
    Evidence.NO_RECEIPT: ("undelivered", "no_receipt", None),
}
PERSON = ("id", "certified")
CONTACT = ("id", "person_id", "channel", "key", "relation", "source", "verified_on", "sealed", "updated_at")
MESSAGE = (
    "id", "notice_id", "person_id", "rung", "channel", "lane", "contact_id", "key", "addressee", "template", "version", "segments", "status",
    "provider", "reason", "permanent", "vendor_code", "created_at", "sent_at", "final_at", "seal_id",
)  # fmt: skip


def lived(name: str, persons: int, seed: int = 5) -> History:
    """A history of a population that ended yesterday."""
    return happen(populations()[name], seed, persons)


def key_of(address: int) -> bytes:
    return blake2b(str(address).encode(), digest_size=16).digest()


async def record(connection: Any, history: History) -> None:
    """Writes it by COPY. Times are put off so that the last day was yesterday."""
    source, later = history.source, timedelta(days=(today() - EPOCH).days - 1 - history.end_day)
    certified: defaultdict[int, set[date]] = defaultdict(set)
    contacts: list[tuple[Any, ...]] = []
    messages: list[tuple[Any, ...]] = []
    columns = (source.seen.pair, source.seen.at_s, source.seen.what, source.seen.start, source.seen.verified_day)
    for pair, at_s, what, start, verified in zip(*(column.tolist() for column in columns), strict=True):
        at, key = datetime.fromtimestamp(at_s, UTC) + later, key_of(int(source.address[pair]))
        if what == NONE:
            day = None if verified == NONE else EPOCH + timedelta(days=verified) + later
            contacts.append((pair + 1, f"p{pair}", "sms", key, "self", source.starts[start].removesuffix(VERIFIED), day, b"", at))
        elif what == NONE - 1:
            certified[pair].add(at.date())
        elif what >= 0:
            provider, word, code = source.codes[what]
            status, reason, permanent = SAID[word]
            messages.append((
                len(messages) + 1, 1, f"p{pair}", 1, "sms", "normal", pair + 1, key, "self", "reminder.first", "v1", 1, status,
                provider, reason, permanent, code, at, at, at, 1,
            ))  # fmt: skip
    persons = [(f"p{pair}", sorted(certified[pair])) for pair in range(len(source.address))]
    for table, names, rows in (("person", PERSON, persons), ("contact", CONTACT, contacts), ("message", MESSAGE, messages)):
        await connection.copy_records_to_table(table, records=rows, columns=names)
