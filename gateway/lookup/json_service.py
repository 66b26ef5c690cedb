"""`http`: any service that answers a list of numbers as JSON over HTTP, by settings alone.

[lookup.carrier]
driver = "http"
url = "https://lookup.example.cn/v1/numbers"
headers = { Authorization = "env:LOOKUP_TOKEN" }
body = { mobiles = "{numbers}" }            # "{numbers}" becomes the list
form = "national"                           # 13800138000; "e164": +8613800138000
list = "data"                               # where the entries are; paths are keys joined by dots
number = "mobile"
state = "status"
carrier = "operator"
states = { "0" = "absent", "1" = "active", "2" = "suspended", "3" = "ported" }
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from gateway.lookup.port import Found, LookupFailed, LookupState
from providers.base.document import DocumentError, at, decoded, items, steps, text
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.link import Link, Silence
from providers.base.options import read_options, wrong
from providers.base.types import Settings

SLOT = "{numbers}"
MOBILE = 11
"""Digits of a mainland number; services put 86, +86 or nothing before them."""


class JsonOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The driver's own keys."""

    url: str
    body: dict[str, Any] | list[Any] | str
    number: str
    state: str
    states: dict[str, LookupState]
    headers: dict[str, str] = {}
    form: Literal["national", "e164"] = "national"
    list: str | None = None
    carrier: str | None = None


class JsonService:
    """Any service that takes and answers JSON."""

    def __init__(self, settings: Settings) -> None:
        """Raises `SettingsError`."""
        self._options = read_options(settings, JsonOptions)
        self._link = Link(settings)
        try:
            self._endpoint = Endpoint.of("POST", self._options.url, self._options.headers)
        except EndpointError as error:
            raise wrong(settings, error.key, str(error)) from error
        if _filled(self._options.body, []) == self._options.body:
            raise wrong(settings, "body", f'has no "{SLOT}": say where the numbers go')
        self._list, self._number = steps(self._options.list), steps(self._options.number)
        self._state, self._carrier = steps(self._options.state), steps(self._options.carrier)

    async def open(self) -> None:
        """Opens the connection pool."""
        await self._link.open()

    async def close(self) -> None:
        """Closes it."""
        await self._link.close()

    async def ask(self, numbers: Sequence[str]) -> Mapping[str, Found]:
        """One call. Raises LookupFailed."""
        written = [number.removeprefix("+86") if self._options.form == "national" else number for number in numbers]
        body = msgspec.json.encode(_filled(self._options.body, written))
        heard = await self._link.call(self._endpoint, body, lambda: True, lambda: None)
        if isinstance(heard, Silence):
            raise LookupFailed(heard.detail)
        if heard.status != HTTPStatus.OK:
            raise LookupFailed(f"HTTP status {heard.status}")
        try:
            entries = items(decoded(heard.body), self._list)
        except DocumentError as error:
            raise LookupFailed(f"the answer cannot be read: {error}") from error
        asked = {number[-MOBILE:]: number for number in numbers}
        said = ((asked.get((text(at(entry, self._number)) or "")[-MOBILE:]), entry) for entry in entries)
        return {number: self._found(entry) for number, entry in said if number is not None}

    def _found(self, entry: Any) -> Found:
        code = text(at(entry, self._state)) or ""
        carrier = text(at(entry, self._carrier)) if self._carrier else None
        return Found(self._options.states.get(code, LookupState.UNKNOWN), (carrier or "")[:32])


def _filled(node: Any, numbers: list[str]) -> Any:
    if node == SLOT:
        return numbers
    if isinstance(node, dict):
        return {key: _filled(value, numbers) for key, value in node.items()}
    return [_filled(value, numbers) for value in node] if isinstance(node, list) else node
