"""Small stands-in for what plan needs of others, and short ways to say events."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count

from msgspec import structs

from gateway.events import (
    CertificationRecorded,
    CertificationRevoked,
    ContactData,
    ContactRemoved,
    CycleDue,
    Data,
    Deceased,
    Event,
    GivenContact,
    NoticeRequested,
    PersonData,
    Resumed,
    Suspended,
    Terminated,
)
from gateway.model import Contact, Notice, Person, Tried
from gateway.plan import Changes, Rules, Settings, State, Why, plan
from gateway.words import ContactSource, EventType, Insurance, NoticeStatus, Reason, Relation, Status
from scheduler import calendar

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PENSION, INJURY = Insurance.RESIDENT_PENSION, Insurance.WORK_INJURY
SELF, FAMILY, GUARDIAN, UNIT = Relation.SELF, Relation.FAMILY, Relation.GUARDIAN, Relation.UNIT


class Calendar:
    """The real dates; a window that is open, unless `opens` says when it opens."""

    opens: datetime | None = None

    cycle = staticmethod(calendar.cycle)
    cycle_from_deadline = staticmethod(calendar.cycle_from_deadline)
    cycle_start = staticmethod(calendar.cycle_start)
    last_day_to_object = staticmethod(calendar.last_day_to_object)
    outreach_latest = staticmethod(calendar.outreach_latest)
    long_terminated_follow_up = staticmethod(calendar.long_terminated_follow_up)

    def next_open(self, at: datetime) -> datetime:
        return self.opens or at


class Texts:
    """Every text exists, except those in `missing`; a request knows `known` ones only."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    def choose(
        self, kind: str, cause: str, addressee: str, channel: str, *, abroad: bool, home_service: bool, lapse_means_suspended: bool
    ) -> str:
        variant = "abroad" if abroad else "home_service" if home_service else ""
        said = "lapsed_is" if cause == "lapsed" and lapse_means_suspended else cause
        return f"{channel}/" + ".".join(part for part in (kind, said, addressee, variant) if part)

    def requested(self, template: str, channel: str) -> str:
        return f"{channel}/{template}"

    def problems(self, _name: str, _params: Mapping[str, str]) -> list[str]:
        return []

    def exists(self, name: str) -> bool:
        return name not in self.missing and not name.endswith("nosuch")

    def mask_name(self, name: str) -> str:
        return name[0] + "*" + name[2:]

    def signature(self, region: str) -> str:
        return "四川社保"

    def home(self, region: str) -> str:
        return "锦江区"

    def insurance_name(self, insurances: tuple[Insurance, ...]) -> str:
        return "养老待遇"

    def chinese_date(self, day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日"

    def chinese_month(self, day: date) -> str:
        return f"{day.year}年{day.month}月"


class Ids:
    def __init__(self) -> None:
        self.numbers = count(1)

    def notice(self) -> int:
        return next(self.numbers)

    def contact(self) -> int:
        return next(self.numbers)


def rules(settings: Settings | None = None, opens: datetime | None = None) -> Rules:
    dates = Calendar()
    dates.opens = opens
    return Rules(dates, Texts(), Ids(), settings or Settings())


def given(
    address: str,
    relation: Relation = SELF,
    channel: str = "sms",
    verified_on: date | None = None,
    source: ContactSource = ContactSource.COUNTER,
) -> GivenContact:
    return GivenContact(channel, address, f"{channel}:{address}".encode(), relation, source, verified_on, None)


def person_data(name: str = "王建国", region: str = "510104", insurance: Sequence[Insurance] = (PENSION,), **more: object) -> PersonData:
    return PersonData(name=name, region=region, insurance=list(insurance), **more)  # type: ignore[arg-type]


_TYPE = {
    PersonData: EventType.PERSON_UPDATED,
    ContactData: EventType.CONTACT_UPDATED,
    ContactRemoved: EventType.CONTACT_REMOVED,
    CertificationRecorded: EventType.CERTIFICATION_RECORDED,
    CertificationRevoked: EventType.CERTIFICATION_REVOKED,
    Suspended: EventType.SUSPENDED,
    Terminated: EventType.TERMINATED,
    Resumed: EventType.RESUMED,
    Deceased: EventType.DECEASED,
    NoticeRequested: EventType.NOTICE_REQUESTED,
}
_serial = count(1)


def event(data: Data, *contacts: GivenContact, type_: EventType | None = None) -> Event:
    return Event("/benefits", str(next(_serial)), type_ or _TYPE[type(data)], "P1", data, b"", b"", None, contacts)


def reminder_due(deadline: date, *contacts: GivenContact, certified_on: date | None = None, person: PersonData | None = None) -> Event:
    return event(CycleDue(deadline, certified_on, person), *contacts, type_=EventType.REMINDER_DUE)


def lapsed(deadline: date, *contacts: GivenContact, certified_on: date | None = None, person: PersonData | None = None) -> Event:
    return event(CycleDue(deadline, certified_on, person), *contacts, type_=EventType.LAPSED)


def certified(on: date) -> Event:
    return event(CertificationRecorded(on))


class Desk:
    """One person over time: plans, writes what came out as the store would, and lets messages end."""

    def __init__(self, today: date = TODAY, rules_: Rules | None = None) -> None:
        self.rules = rules_ or rules()
        self.state = State(Person("P1"))
        self.today, self.now = today, datetime(today.year, today.month, today.day, 2, tzinfo=UTC)
        self.outreach: list[tuple[int | None, str, str]] = []
        self.last = Changes(self.state.person)

    def on(self, today: date) -> "Desk":
        self.today, self.now = today, datetime(today.year, today.month, today.day, 2, tzinfo=UTC)
        return self

    def at(self, now: datetime) -> "Desk":
        self.now, self.today = now, (now + timedelta(hours=8)).date()
        return self

    def take(self, *events: Event) -> "Desk":
        self.last = plan(self.state, events, self.now, self.today, self.rules)
        self._write(self.last)
        return self

    def codes(self) -> list[str]:
        return [v.code for v in self.last.verdicts]

    def notice(self, kind: str, cause: str = "") -> Notice:
        (found,) = [n for n in self.state.notices if n.kind == kind and n.cause == cause]
        return found

    def end(self, status: Status, reason: Reason | None = None) -> "Desk":
        """The message that is on its way (of two of a notice, the later) comes to this end, and the person is planned again."""
        (notice,) = [n for n in self.state.notices if n.tried and n.tried[-1].status == Status.QUEUED]
        last = notice.tried[-1]
        return self.settle(notice, structs.replace(last, status=status, reason=reason))

    def settle(self, notice: Notice, last: Tried) -> "Desk":
        ended = structs.replace(notice, tried=(*notice.tried[:-1], last))
        self.state = structs.replace(self.state, notices=tuple(ended if n.id == notice.id else n for n in self.state.notices))
        return self.take()

    def _write(self, made: Changes) -> None:
        ended = {c.notice_id: c for c in made.closings}
        contacts = {c.id: c for c in self.state.contacts} | {c.id: c for c in made.contacts_put}
        notices = [*self.state.notices, *made.notices]
        notices = [
            structs.replace(n, status=ended[n.id].status, reason=ended[n.id].reason, tried=_withdrawn(n, ended[n.id].reason))
            if n.id in ended
            else n
            for n in notices
        ]
        notices = [structs.replace(n, status=NoticeStatus.IN_PROGRESS) if n.id in made.started else n for n in notices]
        for recall in made.recalls:
            notices = [
                structs.replace(n, tried=_withdrawn(n, recall.reason, recall.key)) if n.id == recall.notice_id else n for n in notices
            ]
        for draft in made.drafts:
            tried = Tried(draft.contact_id, draft.channel, draft.key, Status.QUEUED)
            notices = [structs.replace(n, tried=(*n.tried, tried)) if n.id == draft.notice_id else n for n in notices]
        gone = set(made.contacts_removed)
        self.state = State(
            structs.replace(made.person, stored=True), tuple(c for c in contacts.values() if c.id not in gone), tuple(notices)
        )
        lifted = {kind for kind, ends in (("conflict", made.conflict_lifted), ("contact", made.contact_lifted)) if ends}
        kept = [row for row in self.outreach if row[0] not in made.outreach_withdrawn and row[1] not in lifted]
        moved = dict(made.outreach_moved)
        kept = [(moved.get(row[0], row[0]) if row[0] is not None else None, *row[1:]) for row in kept]
        grown = {o.notice_id: o.why for o in made.outreach if o.grown}
        kept = [(row[0], row[1], grown.get(row[0], row[2]) if row[2] != Why.NOT_INFORMED else row[2]) for row in kept]
        self.outreach = kept + [(o.notice_id, o.kind, o.why) for o in made.outreach if (o.notice_id, o.kind, o.why) not in kept]


def _withdrawn(notice: Notice, reason: Reason | None, key: bytes | None = None) -> tuple[Tried, ...]:
    return tuple(
        structs.replace(t, status=Status.CANCELED, reason=reason) if t.status == Status.QUEUED and key in {None, t.key} else t
        for t in notice.tried
    )


def contact(ident: int, address: str, relation: Relation = SELF, channel: str = "sms", **more: object) -> Contact:
    return Contact(ident, channel, address, f"{channel}:{address}".encode(), relation, ContactSource.COUNTER, **more)  # type: ignore[arg-type]
