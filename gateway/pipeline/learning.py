"""Final words on messages → beliefs about their numbers, in the transaction that writes those words."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from gateway.quality.belief import NEW, NumberBelief, State, fold
from gateway.store import receipts
from gateway.store.pool import Connection
from gateway.store.receipts import Belief
from gateway.words import Reason, Status


class Word(Struct, frozen=True, gc=False):
    """A final word on a message to a number."""

    key: bytes
    channel: str
    status: Status
    reason: Reason | None


async def learn(connection: Connection, words: Iterable[Word], at: datetime) -> None:
    """Folds words into the beliefs of their numbers, which it locks in key order."""
    told = list(words)
    if not told:
        return
    channels = {w.key: w.channel for w in told}
    rows = await receipts.numbers(connection, list(channels))
    beliefs = {
        key: NumberBelief(delivered, failed, streak, p_alive, State(state)) for key, delivered, failed, streak, p_alive, state in rows
    }
    changed: dict[bytes, NumberBelief] = {}
    for word in told:
        before = changed.get(word.key) or beliefs.get(word.key, NEW)
        after = fold(before, word.status, word.reason)
        if after is not None:
            changed[word.key] = after
    known: list[Belief] = []
    new: list[Belief] = []
    for key, b in changed.items():
        (known if key in beliefs else new).append(Belief(key, channels[key], b.delivered, b.failed, b.absent_streak, b.p_alive, b.state))
    if new:
        await receipts.add_numbers(connection, new, at)
    if known:
        await receipts.put_numbers(connection, known, at)
