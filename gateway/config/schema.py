"""What config.toml may say: one frozen struct a section, with defaults, bounds and units.

Every key is explained, with its unit and default, in the shipped config.toml and in docs/configuration.md; a test compares the three.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from gateway.config.fields import (
    LEASE_ROOM_S,
    REST,
    SECRET,
    VERBATIM,
    CallbackToken,
    ClockTime,
    Count,
    Key,
    Name,
    NotNegative,
    Port,
    PortOrOff,
    Positive,
    RedisUrl,
    RegionCode,
    Rung,
    SecretText,
    Signature,
    StoreUrl,
    Text,
    WebUrl,
)
from gateway.config.redaction import describe
from gateway.words import Kind, Lane, Relation
from providers.base.types import Settings


class Section(Struct, frozen=True, kw_only=True):
    """What all sections share: `repr` shows no secret."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(describe(self))})"


class Server(Section, frozen=True, kw_only=True):
    """`[server]`: the HTTP side."""

    host: Text = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str, Meta(pattern="^$|^https?://.", description="empty, or an http:// or https:// URL")] = ""
    max_body_mib: Positive = 64
    max_backlog: Count = 5_000_000


class Store(Section, frozen=True, kw_only=True):
    """`[store]`: PostgreSQL, and the folder of what the embedded engines keep."""

    url: StoreUrl = "embedded"
    data_dir: Text = "var"
    allow_sandbox: bool = False

    @property
    def embedded(self) -> bool:
        """True where we run PostgreSQL ourselves."""
        return self.url == "embedded"

    @property
    def data_path(self) -> Path:
        """`data_dir`, absolute once loaded."""
        return Path(self.data_dir)


class Redis(Section, frozen=True, kw_only=True):
    """`[redis]`: queues, rate buckets, wake-ups; no truth."""

    url: RedisUrl = "embedded"

    @property
    def embedded(self) -> bool:
        """True where we run Redis ourselves."""
        return self.url == "embedded"


class MasterKey(Section, frozen=True, kw_only=True):
    """One entry of `security.keys`: 32 bytes in base64, known by a number."""

    id: Annotated[int, Meta(ge=1, le=255)]
    key: SecretText


class Security(Section, frozen=True, kw_only=True):
    """`[security]`: master keys and the cipher for what is written from now on."""

    keys: Annotated[tuple[MasterKey, ...] | str, Meta(extra=SECRET | VERBATIM)] = ()
    active_key: Annotated[int, Meta(ge=0, le=255)] = 0
    cipher: Literal["aes-256-gcm", "sm4-gcm", "chacha20-poly1305"] = "aes-256-gcm"


class MetricsEndpoint(Section, frozen=True, kw_only=True):
    """`[metrics]`: where each worker and scheduler process serves /metrics; the API serves it on its own port too."""

    host: Text = "127.0.0.1"
    port: PortOrOff = 0


class Ladder(Section, frozen=True, kw_only=True):
    """`[ladder]`: in which order a duty tries relations and channels [23]."""

    order: Annotated[tuple[Rung, ...], Meta(min_length=1)] = ("self:sms", "self:wechat", "family:sms", "family:wechat", "unit:sms")
    cost: dict[Name, NotNegative] = {}
    beside_doubtful: tuple[Kind, ...] = ()

    @property
    def rungs(self) -> tuple[tuple[Relation, str], ...]:
        """`order` as pairs (relation, channel)."""
        pairs = (rung.split(":", 1) for rung in self.order)
        return tuple((Relation(relation), channel) for relation, channel in pairs)


class Cycle(Section, frozen=True, kw_only=True):
    """`[cycle]`: the months of the procedure [23, 24, 35, 37], counted as it counts them: the 10th month starts 9 months after the start."""

    reminder_month: Annotated[int, Meta(ge=2, le=120)] = 10
    lapse_month: Annotated[int, Meta(ge=2, le=120)] = 13
    catch_up_days: Annotated[int, Meta(ge=0, le=3660)] = 31
    lapse_means_suspended: bool = False


class Sending(Section, frozen=True, kw_only=True):
    """`[sending]`: limits that protect people."""

    timezone: Text = "Asia/Shanghai"
    window: tuple[ClockTime, ClockTime] = ("08:00", "20:00")
    per_address_per_day: Count = 5
    validity_hours: Positive = 72

    @property
    def window_minutes(self) -> tuple[int, int]:
        """The window as minutes after midnight: opens at the first, closed from the second on (1440 = midnight)."""
        opens, closes = (int(clock[:2]) * 60 + int(clock[3:]) for clock in self.window)
        return opens, closes


class Route(Section, frozen=True, kw_only=True):
    """One `[[route]]`: which providers carry a channel, for all lanes or for one."""

    channel: Name
    providers: Annotated[tuple[Text, ...], Meta(min_length=1)]
    lane: Lane | None = None


class PerNumber(Section, frozen=True, kw_only=True):
    """One entry of `providers.NAME.per_number`: at most `count` messages to one number in each minute, hour or day of the clock, or of any such length."""

    count: Count
    window: Literal["minute", "hour", "day"]
    rolling: bool = False


class ProviderSection(Section, frozen=True, kw_only=True):
    """One `[providers.NAME]`: what every provider has, and in `options` the keys that its driver alone knows."""

    driver: Name
    weight: Annotated[int, Meta(ge=1, le=1000)] = 1
    rate_per_s: NotNegative = 0
    per_number: tuple[PerNumber, ...] = ()
    callback_tokens: Annotated[tuple[CallbackToken, ...], Meta(extra=SECRET)] = ()
    allow_from: tuple[str, ...] = ()
    timeout_s: Positive = 10
    connect_timeout_s: Positive = 3
    lease_s: NotNegative = 0
    unknown_policy: Literal["wait", "resend"] = "wait"
    receipt_timeout_h: Positive = 72
    connections: Annotated[int, Meta(ge=1, le=10_000)] = 50
    batch_size: Annotated[int, Meta(ge=1, le=1000)] = 1
    options: Annotated[dict[str, Any], Meta(extra=REST)] = {}

    def __post_init__(self) -> None:
        """Gives a lease that nobody named its length."""
        if not self.lease_s:
            force_setattr(self, "lease_s", self.timeout_s + LEASE_ROOM_S)

    def settings(self, name: str) -> Settings:
        """The same as the provider sees it."""
        return _settings(self, name)


class Quality(Section, frozen=True, kw_only=True):
    """`[quality]`: which contacts people are asked to mend, and when the weights of codes are learned."""

    shared_from: Annotated[int, Meta(ge=2, le=1_000_000)] = 5
    probe_after_days: Annotated[int, Meta(ge=0, le=3660)] = 180
    fit_every_days: NotNegative = 7
    override_days: Annotated[int, Meta(ge=1, le=3660)] = 90


class LookupSection(Section, frozen=True, kw_only=True):
    """One `[lookup.NAME]`: a carrier's service that knows whether numbers are in service; in `options` the keys that its driver alone knows."""

    driver: Name
    rate_per_s: NotNegative = 5
    batch_size: Annotated[int, Meta(ge=1, le=10_000)] = 100
    timeout_s: Positive = 10
    connect_timeout_s: Positive = 3
    connections: Annotated[int, Meta(ge=1, le=1000)] = 4
    valid_days: Positive = 30
    options: Annotated[dict[str, Any], Meta(extra=REST)] = {}

    def settings(self, name: str) -> Settings:
        """The same as its driver sees it."""
        return _settings(self, name)


def _settings(section: ProviderSection | LookupSection, name: str) -> Settings:
    keys = ("driver", "timeout_s", "connect_timeout_s", "connections", "batch_size", "options")
    return Settings(name, **{key: getattr(section, key) for key in keys})


class Webhook(Section, frozen=True, kw_only=True):
    """One `[webhooks.NAME]`: a backend that is told (Standard Webhooks)."""

    url: WebUrl
    secret: SecretText
    types: tuple[Text, ...] = ()


class Retention(Section, frozen=True, kw_only=True):
    """`[retention]`: how long personal data stays. No key yet: nothing is erased by itself."""


class Signatures(Section, frozen=True, kw_only=True):
    """`[signatures]`: what stands in 【】 before a text, for a region and all below it."""

    default: Signature = "四川社保"
    regions: Annotated[dict[RegionCode, Signature], Meta(extra=REST)] = {}

    def for_region(self, region: str) -> str:
        """The signature of the nearest region above or at this six-digit code."""
        regions = self.regions
        return regions.get(region) or regions.get(region[:4]) or regions.get(region[:2]) or self.default


class Workers(Section, frozen=True, kw_only=True):
    """`[workers]`: processes of `tixing serve --role all`."""

    processes: Annotated[int, Meta(ge=1, le=64)] = 1


class Log(Section, frozen=True, kw_only=True):
    """`[log]`: one line a request, one a job."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class Config(Section, frozen=True, kw_only=True):
    """The whole of config.toml, checked. `repr` shows no secret."""

    server: Server = Server()
    store: Store = Store()
    redis: Redis = Redis()
    security: Security = Security()
    metrics: MetricsEndpoint = MetricsEndpoint()
    ladder: Ladder = Ladder()
    cycle: Cycle = Cycle()
    sending: Sending = Sending()
    route: tuple[Route, ...] = ()
    providers: dict[Key, ProviderSection] = {}
    webhooks: dict[Key, Webhook] = {}
    quality: Quality = Quality()
    lookup: dict[Key, LookupSection] = {}
    retention: Retention = Retention()
    signatures: Signatures = Signatures()
    workers: Workers = Workers()
    log: Log = Log()

    @property
    def channels(self) -> frozenset[str]:
        """The channels that some route carries."""
        return frozenset(route.channel for route in self.route)

    def describe(self) -> str:
        """One line a key, without secrets."""
        return "\n".join(describe(self))

    def providers_of(self, channel: str, lane: Lane) -> tuple[str, ...]:
        """Names of the providers that carry a channel in a lane: the lane's own route, else the channel's."""
        fits = [route for route in self.route if route.channel == channel and route.lane in {lane, None}]
        fits.sort(key=lambda route: route.lane is None)
        return fits[0].providers if fits else ()
