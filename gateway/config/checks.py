"""What no single key shows: rules between keys and between sections."""

from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from ipaddress import ip_network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET

from gateway.config.errors import did_you_mean
from gateway.config.fields import LEASE_MARGIN_S
from gateway.config.schema import Config, Ladder, LookupSection, ProviderSection, Route
from gateway.security.errors import KeyringError
from gateway.security.masterkeys import parse
from providers.base.types import Callback, Reading, Receive, Settings, SettingsError

Make = Callable[[Settings, Receive], object]
"""Makes a provider of its section without any I/O; raises SettingsError. It checks the driver and the driver's own keys."""


MakeLookup = Callable[[Settings], object]
"""The same for a lookup service."""


def problems(config: Config, make: Make, make_lookup: MakeLookup) -> Iterator[str]:
    """Each broken rule, naming its key."""
    yield from _dates_and_hours(config)
    yield from _keys(config)
    yield from _ladder(config)
    for name, provider in config.providers.items():
        yield from _provider(f"providers.{name}", provider)
        yield from _driver(name, provider, make)
    for name, lookup in config.lookup.items():
        yield from _lookup(name, lookup, make_lookup)
    for index, route in enumerate(config.route):
        yield from _route(f"route[{index}]", route, config)
    yield from _routes_said_twice(config)


def _dates_and_hours(config: Config) -> Iterator[str]:
    if config.cycle.lapse_month <= config.cycle.reminder_month:
        yield f"cycle.lapse_month: must come after cycle.reminder_month ({config.cycle.reminder_month}), is {config.cycle.lapse_month}"
    opens, closes = config.sending.window_minutes
    if opens >= closes:
        yield f"sending.window: must open before it closes, on the same day, is {list(config.sending.window)}"
    try:
        ZoneInfo(config.sending.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f'sending.timezone: no such time zone "{config.sending.timezone}" (such as "Asia/Shanghai")'


def _keys(config: Config) -> Iterator[str]:
    if not config.security.keys:
        if not config.store.embedded:
            yield "security.keys: a store of your own (store.url) needs keys; make one with: openssl rand -base64 32"
        return
    if not isinstance(config.security.keys, str) and not all(entry.id and entry.key for entry in config.security.keys):
        return  # one could not be read, and that is told already
    try:
        found = parse(config.security.keys)
    except KeyringError as error:
        yield f"security.keys: {error}"
        return
    if config.security.active_key and config.security.active_key not in found:
        yield f"security.active_key: no key {config.security.active_key} in security.keys (there are {', '.join(map(str, found))})"


def _ladder(config: Config) -> Iterator[str]:
    order = config.ladder.order
    yield from (f'ladder.order: "{rung}" stands there {times} times' for rung, times in Counter(order).items() if times > 1)
    unknown = [channel for channel in config.ladder.cost if channel not in config.channels]
    yield from (f"ladder.cost.{channel}: no [[route]] carries that channel{did_you_mean(channel, config.channels)}" for channel in unknown)
    if order == Ladder().order:
        return  # rungs of the default that no route carries are passed over; what somebody wrote down is meant
    channels = dict.fromkeys(rung.partition(":")[2] for rung in order)
    yield from (f'ladder.order: no [[route]] carries the channel "{channel}"' for channel in channels if channel not in config.channels)


def _provider(where: str, provider: ProviderSection) -> Iterator[str]:
    if provider.lease_s <= provider.timeout_s + LEASE_MARGIN_S:
        least = provider.timeout_s + LEASE_MARGIN_S
        yield f"{where}.lease_s: must be more than timeout_s + {LEASE_MARGIN_S:g} s = {least:g} s, is {provider.lease_s:g}"
    for network in provider.allow_from:
        try:
            ip_network(network)
        except ValueError:
            yield f'{where}.allow_from: "{network}" is no address or network (such as 203.0.113.7 or 203.0.113.0/24)'


def _driver(name: str, provider: ProviderSection, make: Make) -> Iterator[str]:
    if not provider.driver or UNSET in provider.options.values():
        return  # could not be read, and that is told already
    try:
        make(provider.settings(name), _nobody)
    except SettingsError as error:
        meant = (near for key in provider.options for near in get_close_matches(key, provider.__struct_fields__, n=1, cutoff=0.75))
        guess = next((f'; did you mean "{near}"?' for near in meant), "")
        yield f"{error}{guess}"


def _lookup(name: str, lookup: LookupSection, make: MakeLookup) -> Iterator[str]:
    if not lookup.driver or UNSET in lookup.options.values():
        return  # could not be read, and that is told already
    try:
        make(lookup.settings(name))
    except SettingsError as error:
        yield str(error)


async def _nobody(_: str, __: Callback) -> Reading:
    return Reading()


def _route(where: str, route: Route, config: Config) -> Iterator[str]:
    unknown = [name for name in route.providers if name not in config.providers]
    yield from (f"{where}.providers: no [providers.{name}]{did_you_mean(name, config.providers)}" for name in unknown)
    yield from (f'{where}.providers: "{name}" stands there {times} times' for name, times in Counter(route.providers).items() if times > 1)
    drivers = {config.providers[name].driver for name in route.providers if name in config.providers}
    if "sandbox" in drivers and len(drivers) > 1:
        yield f"{where}.providers: mixes sandbox with real providers; what the sandbox takes reaches nobody"
    elif "sandbox" in drivers and not (config.store.embedded or config.store.allow_sandbox):
        yield f"{where}.providers: a sandbox on a store of your own (store.url) reaches nobody; if that is meant, set store.allow_sandbox = true"


def _routes_said_twice(config: Config) -> Iterator[str]:
    counts = Counter((route.channel, route.lane) for route in config.route if route.channel)
    for (channel, lane), times in counts.items():
        if times > 1:
            yield f'route: channel "{channel}"{f", lane {lane}" if lane else ""} has {times} routes; put the providers into one'
