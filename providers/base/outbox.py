"""What waits to be written on links: calls, the messages in them, and their segments.

The first segment of a message goes alone; the others follow once it was taken. So a refusal of the first is a refusal of all with nothing
sent, and a person gets no halves.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from providers.base.dialect import Segment, Verdict
from providers.base.link import LEASE_ENDED
from providers.base.ruling import Ruling, unreadable
from providers.base.types import Answer, StillMine
from providers.base.words import Outcome

TRIES_OF_A_PART: Final = 20
"""How often a part that was throttled is written again, its first part being taken. Each throttling pauses the links in between."""
_LEASE_ENDED: Final = Ruling(Outcome.NOTHING_LEFT, detail=LEASE_ENDED.detail)


class Call:
    """One `send`. Ends when each of its messages has an answer."""

    __slots__ = ("_answers", "_left", "_mine", "_on_first_byte", "_stretch", "_wrote", "done", "fresh", "started")

    def __init__(self, messages: Sequence[Sequence[Segment]], still_mine: StillMine, on_first_byte: Callable[[], None], now: float) -> None:
        self.started = now
        self.done: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self.fresh: deque[Letter] = deque(Letter(self, segments) for segments in messages)
        """Of these nothing was written."""
        self._answers: dict[str, Answer | None] = {letter.reference: None for letter in self.fresh}
        self._left = len(self._answers)
        self._mine, self._on_first_byte = still_mine, on_first_byte
        self._wrote = False
        self._stretch = -1

    def mine(self, stretch: int) -> bool:
        """Asks whether the lease holds, once in a stretch in which nothing is awaited; if not, what was not begun ends."""
        if stretch != self._stretch:
            self._stretch = stretch
            if not self._mine():
                self.give_up(_LEASE_ENDED)
                self._stretch = -1
                return False
        return True

    def writes(self) -> None:
        """A segment is written now."""
        if not self._wrote:
            self._wrote = True
            self._on_first_byte()

    def give_up(self, ruling: Ruling) -> None:
        """Ends the messages of which nothing was written."""
        while self.fresh:
            self.fresh.popleft().end(ruling)

    def expire(self, detail: str) -> None:
        """Ends all that has no answer; what was written is unknown."""
        self.fresh.clear()
        ruling = unreadable(detail)
        for reference in [reference for reference, answer in self._answers.items() if answer is None]:
            self.answered(ruling.about(reference))

    def answered(self, answer: Answer) -> None:
        """One message has its answer."""
        if self._answers[answer.reference] is not None:
            return
        self._answers[answer.reference] = answer
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result([answer for answer in self._answers.values() if answer is not None])


class Letter:
    """One message of a call."""

    __slots__ = ("_parts", "_tries", "call", "ended", "reference", "segments")

    def __init__(self, call: Call, segments: Sequence[Segment]) -> None:
        self.call, self.segments = call, segments
        self.reference = segments[0].message.reference
        self.ended = False
        self._parts: dict[int, str | None] = {}
        self._tries = 0

    def heard(self, segment: Segment, verdict: Verdict) -> Sequence[Segment]:
        """Takes the answer to one segment; returns what may be written now."""
        if self.ended:
            return ()
        if verdict.ruling.outcome is Outcome.ACCEPTED:
            return self._taken(segment, verdict)
        if not self._parts:
            self.end(verdict.ruling, verdict)
            return ()
        if verdict.pause_s > 0 and self._tries < TRIES_OF_A_PART:
            self._tries += 1
            return (segment,)
        self.end(unreadable(f"part {segment.number} of {segment.total} was not taken, a part before it was"), verdict)
        return ()

    def lost(self, detail: str) -> None:
        """The connection on which a segment was written is gone."""
        self.end(unreadable(detail))

    def _taken(self, segment: Segment, verdict: Verdict) -> Sequence[Segment]:
        first = not self._parts
        self._parts[segment.number] = verdict.part
        if len(self._parts) == len(self.segments):
            self.end(verdict.ruling, verdict)
        return self.segments[1:] if first else ()

    def end(self, ruling: Ruling, verdict: Verdict | None = None) -> None:
        """Gives this message its answer."""
        if self.ended:
            return
        self.ended = True
        parts = tuple(part for _, part in sorted(self._parts.items()) if part) if ruling.outcome is Outcome.ACCEPTED else ()
        code, text = (verdict.code, verdict.text) if verdict else (None, None)
        self.call.answered(
            Answer(
                self.reference,
                ruling.outcome,
                ruling.reason,
                ruling.fault,
                ruling.permanent,
                parts[0] if parts else self._parts.get(1),
                code,
                text,
                ruling.retry_after_s,
                ruling.detail,
                ruling.retry,
                parts,
            )
        )


class Outbox:
    """The segments to write next: parts of messages that were begun first, then one of each call in turn, so that none waits for a long one."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._rest: deque[tuple[Letter, Segment]] = deque()

    def __bool__(self) -> bool:
        return bool(self._rest) or bool(self._calls)

    def put(self, call: Call) -> None:
        """A new call."""
        self._calls.append(call)

    def again(self, letter: Letter, segments: Sequence[Segment]) -> None:
        """Parts of a message that was begun."""
        self._rest.extend((letter, segment) for segment in segments)

    def take(self, stretch: int) -> tuple[Letter, Segment] | None:
        """The next segment, whose lease was asked in this stretch: to be written before anything is awaited."""
        while self._rest:
            letter, segment = self._rest.popleft()
            if letter.ended or letter.call.done.done():
                continue
            if letter.call.mine(stretch):
                return letter, segment
            letter.end(unreadable("the lease ended between two parts"))
        while self._calls:
            call = self._calls.popleft()
            if call.fresh and call.mine(stretch):
                call.writes()
                letter = call.fresh.popleft()
                if call.fresh:
                    self._calls.append(call)
                return letter, letter.segments[0]
        return None
