"""What plan needs of others, as ports, and the settings it follows. The composition root fills them in."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from gateway.words import ContactSource, Insurance, Kind, Relation


class Cycle(Protocol):
    """One certification cycle; all dates are calendar dates in Asia/Shanghai."""

    @property
    def start(self) -> date:
        """The latest certification, or the 1st of the month after benefits began [7, 34]."""

    @property
    def reminder_due(self) -> date:
        """The first day of the 10th month [23, 37]."""

    @property
    def deadline(self) -> date:
        """The first day of the 13th month [24, 35]."""

    @property
    def shown_date(self) -> date:
        """The last day that texts name."""

    @property
    def lapse_notice_due(self) -> date:
        """The day after the deadline."""


class Calendar(Protocol):
    """The dates of the procedure, with the configured months and sending window."""

    def cycle(self, start: date) -> Cycle:
        """The cycle that begins on `start`."""

    def cycle_from_deadline(self, deadline: date) -> Cycle:
        """The cycle of an event that gives its deadline alone."""

    def cycle_start(self, certified_on: date | None, benefit_started_on: date | None) -> date | None:
        """The day the cycle counts from; None where neither date is known."""

    def last_day_to_object(self, suspended_on: date) -> date:
        """Until when somebody may object to a suspension [26]."""

    def outreach_latest(self, deadline: date) -> date:
        """The day on which everybody not informed yet enters the outreach list."""

    def long_terminated_follow_up(self, terminated_on: date) -> date:
        """When a termination that nobody applied to undo is looked into [32]."""

    def next_open(self, at: datetime) -> datetime:
        """When a message that is due `at` may leave: `at` itself or the next opening of the window."""


class Texts(Protocol):
    """Names of texts and the words they are filled with."""

    def choose(
        self, kind: str, cause: str, addressee: str, channel: str, *, abroad: bool, home_service: bool, lapse_means_suspended: bool
    ) -> str:
        """The name of the text for this notice to this addressee."""

    def requested(self, template: str, channel: str) -> str:
        """The name of the text that a request means by `template` on this channel."""

    def exists(self, name: str) -> bool:
        """Whether there is a published text of that name."""

    def problems(self, name: str, params: Mapping[str, str]) -> Sequence[str]:
        """What keeps the text of that name from being made of these parameters; empty: nothing."""

    def mask_name(self, name: str) -> str:
        """王建国 → 王*国."""

    def signature(self, region: str) -> str:
        """The office that signs, without 【】."""

    def home(self, region: str) -> str:
        """How the place of insurance is called."""

    def insurance_name(self, insurances: tuple[Insurance, ...]) -> str:
        """What a text calls these benefits."""

    def chinese_date(self, day: date) -> str:
        """2026年3月4日."""

    def chinese_month(self, day: date) -> str:
        """2026年3月."""


class Ids(Protocol):
    """Ids for what plan makes."""

    def notice(self) -> int:
        """A new notice's id."""

    def contact(self) -> int:
        """A new contact's id."""


LADDER: tuple[tuple[Relation, str], ...] = (
    (Relation.SELF, "sms"),
    (Relation.SELF, "wechat"),
    (Relation.SELF, "wecom"),
    (Relation.FAMILY, "sms"),
    (Relation.FAMILY, "wechat"),
    (Relation.FAMILY, "wecom"),
    (Relation.GUARDIAN, "sms"),
    (Relation.GUARDIAN, "wechat"),
    (Relation.UNIT, "sms"),
    (Relation.UNIT, "wechat"),
    (Relation.UNIT, "wecom"),
    (Relation.SELF, "voice"),
    (Relation.FAMILY, "voice"),
    (Relation.GUARDIAN, "voice"),
    (Relation.UNIT, "voice"),
)
"""Who is tried through what, first to last [23]: the person, family, the managing unit, then phone."""


class Settings(Struct, frozen=True):
    """What config says of plan. `ladder`: (relation, channel) in order, only channels that have a route."""

    ladder: tuple[tuple[Relation, str], ...] = LADDER
    channels: frozenset[str] | None = None
    """Channels that have a route, which a request may name beyond the ladder; None: any."""
    catch_up_days: int = 31
    """How many days after its deadline a lapse that became known late is still told by the calendar."""
    validity_hours: int = 72
    """How long a message may wait before it is no longer worth sending."""
    lapse_means_suspended: bool = False
    """The benefit system suspends by itself on the deadline [35]."""
    start_scores: Mapping[tuple[ContactSource, bool], float] = {}
    """How likely a message reaches the person, by source and whether it was verified, where nothing is believed yet."""
    worth_from: float = 0.15
    """Contacts that are believed to reach the person less often come last (`WORTH_FROM` of gateway/quality/states.py)."""
    cost: Mapping[str, float] = {}
    """Yuan a message by channel; empty: channels are tried in the ladder's order."""
    probe_after_days: int = 180
    """Days without evidence after which a dead number is tried again; 0: never."""
    beside_doubtful: frozenset[Kind] = frozenset()
    """Kinds of notices of which a message to a doubtful contact goes together with the next one's."""


class Rules:
    """Ports and settings together; one a process. Answers about cycles and regions repeat by the million: they are asked once."""

    def __init__(self, calendar: Calendar, texts: Texts, ids: Ids, settings: Settings) -> None:
        self.calendar, self.texts, self.ids, self.settings = calendar, texts, ids, settings
        self.cycle: Callable[[date], Cycle] = lru_cache(8192)(calendar.cycle)
        self.cycle_from_deadline: Callable[[date], Cycle] = lru_cache(8192)(calendar.cycle_from_deadline)
        self.outreach_latest: Callable[[date], date] = lru_cache(8192)(calendar.outreach_latest)
        self.signature: Callable[[str], str] = lru_cache(8192)(texts.signature)
        self.home: Callable[[str], str] = lru_cache(8192)(texts.home)
        self.insurance_name: Callable[[tuple[Insurance, ...]], str] = lru_cache(256)(texts.insurance_name)
        self._leaving = _Leaving(None)

    def leaving(self, now: datetime) -> "_Leaving":
        """When what is due now may leave; asked once for all persons of a batch."""
        if self._leaving.now is not now:
            opens = self.calendar.next_open(now)
            self._leaving = _Leaving(now, opens, opens + timedelta(hours=self.settings.validity_hours))
        return self._leaving


_NEVER = datetime.min.replace(tzinfo=UTC)


class _Leaving(Struct, frozen=True):
    """For what is due `now`: when the window opens, and until when a message is worth sending."""

    now: datetime | None
    opens: datetime = _NEVER
    until: datetime = _NEVER
