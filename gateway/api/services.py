"""What the API is given: engines, keys and the ports that other rooms fill. Only gateway/__main__.py makes one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

import asyncpg
from aiohttp import web

from gateway.config import Config
from gateway.store.vault import Cipher
from gateway.words import OverrideRefusal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from gateway.api.auth import Tokens


class RenderText(Protocol):
    """Renders a pinned template version again (gateway/render)."""

    def __call__(self, template: str, version: str, values: dict[str, str]) -> str | None:
        """The text that went out; None where that version is not known any more."""


class Calendar(Protocol):
    """The pure dates that the API needs: the module scheduler.calendar fits."""

    @property
    def BANDS(self) -> tuple[str, ...]:  # noqa: N802 - the calendar's constant
        """The bands of the uncertified list, youngest first."""

    def band(self, start: date, as_of: date) -> str | None:
        """The band that somebody unconfirmed since `start` stands in; None below ten full months."""

    def band_range(self, name: str, as_of: date) -> tuple[date | None, date]:
        """The starts that stand in a band on `as_of`, as (first or None, last), both included."""


class Regions(Protocol):
    """Names of regions (gateway/regions)."""

    def name(self, code: str) -> str:
        """The name people know the region by; empty for a code that nobody knows."""

    def towards(self, above: str | None, code: str) -> str:
        """The region right below `above` (None: the country) on the way to `code`."""


class Cancel(Protocol):
    """Withdraws a notice (gateway/plan, under the person's lock)."""

    async def __call__(self, notice_id: int, who: str) -> bool:
        """True: it was open and is canceled now, on record with `who`. False: it was final."""


class Overriding(Protocol):
    """Overrides suppressions (gateway/pipeline, under the person's lock), on record with `who`."""

    async def ask(self, person_id: str, contact_id: int, reason: str, until: datetime, who: str) -> int | OverrideRefusal:
        """Asks for one; its id."""

    async def confirm(self, override_id: int, who: str) -> OverrideRefusal | None:
        """Puts one that is there in force. None: it took effect."""

    async def withdraw(self, override_id: int, who: str) -> OverrideRefusal | None:
        """Ends one that is there. None: it took effect."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What /readyz says: probe → "ok" or what is wrong, in clear words without secrets; settings such as fsync may stand among them."""

    ready: bool
    checks: dict[str, str]


class Ready(Protocol):
    """Looks at the store, Redis and the migrations; bounded in time."""

    async def __call__(self) -> Readiness:
        """Probes now. Never raises."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that build_app needs."""

    config: Config
    pool: asyncpg.Pool
    cipher: Cipher
    tokens: "Tokens"
    render_text: RenderText
    calendar: Calendar
    regions: Regions
    cancel: Cancel
    overriding: Overriding
    ready: Ready
    metrics: "CollectorRegistry"
    extra_routes: Sequence[web.RouteDef] = field(default=())
    """Routes with handlers of their own (events, callbacks): errors become problems there too, but they authenticate, log and count by themselves."""
