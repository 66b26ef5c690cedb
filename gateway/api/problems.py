"""Errors as RFC 9457 problems, whatever raised them.

Problem                  any status, with a sentence for people and extensions for machines
├── Missing              404: it is not there, or not in the caller's region
├── Invalid              422: a parameter or a field, with its path
└── Unavailable          503: the store is away; tells when to come back
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import msgspec
from aiohttp import web
from msgspec import Struct

TYPE = "application/problem+json"
RETRY_AFTER_S = 2
STORE_AWAY = "The store cannot be reached just now; nothing is lost, ask again."
# Classes of SQLSTATE that pass: connection, authorisation, database missing, rollback, resources, lock not available, operator, system.
_PASSING = frozenset({"08", "28", "3D", "40", "53", "55", "57", "58"})
_READ_ONLY = "25006"


class Flaw(Struct, frozen=True):
    """One thing that is wrong with what came."""

    code: str
    path: str
    detail: str


class Problem(Exception):
    """An answer that is an error. `detail` is for people and never holds personal data."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extensions: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def response(self) -> web.Response:
        """The problem as application/problem+json."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extensions,
        }
        return web.Response(
            body=msgspec.json.encode(body), status=self.status, headers={"Content-Type": TYPE, "Cache-Control": "no-store"} | self.headers
        )


class Missing(Problem):
    """There is no such thing, or it lies outside the caller's region: the two look the same."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"There is no such {what}, or it lies outside your region.")


class Invalid(Problem):
    """What came cannot be taken; `flaws` say where and why."""

    def __init__(self, flaws: Sequence[Flaw], detail: str = "Something is wrong with what you asked; see errors.") -> None:
        super().__init__(422, detail, errors=list(flaws))


class Unavailable(Problem):
    """The store is away or overloaded."""

    def __init__(self, detail: str = STORE_AWAY, retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(retry_after_s)})


_DETAILS = {
    400: "The request cannot be read.",
    404: "There is nothing at this path; /openapi.json lists what there is.",
    405: "This path does not take that method; see the header Allow.",
    413: "The body is larger than server.max_body_mib allows.",
    415: "This path does not take that content type.",
}


def problem_of(error: Exception) -> Problem:
    """The problem that an error means; one that nobody foresaw is a 500 that says nothing of it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        return _of_http(error)
    if store_is_away(error):
        return Unavailable()
    return Problem(500, "Something went wrong here; it is in the log.")


def store_is_away(error: Exception) -> bool:
    """Whether an error of the store's client will pass: connection lost or refused, starting, stopping, full, too slow."""
    if isinstance(error, asyncpg.PostgresError):
        state = str(error.sqlstate or "")
        return state[:2] in _PASSING or state == _READ_ONLY
    if isinstance(error, asyncpg.InternalClientError):
        return True  # a connection whose farewell was read in the middle of something else
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # DataError is a ValueError: an argument that does not fit is a bug, and stays
    return isinstance(error, OSError)  # TimeoutError and ConnectionError are OSErrors


def _of_http(error: web.HTTPException) -> Problem:
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(error.status, _DETAILS.get(error.status, error.reason), headers=allow)
