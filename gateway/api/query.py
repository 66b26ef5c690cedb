"""What stands behind the question mark, or in a body: each route's parameters are a struct, which also describes them in OpenAPI."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from gateway.api.problems import Flaw, Invalid, Problem

LARGEST_PAGE = 1000
SHANGHAI = ZoneInfo("Asia/Shanghai")

RegionCode = Annotated[str, Meta(pattern=r"^[1-9][0-9]{5}$", description="A region code (GB/T 2260): that region and everything below it.")]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+ -]\d{2}:\d{2})?)?$",
        description="RFC 3339, or a date of Asia/Shanghai.",
    ),
]
PersonId = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Format(StrEnum):
    """How a list answers: a page as JSON, or all of it as a file."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameters."""


class ListQuery(Query, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="Rows of a page of JSON.")] = 100
    cursor: Annotated[str, Meta(max_length=2000, description="`next_cursor` of the page before.")] | None = None
    format: Annotated[Format | None, Meta(description="json: a page; csv, xlsx: the whole list. Without it the header Accept decides.")] = (
        None
    )


Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=Struct)
_WHERE = re.compile(r" - at `\$\.(?P<name>\w+)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<name>\w{1,40})")


def parse(given: Mapping[str, str], wanted: type[Q]) -> Q:
    """The parameters as `wanted` describes them; one that is empty counts as absent.

    Raises:
        Invalid: A value does not fit, or nobody knows the parameter.

    """
    try:
        query = msgspec.convert({name: value for name, value in given.items() if value}, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid([_flaw(str(error))]) from error
    if any(not _storable(value) for value in given.values()):
        raise Invalid([Flaw("invalid", "", "A parameter holds NUL or half a character.")])
    return query


def parse_body(raw: bytes, wanted: type[B]) -> B:
    """The body as `wanted` describes it.

    Raises:
        Problem: 400, it is no JSON.
        Invalid: A value does not fit, or nobody knows the field.

    """
    try:
        return msgspec.json.decode(raw, type=wanted)
    except msgspec.ValidationError as error:
        raise Invalid([_flaw(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, "The body is not JSON.") from error


def moment(text: str | None, name: str, *, end: bool = False) -> datetime | None:
    """A moment with its offset (Shanghai where none is given). A bare date is its first moment, with `end` the first one after it.

    Raises:
        Invalid: There is no such date or time.

    """
    if text is None:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        # A plus sign that nobody escaped arrives as a space.
        given = datetime.fromisoformat(text[:10] + "T" + text[11:].replace(" ", "+").upper())
        return (given if given.tzinfo else given.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid([Flaw("invalid", name, "There is no such date or time.")]) from error


def _flaw(message: str) -> Flaw:
    """Says what msgspec found, without the value that was given."""
    if unknown := _UNKNOWN.search(message):
        return Flaw("unknown", unknown["name"], "There is no such parameter here.")
    where = _WHERE.search(message)
    said = _WHERE.sub("", message)
    return Flaw(
        "invalid",
        where["name"] if where else "",
        "This is none of the values it can have." if said.startswith("Invalid enum value") else said,
    )


def _storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
