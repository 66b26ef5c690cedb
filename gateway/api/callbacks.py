"""/callbacks/{provider}/{token}: what vendors tell us, stored before it is answered."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address, ip_network

from aiohttp import web
from msgspec import Struct

from gateway.api.problems import Problem, Unavailable
from gateway.batching import Closed
from gateway.metrics import CallbackResult
from providers.base.types import Callback, ProviderError, Reading


class Door(Struct, frozen=True):
    """Who may knock for one provider: its tokens, and networks (empty: any)."""

    tokens: tuple[str, ...]
    allow_from: tuple[str, ...]

    def opens(self, token: str, remote: str | None) -> bool:
        """Whether this token from this address may come in; every token is compared, each in constant time."""
        right = False
        for known in self.tokens:
            right |= hmac.compare_digest(known.encode(), token.encode(errors="replace"))  # a path may hold what no UTF-8 says
        return right and self._from_here(remote)

    def _from_here(self, remote: str | None) -> bool:
        if not self.allow_from:
            return True
        try:
            here = ip_address(remote or "")
        except ValueError:
            return False
        return any(here in ip_network(net, strict=False) for net in self.allow_from)


def callbacks_handler(
    doors: Mapping[str, Door],
    receive: Callable[[str, Callback], Awaitable[Reading]],
    told: Callable[[str, CallbackResult], None] = lambda *_: None,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of callbacks. A wrong provider, token or address all look like nothing being there. `told` of each, for the metrics."""

    async def handle(request: web.Request) -> web.Response:
        provider = request.match_info["provider"]
        door = doors.get(provider)
        if door is None or not door.opens(request.match_info["token"], request.remote):
            told(provider, CallbackResult.REFUSED)
            raise Problem(404, "There is nothing at this path.")
        callback = Callback(request.method, dict(request.query), {k.lower(): v for k, v in request.headers.items()}, await request.read())
        try:
            reading = await receive(provider, callback)
        except ProviderError as error:
            told(provider, CallbackResult.UNREADABLE)
            raise Problem(400, "This is not what this provider sends.") from error
        except Closed:
            raise Unavailable("This gateway is stopping; send it again.") from None
        told(provider, CallbackResult.TAKEN)
        return web.Response(body=reading.reply_body, status=reading.reply_status, headers={"Content-Type": reading.reply_type})

    return handle
