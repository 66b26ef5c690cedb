"""Whatever comes in whatever order: what must never happen to a person. Each invariant was seen to fail with the code broken on purpose."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.events import (
    CertificationRecorded,
    CertificationRevoked,
    ContactData,
    ContactRemoved,
    CycleDue,
    Deceased,
    Event,
    NoticeRequested,
    Resumed,
    Suspended,
    Terminated,
)
from gateway.model import Notice
from gateway.words import FINAL, OPEN_NOTICE, NoticeStatus, Reason, Status
from scheduler.calendar import add_months, cycle
from tests.plan.fakes import (
    FAMILY,
    GUARDIAN,
    INJURY,
    PENSION,
    TODAY,
    UNIT,
    Desk,
    certified,
    event,
    given,
    lapsed,
    person_data,
    reminder_due,
)

DAYS = [add_months(TODAY, -12), add_months(TODAY, -9), TODAY - timedelta(days=40), TODAY - timedelta(days=3), TODAY]
DEADLINES = [TODAY - timedelta(days=2), TODAY, TODAY + timedelta(days=5), add_months(TODAY, 3), add_months(TODAY, 9)]
CONTACTS = [
    given("13800138000"),
    given("13900139000", FAMILY),
    given("13700137000", UNIT),
    given("13600136000", GUARDIAN),
    given("oX", channel="wechat"),
]
BENEFITS: list[Any] = [None, [PENSION], [INJURY], [PENSION, INJURY]]
MET = OPEN_NOTICE | {NoticeStatus.INFORMED, NoticeStatus.UNINFORMED}

days, deadlines, contacts = st.sampled_from(DAYS), st.sampled_from(DEADLINES), st.sampled_from(CONTACTS)
benefits, maybe_day = st.sampled_from(BENEFITS), st.one_of(st.none(), days)
relations = st.sampled_from([c.relation for c in CONTACTS])
suspensions = st.sampled_from(["not_certified", "payment_failed"])
terminations = st.sampled_from(["death", "death", "missing", "imprisoned", "not_certified", "other"])

facts = st.one_of(
    days.map(certified),
    st.builds(lambda deadline, on: reminder_due(deadline, certified_on=on), deadlines, maybe_day),
    st.builds(lambda deadline, on: lapsed(deadline, certified_on=on), deadlines, maybe_day),
    st.builds(lambda day, cause, of: event(Suspended(day, cause, of)), days, suspensions, benefits),
    st.builds(lambda day, cause, of: event(Terminated(day, cause, of)), days, terminations, benefits),
    st.builds(lambda day, of: event(Resumed(day, of)), days, benefits),
)
lives = st.one_of(maybe_day.map(lambda day: event(Deceased(day))), st.builds(lambda: event(Deceased(revoked=True))))
takes_back = days.map(lambda day: event(CertificationRevoked(day)))
reaches = st.one_of(
    st.builds(lambda one, relation: event(ContactData("sms", "x"), structs.replace(one, relation=relation)), contacts, relations),
    st.builds(lambda one, relation: event(ContactRemoved("sms", "x", relation), one), contacts, st.one_of(st.none(), relations)),
    st.builds(lambda: event(NoticeRequested("notice.general"))),
)
everything = st.one_of(facts, facts, facts, lives, takes_back, reaches)
endings = st.sampled_from([None, (Status.DELIVERED, None), (Status.UNDELIVERED, Reason.NUMBER_ABSENT), (Status.SENT, None)])
steps = st.lists(
    st.tuples(st.lists(everything, min_size=1, max_size=4), endings, st.sampled_from([0, 0, 0, 1, 6, 95])), min_size=1, max_size=6
)


def started(*more: Event) -> Desk:
    return Desk().take(event(person_data(insurance=(PENSION, INJURY)), *CONTACTS), *more)


def base(notice: Notice) -> str:
    """The duty without the number of its repetition after something was taken back."""
    if notice.kind == "requested":
        return notice.duty
    parts = notice.duty.split("|")
    return "|".join(parts[:2] if notice.deadline else parts[:4])


def history(known: set[Any], said: list[Event]) -> set[Any]:
    """The certifications that stand, kept beside the code under test."""
    for one in said:
        if isinstance(one.data, CertificationRecorded) or (isinstance(one.data, CycleDue) and one.data.certified_on):
            known.add(one.data.certified_on)
        elif isinstance(one.data, CertificationRevoked):
            known.discard(one.data.certified_on)
    return known


def check(desk: Desk, certifications: set[Any], own: set[bytes]) -> None:
    person, notices, made = desk.state.person, desk.state.notices, desk.last
    drafted = {d.notice_id for d in made.drafts}
    latest = cycle(max(certifications)).deadline if certifications else None
    for notice in notices:
        if notice.deadline is not None and latest is not None and latest > notice.deadline:
            assert notice.status not in OPEN_NOTICE, "told to certify after certifying"
        if notice.deadline is not None and notice.status in OPEN_NOTICE:
            assert notice.deadline == person.deadline, "told of another cycle than the person's"
        if notice.status == NoticeStatus.IN_PROGRESS:
            assert sum(t.status not in FINAL for t in notice.tried) == 1, "not exactly one message on its way"
        used = Counter((t.channel, t.key) for t in notice.tried if t.status != Status.CANCELED)
        assert max(used.values(), default=1) == 1, "the same number twice for one notice"
        if notice.id in drafted and person.deceased:
            assert notice.cause == "death", "written to the deceased"
    assert max(Counter(base(n) for n in notices if n.status in MET).values(), default=1) == 1, "one duty twice"
    assert len({n.duty for n in notices}) == len(notices), "one key twice"
    deaths = {n.id for n in notices if n.cause == "death"}
    assert not any(d.key in own or d.addressee == "self" for d in made.drafts if d.notice_id in deaths), (
        "a death told to the person's own number"
    )
    assert not (person.conflict and made.drafts), "written to somebody in a conflict"
    assert person.plan_due is None or person.plan_due > desk.now, "looks again at once, for ever"


@settings(max_examples=1500, deadline=None)
@drawn(steps)
def test_no_order_of_events_endings_and_days_tells_anybody_what_is_untrue(story: list[tuple[list[Event], Any, int]]) -> None:
    desk, certifications = started(), set[Any]()
    for said, ending, days_later in story:
        desk.take(*said)
        certifications = history(certifications, said)
        check(desk, certifications, {c.key for c in desk.state.contacts if c.relation == "self"})
        waiting = [n for n in desk.state.notices if n.tried and n.tried[-1].status == Status.QUEUED]
        if ending is not None and waiting:
            desk.settle(waiting[0], structs.replace(waiting[0].tried[-1], status=ending[0], reason=ending[1]))
            check(desk, certifications, {c.key for c in desk.state.contacts if c.relation == "self"})
        if days_later:
            desk.on(desk.today + timedelta(days=days_later)).take()
            check(desk, certifications, {c.key for c in desk.state.contacts if c.relation == "self"})


@settings(max_examples=400, deadline=None)
@drawn(st.lists(st.one_of(facts, lives, takes_back), min_size=1, max_size=6))
def test_events_in_one_batch_end_like_the_same_events_one_by_one(said: list[Event]) -> None:
    together, alone = started().take(*said), started()
    for one in said:
        alone.take(one)
    assert together.state.person == alone.state.person
    # The calendar opens no lapse for somebody suspended for it already; one that was open before stays, for it was true.
    suspended = any(isinstance(one.data, Suspended) and one.data.cause == "not_certified" for one in said)
    lapses = {duty for duty in standing(alone) if suspended and duty.startswith("suspension/lapsed")}
    assert standing(together) | lapses == standing(alone)


@settings(max_examples=400, deadline=None)
@drawn(st.lists(st.one_of(facts, facts, lives, takes_back, reaches), min_size=1, max_size=6))
def test_an_event_said_twice_in_a_row_counts_once(said: list[Event]) -> None:
    once = started().take(*said)
    twice = started().take(*(one for one in said for _ in range(2)))
    assert once.state.person == twice.state.person
    assert standing(once) == standing(twice)


@settings(max_examples=400, deadline=None)
@drawn(
    st.lists(st.one_of(days.map(certified), deadlines.map(reminder_due), deadlines.map(lapsed)), min_size=2, max_size=6).flatmap(
        lambda said: st.tuples(st.just(said), st.permutations(said))
    )
)
def test_certifications_and_cycle_events_end_alike_in_any_order(orders: tuple[list[Event], list[Event]]) -> None:
    one, other = (started().take(*order) for order in orders)
    assert (one.state.person.certified, one.state.person.deadline) == (other.state.person.certified, other.state.person.deadline)
    assert standing(one) == standing(other)


def standing(desk: Desk) -> set[str]:
    return {base(n) for n in desk.state.notices if n.status in OPEN_NOTICE}
