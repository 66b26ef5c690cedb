"""Notices that a backend asks for by template name."""

from datetime import timedelta

import pytest
from msgspec import structs

from gateway.events import Deceased, NoticeRequested
from gateway.plan import Settings
from gateway.plan.state import Belief
from gateway.words import NoticeStatus, Reason, Status
from tests.plan.fakes import NOW, TODAY, Desk, event, given, person_data, rules

OWN, OPENID = given("13800138000"), given("oABC", channel="wechat")
HOUR = timedelta(hours=1)


def test_a_request_goes_with_its_params_in_its_lane_through_the_ladder() -> None:
    desk = Desk().take(event(person_data()), event(NoticeRequested("notice.general", {"matter": "年审"}, priority="bulk"), OWN))
    (draft,) = desk.last.drafts
    assert (draft.template, draft.lane, draft.values) == (
        "sms/notice.general",
        "bulk",
        {"matter": "年审", "name": "王*国", "signature": "四川社保"},
    )


def test_a_request_cannot_replace_the_masked_name_or_the_signature() -> None:
    desk = Desk().take(event(person_data()), event(NoticeRequested("notice.general", {"name": "王建国", "signature": "某银行"}), OWN))
    assert desk.last.drafts[0].values == {"name": "王*国", "signature": "四川社保"}


def test_only_the_channels_asked_for_are_used() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general", channels=["wechat"]), OWN, OPENID))
    assert [d.channel for d in desk.last.drafts] == ["wechat"]
    assert desk.end(Status.FAILED, Reason.RECIPIENT_BLOCKED).last.drafts == ()
    assert desk.notice("requested").status == NoticeStatus.UNINFORMED


def test_a_channel_beyond_the_ladder_may_be_asked_for() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general", channels=["email"]), given("a@b.cn", channel="email")))
    assert [d.channel for d in desk.last.drafts] == ["email"]


def test_a_channel_without_a_route_is_passed_over_and_alone_rejected() -> None:
    made = rules(Settings(channels=frozenset({"sms"})))
    desk = Desk(rules_=made).take(
        event(NoticeRequested("notice.general", channels=["email", "sms"]), OWN, given("a@b.cn", channel="email"))
    )
    assert [d.channel for d in desk.last.drafts] == ["sms"]
    desk.take(event(NoticeRequested("notice.general", channels=["email"])))
    assert [(v.code, getattr(v, "path", "")) for v in desk.last.verdicts] == [("invalid", "$.data.channels")]


def test_two_requests_are_two_notices() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general"), OWN), event(NoticeRequested("notice.general")))
    assert len({n.duty for n in desk.state.notices}) == 2
    assert desk.state.notices[0].duty.startswith("requested|/benefits|")


def test_a_template_that_nobody_published_is_rejected() -> None:
    desk = Desk().take(event(NoticeRequested("nosuch"), OWN))
    assert [(v.code, getattr(v, "path", "")) for v in desk.last.verdicts] == [("invalid", "$.data.template")]
    assert desk.last.contacts_put == ()


def test_a_request_for_later_waits() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general", send_after=NOW + HOUR), OWN))
    assert (desk.codes(), desk.last.drafts, desk.state.person.plan_due) == (["held"], (), NOW + HOUR)
    desk.at(NOW + HOUR).take()
    assert len(desk.last.drafts) == 1
    assert desk.last.person.plan_due is None


def test_a_request_that_ends_before_it_begins_is_rejected() -> None:
    assert Desk().take(event(NoticeRequested("notice.general", send_after=NOW + HOUR, expires_at=NOW + HOUR), OWN)).codes() == ["invalid"]


def test_a_request_that_is_over_is_not_sent() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general", expires_at=NOW), OWN))
    assert (desk.codes(), desk.notice("requested").status, desk.notice("requested").reason) == (
        ["expired"],
        NoticeStatus.SUPPRESSED,
        Reason.EXPIRED,
    )


def test_a_request_that_ends_before_the_window_opens_just_ends() -> None:
    desk = Desk(rules_=rules(opens=NOW + 2 * HOUR)).take(event(NoticeRequested("notice.general", expires_at=NOW + HOUR), OWN))
    assert (desk.notice("requested").reason, desk.outreach) == (Reason.QUIET_EXPIRED, [])


@pytest.mark.parametrize(("priority", "sent"), [("urgent", 1), ("normal", 0), ("bulk", 0)])
def test_an_opt_out_stops_what_is_not_urgent(priority: str, sent: int) -> None:
    desk = Desk()
    desk.state = structs.replace(desk.state, beliefs={OWN.key: Belief(opted_out=True)})
    desk.take(event(NoticeRequested("notice.general", priority=priority), OWN))  # type: ignore[arg-type]
    assert (len(desk.last.drafts), desk.outreach) == (sent, [])
    assert desk.notice("requested").reason == (None if sent else Reason.OPTED_OUT)


def test_nothing_is_requested_of_the_deceased() -> None:
    desk = Desk().take(event(Deceased(TODAY)), event(NoticeRequested("notice.general"), OWN))
    assert (desk.codes(), desk.last.drafts) == (["recorded", "deceased"], ())


def test_a_request_does_not_stand_in_the_way_of_a_death_and_ends_with_it() -> None:
    desk = Desk().take(event(NoticeRequested("notice.general", send_after=NOW + HOUR), OWN)).take(event(Deceased(TODAY)))
    assert (desk.notice("requested").status, desk.notice("requested").reason) == (NoticeStatus.CANCELED, Reason.DECEASED)
