"""A backend that does as backends must: it posts at a steady pace and sends everything again until it was taken.

Of every ten persons seven are only reminded. One is certified before the reminder is posted, one at the same time, one right after it was taken:
so that a claim meets certifications from every side.
"""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from datetime import date

import aiohttp
import msgspec

from bench.load import certified, later, person_id, reminder_with_person
from tests.crash.ledger import Accepted

TICK_S = 0.05
RETRY_S = 0.1
TIMEOUT_S = 20.0
EVENTS_OF_TEN = 13
"""Events that ten persons make: ten reminders, three certifications."""
DEADLINE = later(3)


@dataclass(frozen=True, slots=True)
class Posting:
    """One event on its way: what it is, and its bytes."""

    identity: str
    person: str
    certifies: bool
    body: bytes


@dataclass(slots=True)
class Group:
    """The postings of one tick: two that go out at once, and two that wait until the one named like them was taken."""

    plain: list[Posting] = field(default_factory=list)
    certified_first: list[Posting] = field(default_factory=list)
    reminded_then: list[Posting] = field(default_factory=list)
    certified_meanwhile: list[Posting] = field(default_factory=list)
    reminded_first: list[Posting] = field(default_factory=list)
    certified_then: list[Posting] = field(default_factory=list)


def reminder(number: int) -> Posting:
    """A reminder that brings its person along."""
    return Posting(f"si.cycle.reminder-due-{number}", person_id(number), certifies=False, body=reminder_with_person(number, DEADLINE))


def certification(number: int, today: date) -> Posting:
    """The person was certified today."""
    return Posting(f"si.certification.recorded-{number}", person_id(number), certifies=True, body=certified(number, today))


def group(first: int, persons: int, today: date) -> Group:
    """The postings for a range of persons."""
    made = Group()
    for number in range(first, first + persons):
        share = number % 10
        if share == 7:
            made.certified_first.append(certification(number, today))
            made.reminded_then.append(reminder(number))
        elif share == 9:
            made.reminded_first.append(reminder(number))
            made.certified_then.append(certification(number, today))
        else:
            made.plain.append(reminder(number))
            if share == 8:
                made.certified_meanwhile.append(certification(number, today))
    return made


class Reply(msgspec.Struct):
    """What a 202 says."""

    rejected: list[msgspec.Raw]


class Sender:
    """Posts in a thread of its own until it is told to stop, then until everything was taken."""

    def __init__(self, url: str, token: str, events_per_s: float, today: date) -> None:
        self.accepted: list[Accepted] = []
        self.rejected: list[str] = []
        self.troubles: Counter[str] = Counter()
        self.load_s = 0.0
        self.persons = 0
        self._url, self._today = f"{url}/v1/events", today
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self._per_tick = max(10, round(events_per_s * TICK_S / EVENTS_OF_TEN * 10))
        self._stopping = threading.Event()
        self._giving_up = threading.Event()
        self._work: Future[None] = Future()
        self._thread = ThreadPoolExecutor(1, "sender")

    def start(self) -> None:
        """Begins to post."""
        self._work = self._thread.submit(lambda: asyncio.run(self._run()))

    def stop(self, within_s: float) -> bool:
        """Makes no new events and waits until all were taken; False where that did not happen in time."""
        self._stopping.set()
        try:
            self._work.result(within_s)
        except FutureTimeoutError:
            return False
        finally:
            self._giving_up.set()
            self._thread.shutdown()
        return True

    async def _run(self) -> None:
        start = time.monotonic()
        session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        async with session, asyncio.TaskGroup() as tasks:
            tick = 0
            while not self._stopping.is_set():
                self._spawn(tasks, session, group(self.persons, self._per_tick, self._today))
                self.persons += self._per_tick
                tick += 1
                await asyncio.sleep(max(0.0, start + tick * TICK_S - time.monotonic()))
            self.load_s = time.monotonic() - start

    def _spawn(self, tasks: asyncio.TaskGroup, session: aiohttp.ClientSession, made: Group) -> None:
        for first, then in (
            (made.plain, []),
            (made.certified_meanwhile, []),
            (made.certified_first, made.reminded_then),
            (made.reminded_first, made.certified_then),
        ):
            tasks.create_task(self._in_order(session, first, then))

    async def _in_order(self, session: aiohttp.ClientSession, first: list[Posting], then: list[Posting]) -> None:
        for postings in (first, then):
            if postings:
                await self._until_taken(session, postings)

    async def _until_taken(self, session: aiohttp.ClientSession, postings: list[Posting]) -> None:
        body = b"\n".join(posting.body for posting in postings)
        while not self._giving_up.is_set():
            try:
                async with session.post(self._url, data=body) as response:
                    said = await response.read()
                    at = time.time()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.troubles[type(error).__name__] += 1
            else:
                if response.status == 202:
                    self._note(postings, said, at)
                    return
                self.troubles[str(response.status)] += 1
                if response.status == 422:
                    self.rejected.append(said.decode(errors="replace")[:300])
                    return
            await asyncio.sleep(RETRY_S)

    def _note(self, postings: list[Posting], said: bytes, at: float) -> None:
        self.rejected += [bytes(one).decode()[:300] for one in msgspec.json.decode(said, type=Reply).rejected]
        self.accepted += [Accepted(posting.identity, posting.person, posting.certifies, at) for posting in postings]
