"""Fills a ledger from the three witnesses: the sender, the vendor, the store."""

import time
from collections.abc import Sequence

from bench.load import SOURCE
from bench.store import StoreReader
from bench.vendor import StandIn
from tests.crash.ledger import Accepted, Arrival, Blow, Claim, Ledger, Told
from tests.crash.sender import Sender

OPEN = "select count(*) from notice where status in ('scheduled', 'in_progress')"
EVENTS = "select id from event where source = $1"
CLAIMS = """
select unnest(message_ids)::text, extract(epoch from claimed_at)::float8, extract(epoch from lease_until)::float8,
       extract(epoch from answered_at)::float8, outcome from call"""
MESSAGES = "select id::text, notice_id::text from message"
NOTICES = "select id::text, person_id, duty, status from notice"


def ledger_of(sender: Sender, vendor: StandIn, store: StoreReader, blows: Sequence[Blow], evidence: tuple[int, str]) -> Ledger:
    """Everything that happened. Call it when the load is over and all is quiet."""
    return Ledger(
        accepted=list[Accepted](sender.accepted),
        rejected=list(sender.rejected),
        stored={str(row[0]) for row in store.rows(EVENTS, SOURCE)},
        arrivals=arrivals_of(vendor),
        claims=[Claim(*row) for row in store.rows(CLAIMS)],
        messages={str(message): str(notice) for message, notice in store.rows(MESSAGES)},
        notices={str(number): Told(*rest) for number, *rest in store.rows(NOTICES)},
        blows=list(blows),
        load_s=sender.load_s,
        evidence_status=evidence[0],
        evidence_said=evidence[1],
    )


def arrivals_of(vendor: StandIn) -> list[Arrival]:
    """In wall-clock time. The vendor stamps the first arrival of a reference and names those that came again."""
    to_wall = time.time() - time.monotonic()
    first = {reference: arrival.at + to_wall for reference, arrival in vendor.arrivals().items()}
    again = vendor.stats().twice_references
    return [Arrival(reference, at) for reference, at in first.items()] + [Arrival(reference, first[reference]) for reference in again]
