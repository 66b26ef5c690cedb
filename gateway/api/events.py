"""POST /v1/events: CloudEvents in all four content types, answered when they are on disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from urllib.parse import unquote

import msgspec
from aiohttp import web
from msgspec import Raw, Struct

from gateway.api.auth import Bearer, Tokens
from gateway.api.problems import Problem, Unavailable
from gateway.batching import Batcher, Closed
from gateway.intake.check import Checked, Checker, Rejected
from gateway.intake.check import Problem as Wrong
from gateway.pipeline.accept import ACCEPTED, Accepted, Offered, Result, Sender
from gateway.words import EventType, Scope

A_SET = 500
"""Events of one request that go to the store together."""
MOST_LINE_BYTES = 4 * 1024 * 1024
"""What a line of NDJSON may hold."""
RETRY_AFTER_S = 30
MAKES_NOTICES = frozenset({EventType.REMINDER_DUE, EventType.LAPSED, EventType.SUSPENDED, EventType.TERMINATED, EventType.NOTICE_REQUESTED})
"""What a full backlog refuses. Certifications, deaths, resumptions and corrections are always taken."""
STRUCTURED = frozenset({"application/cloudevents+json", "application/cloudevents"})
BATCHED = frozenset({"application/cloudevents-batch+json", "application/cloudevents-batch"})
_encode = msgspec.json.Encoder().encode
_decode_batch = msgspec.json.Decoder(list[Raw]).decode


class RejectedEvent(Struct, frozen=True):
    """An event of a request that was not taken, by its place among them."""

    index: int
    id: str
    errors: tuple[Wrong, ...]


class Warned(Struct, frozen=True):
    """Something of an accepted event that was left out: a contact whose address no message reaches."""

    index: int
    id: str
    code: str
    path: str
    detail: str


class Answer(Struct):
    """What became of the events of a request."""

    accepted: int = 0
    duplicate: int = 0
    rejected: list[RejectedEvent] = []
    warnings: list[Warned] = []


ONE_ACCEPTED = _encode(Answer(accepted=1))
JSON = {"Content-Type": "application/json; charset=utf-8"}


class Intake(Struct, frozen=True):
    """What the handler needs. `covers`: which regions a bearer may post for; `full`: the backlog is over its limit."""

    tokens: Tokens
    checker: Checker
    accept: Batcher[Offered, Result]
    covers: Callable[[Bearer], Callable[[str], bool] | None]
    full: Callable[[], bool]
    rejected: Callable[[Rejected], None]
    most_bytes: int


def events_handler(intake: Intake) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of POST /v1/events."""

    async def handle(request: web.Request) -> web.Response:
        bearer = await intake.tokens.admit(request, Scope.EVENTS)
        taking = _Taking(intake, bearer)
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            if kind == "application/x-ndjson":
                await taking.stream(request.content.iter_any())
            elif kind in BATCHED:
                await taking.batch(_events_of(await _body(request, intake.most_bytes)))
            elif kind in STRUCTURED:
                await taking.one(intake.checker.structured(await _body(request, intake.most_bytes)))
            elif "ce-id" in request.headers or "ce-specversion" in request.headers:
                await taking.one(intake.checker.binary(_attributes(request), await _body(request, intake.most_bytes)))
            else:
                raise Problem(
                    415, "Send application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson or ce-* headers."
                )
        except Closed:
            raise Unavailable("This gateway is stopping; send all of it again.") from None
        finally:
            await taking.end()
        return taking.response()

    return handle


async def _body(request: web.Request, most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise _too_large(most)
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(most) from None


def _too_large(most: int) -> Problem:
    return Problem(
        413, f"More than {most / 1024 / 1024:g} MiB (server.max_body_mib): send it in parts, or as application/x-ndjson, which is streamed."
    )


def _events_of(body: bytes) -> list[Raw]:
    try:
        return _decode_batch(body)
    except msgspec.ValidationError:
        raise Problem(400, "A batch is a JSON array of events.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {error}"[:200]) from None


def _attributes(request: web.Request) -> dict[str, str]:
    """The ce- headers, percent-decoded once, quoting stripped (CloudEvents HTTP binding §3.1.3.2)."""
    found = {}
    for name, value in request.headers.items():
        if name[:3].lower() == "ce-":
            bare = value[1:-1].replace('\\"', '"') if len(value) > 1 and value[0] == value[-1] == '"' else value
            try:
                bare.encode()  # aiohttp lets bytes that are no UTF-8 through as lone surrogates
                found[name[3:].lower()] = unquote(bare, errors="strict")
            except UnicodeError:
                raise Problem(400, f"The header {name} is not percent-encoded UTF-8.") from None
    return found


class _Taking:
    """One request on its way in: one set is checked while the one before is on its way to disk, and sets keep their order."""

    def __init__(self, intake: Intake, bearer: Bearer) -> None:
        self._intake = intake
        self._sources = bearer.sources
        self._sender = Sender(bearer.name, intake.covers(bearer))
        self._answer = Answer(rejected=[], warnings=[])
        self._seen = 0
        self._refused = 0
        self._before: asyncio.Task[None] | None = None

    async def one(self, checked: Checked | Rejected) -> None:
        """A request that is one event."""
        if isinstance(checked, Rejected) and checked.errors[0].code == "not_json":
            raise Problem(400, f"The body is not JSON: {checked.errors[0].detail}")
        await self._put([checked], 0)

    async def batch(self, found: Sequence[Raw]) -> None:
        """A request that is an array of events."""
        for start in range(0, len(found), A_SET):
            await self._next([self._intake.checker.structured(raw) for raw in found[start : start + A_SET]])
        await self._last()

    async def stream(self, content: AsyncIterator[bytes]) -> None:
        """A request of lines, taken as they come."""
        lines: list[bytes] = []
        async for line in _lines(content):
            lines.append(line)
            if len(lines) == A_SET:
                await self._next([self._intake.checker.structured(raw) for raw in lines])
                lines = []
        if lines:
            await self._next([self._intake.checker.structured(raw) for raw in lines])
        await self._last()

    async def end(self) -> None:
        """Waits for a set that is still on its way: an answer that is an error comes after it, too."""
        if self._before is not None:
            await asyncio.wait({self._before})
            if not self._before.cancelled():
                self._before.exception()  # the answer tells of an error already
            self._before = None

    def response(self) -> web.Response:
        """202, or a problem where nothing at all was taken."""
        answer = self._answer
        if answer.rejected and not answer.accepted and not answer.duplicate:
            if self._refused == len(answer.rejected):
                raise Problem(
                    429,
                    "Too many messages wait already (server.max_backlog): come back later.",
                    headers={"Retry-After": str(RETRY_AFTER_S)},
                )
            raise Problem(422, "None of it could be taken; see rejected.", accepted=0, duplicate=0, rejected=answer.rejected)
        body = ONE_ACCEPTED if answer.accepted == 1 and self._is_plain() else _encode(answer)
        return web.Response(body=body, status=202, headers=JSON)

    def _is_plain(self) -> bool:
        """One event, accepted, and nothing to say of it: most requests there are."""
        return not (self._answer.duplicate or self._answer.rejected or self._answer.warnings)

    async def _next(self, checked: Sequence[Checked | Rejected]) -> None:
        start, self._seen = self._seen, self._seen + len(checked)
        await self._last()
        self._before = asyncio.get_running_loop().create_task(self._put(checked, start))

    async def _last(self) -> None:
        if self._before is not None:
            before, self._before = self._before, None
            await before

    async def _put(self, checked: Sequence[Checked | Rejected], start: int) -> None:
        offered: list[Offered] = []
        places: list[int] = []
        full = self._intake.full()
        picky = full or bool(self._sources)
        for index, one in enumerate(checked, start):
            if isinstance(one, Rejected):
                self._reject(index, one)
                continue
            if picky and (refusal := self._not_allowed(one, full=full)):
                self._reject(index, refusal)
                continue
            offered.append(Offered(one.event, self._sender))
            places.append(index)
            for warning in one.warnings:
                self._answer.warnings.append(Warned(index, one.event.id, warning.code, warning.path, warning.detail))
        results = await self._intake.accept.submit(offered) if offered else []
        if results.count(ACCEPTED) == len(results):  # nearly always
            self._answer.accepted += len(results)
            return
        for index, result in zip(places, results, strict=True):
            self._count(index, result)

    def _not_allowed(self, checked: Checked, *, full: bool) -> Rejected | None:
        event = checked.event
        if self._sources and event.source not in self._sources:
            return Rejected(event.id, (Wrong("forbidden", "$.source", "this token may not post for that source"),))
        if full and event.type in MAKES_NOTICES:
            self._refused += 1
            return Rejected(event.id, (Wrong("backlog", "$.type", "too many messages wait already: send this event again later"),))
        return None

    def _count(self, index: int, result: Result) -> None:
        if isinstance(result, Accepted):
            if result.duplicate:
                self._answer.duplicate += 1
            else:
                self._answer.accepted += 1
        else:
            self._reject(index, result)

    def _reject(self, index: int, rejected: Rejected) -> None:
        self._answer.rejected.append(RejectedEvent(index, rejected.id, rejected.errors))
        self._intake.rejected(rejected)


async def _lines(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends; empty ones are passed over."""
    rest = b""
    async for chunk in content:
        found = (rest + chunk).split(b"\n")
        rest = found.pop()
        if len(rest) > MOST_LINE_BYTES:
            raise Problem(413, f"A line is longer than {MOST_LINE_BYTES // 1024 // 1024} MiB: one event a line.")
        for line in found:
            if line and not line.isspace():
                yield line
    if rest and not rest.isspace():
        yield rest
