"""In which form a list answers: a page of JSON, or whole as CSV or XLSX."""

from typing import Any

from aiohttp import web

from gateway.api.calls import JSON, Call, json_answer
from gateway.api.listing import CSV, XLSX, Listing
from gateway.api.query import Format

KIND_OF = {Format.JSON: JSON, Format.CSV: CSV, Format.XLSX: XLSX}


async def answer(call: Call, listing: Listing[Any, Any, Any]) -> web.StreamResponse:
    """The list in the form that the query asks for, else in one that the caller takes."""
    query = call.query(listing.query)
    kind = KIND_OF[query.format] if query.format else call.accepts(*KIND_OF.values())
    if kind == JSON:
        return json_answer(await listing.page(call, query))
    from gateway.api import files  # noqa: PLC0415 - csv and temporary folders are for those who export

    return await (files.csv_answer if kind == CSV else files.xlsx_answer)(call, listing, query)
