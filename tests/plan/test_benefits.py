"""Suspended, terminated, resumed: one notice a duty, the exempt, the order of facts, two benefits where one ends."""

from datetime import timedelta

import pytest
from msgspec import structs

from gateway.events import PersonData, Resumed, Suspended, Terminated
from gateway.words import Beneficiary, Cause, Insurance, NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import INJURY, PENSION, TODAY, Desk, certified, event, given, lapsed, person_data

OWN = given("13800138000")
YESTERDAY = TODAY - timedelta(days=1)


def desk_of(*insurance: Insurance, beneficiary: Beneficiary | None = None) -> Desk:
    return Desk().take(event(person_data(insurance=insurance or (PENSION,), beneficiary=beneficiary), OWN))


def statuses(desk: Desk) -> dict[str, tuple[str, str | None]]:
    return {n.duty: (n.status, n.reason) for n in desk.state.notices}


def test_the_keys_of_duties_have_no_empty_part() -> None:
    desk = Desk().take(
        event(Suspended(TODAY, "not_certified"), OWN),
        event(Resumed(TODAY - timedelta(days=5), [INJURY, PENSION])),
        lapsed(TODAY),
    )
    assert [n.duty for n in desk.state.notices] == [
        f"suspension|not_certified|-|{TODAY}",
        f"resumption|-|resident_pension+work_injury|{TODAY - timedelta(days=5)}",
        f"suspension/lapsed|{TODAY}",
    ]


def test_the_same_suspension_said_again_is_the_same_duty_also_when_it_names_the_benefit_this_time() -> None:
    desk = desk_of().take(event(Suspended(TODAY, "not_certified")), event(Suspended(TODAY, "not_certified", [PENSION])))
    assert desk.codes() == ["notice", "duty_met"]
    assert desk.take(event(Suspended(TODAY, "not_certified", [PENSION]))).codes() == ["duty_met"]


def test_a_suspension_of_another_benefit_another_day_or_another_cause_is_another_duty() -> None:
    desk = desk_of(PENSION, INJURY).take(
        event(Suspended(TODAY, "not_certified", [PENSION])),
        event(Suspended(TODAY, "not_certified", [INJURY])),
        event(Suspended(TODAY, "payment_failed", [PENSION])),
        event(Suspended(YESTERDAY, "payment_failed", [PENSION])),
    )
    assert desk.codes() == ["notice"] * 4


def test_what_was_told_of_one_benefit_is_told_of_the_other_only() -> None:
    desk = desk_of(PENSION, INJURY).take(event(Suspended(TODAY, "not_certified", [PENSION])), event(Suspended(TODAY, "not_certified")))
    assert [n.insurance for n in desk.state.notices] == [(PENSION,), (INJURY,)]
    assert desk.take(event(Suspended(TODAY, "not_certified"))).codes() == ["duty_met"]


def test_a_suspension_for_not_certifying_stands_after_a_certification_for_payment_is_still_suspended() -> None:
    desk = desk_of().take(event(Suspended(TODAY, "not_certified"))).take(certified(TODAY))
    assert desk.notice("suspension", "not_certified").status == NoticeStatus.IN_PROGRESS


def test_a_resumption_withdraws_the_suspension_of_that_benefit_only() -> None:
    desk = desk_of(PENSION, INJURY).take(
        event(Suspended(YESTERDAY, "not_certified", [PENSION])),
        event(Suspended(YESTERDAY, "payment_failed", [INJURY])),
    )
    desk.take(event(Resumed(TODAY, [PENSION])))
    assert statuses(desk) == {
        f"suspension|not_certified|resident_pension|{YESTERDAY}": ("canceled", Reason.RESUMED),
        f"suspension|payment_failed|work_injury|{YESTERDAY}": ("in_progress", None),
        f"resumption|-|resident_pension|{TODAY}": ("in_progress", None),
    }


def test_a_suspension_that_arrives_after_its_resumption_is_not_told() -> None:
    desk = desk_of().take(event(Resumed(TODAY)), event(Suspended(YESTERDAY, "not_certified")))
    assert desk.codes() == ["notice", "resumed"]
    assert desk.notice("suspension", "not_certified").status == NoticeStatus.SUPPRESSED
    assert desk.state.person.benefits[0].state == "active"


def test_a_termination_withdraws_the_suspension_of_its_benefit_and_the_resumption_that_has_not_left() -> None:
    desk = desk_of().take(event(Suspended(YESTERDAY, "not_certified")), event(Resumed(YESTERDAY, [INJURY])))
    desk.take(event(Terminated(TODAY, "not_certified", [PENSION])), event(Terminated(TODAY, "other", [INJURY])))
    assert {n.kind: n.reason for n in desk.state.notices if n.status == NoticeStatus.CANCELED} == {
        "suspension": Reason.TERMINATED,
        "resumption": Reason.TERMINATED,
    }


def test_the_end_of_all_benefits_withdraws_reminder_and_lapse_and_a_resumption_brings_the_reminder_back() -> None:
    desk = Desk().take(event(person_data(insurance=(PENSION, INJURY), certified_on=add_months(TODAY, -9)), OWN))
    desk.take(event(Terminated(TODAY, "other", [PENSION])))
    assert desk.notice("reminder").status == NoticeStatus.IN_PROGRESS
    desk.take(event(Terminated(TODAY, "other", [INJURY])))
    assert (desk.notice("reminder").status, desk.notice("reminder").reason) == (NoticeStatus.CANCELED, Reason.TERMINATED)
    desk.take(event(Resumed(TODAY, [INJURY])))
    assert [n.status for n in desk.state.notices if n.kind == "reminder"] == [NoticeStatus.CANCELED, NoticeStatus.IN_PROGRESS]


def test_a_resumption_ends_the_lapse_that_it_makes_untrue() -> None:
    desk = desk_of().take(lapsed(YESTERDAY)).take(event(Resumed(TODAY)))
    assert desk.notice("suspension", "lapsed").reason == Reason.RESUMED


@pytest.mark.parametrize("reason", [Reason.OPERATOR, Reason.RESUMED, Reason.EXPIRED])
def test_a_duty_that_ended_for_good_is_not_taken_up_again(reason: Reason) -> None:
    desk = desk_of().take(lapsed(YESTERDAY))
    ended = [structs.replace(n, status=NoticeStatus.CANCELED, reason=reason, tried=()) for n in desk.state.notices]
    desk.state = structs.replace(desk.state, notices=tuple(ended))
    assert desk.take(lapsed(YESTERDAY)).codes() == ["duty_met"]
    assert desk.on(TODAY + timedelta(days=1)).take().last.notices == ()


def test_of_a_person_whose_benefits_are_unknown_a_termination_is_said_of_any() -> None:
    desk = Desk().take(event(PersonData(certified_on=add_months(TODAY, -9)), OWN)).take(event(Terminated(TODAY, "other")))
    assert desk.notice("reminder").reason == Reason.TERMINATED
    desk.take(event(PersonData(insurance=[PENSION])), event(Resumed(TODAY)))
    assert {b.insurance: b.state for b in desk.state.person.benefits} == {PENSION: "active"}


def test_a_benefit_that_an_event_names_is_drawn() -> None:
    assert desk_of().take(event(Suspended(TODAY, "payment_failed", [INJURY]))).state.person.insurance == (PENSION, INJURY)


def test_an_uninformed_suspension_leaves_the_list_once_the_benefit_is_resumed() -> None:
    desk = Desk().take(event(Suspended(YESTERDAY, "not_certified", [PENSION])))
    assert len(desk.outreach) == 1
    desk.take(event(Resumed(TODAY, [PENSION]), OWN))
    assert desk.outreach == []


@pytest.mark.parametrize(
    ("draws", "named", "beneficiary", "code"),
    [
        ((INJURY,), None, Beneficiary.WORKER, "exempt"),
        ((INJURY,), [INJURY], Beneficiary.WORKER, "exempt"),
        ((INJURY, PENSION), [INJURY, PENSION], Beneficiary.WORKER, "exempt"),
        ((INJURY, PENSION), None, Beneficiary.WORKER, "notice"),
        ((INJURY, PENSION), [PENSION], Beneficiary.WORKER, "notice"),
        ((INJURY,), None, Beneficiary.DEPENDANT, "notice"),
        ((PENSION,), None, None, "notice"),
    ],
)
def test_imprisonment_does_not_end_the_injured_workers_own_benefit(
    draws: tuple[Insurance, ...], named: list[Insurance] | None, beneficiary: Beneficiary | None, code: str
) -> None:
    desk = desk_of(*draws, beneficiary=beneficiary)
    before = desk.state.person
    desk.take(event(Terminated(TODAY, "imprisoned", named)))
    assert desk.codes() == [code]
    if code == "exempt":
        assert desk.last.person is before
        assert desk.last.notices == ()
    else:
        assert {b.insurance for b in desk.state.person.benefits} == ({PENSION} if beneficiary != Beneficiary.DEPENDANT else {INJURY})


def test_the_event_itself_may_say_that_the_person_is_the_worker() -> None:
    said = person_data(insurance=(INJURY,), beneficiary=Beneficiary.WORKER)
    assert Desk().take(event(Terminated(TODAY, "imprisoned", person=said), OWN)).codes() == ["exempt"]


@pytest.mark.parametrize("cause", [c for c in Cause if c not in {Cause.NONE, Cause.LAPSED, Cause.PAYMENT_FAILED}])
def test_a_termination_is_told_at_once_in_the_urgent_lane(cause: Cause) -> None:
    desk = desk_of().take(event(Terminated(TODAY, cause.value), given("13900139000", OWN.relation.FAMILY)))  # type: ignore[arg-type]
    assert [(d.lane, d.due_at) for d in desk.last.drafts] == [("urgent", desk.now)]
    assert desk.end(Status.DELIVERED).notice("termination", cause).status == NoticeStatus.INFORMED
