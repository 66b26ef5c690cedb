"""Which text says it: every combination that the rules allow has one, every other is refused."""

from itertools import product

import pytest

from gateway.render.catalog import Catalog
from gateway.render.errors import NoTextError
from gateway.render.select import Addressee, choose, every_name, requested
from gateway.words import Cause, Channel, Kind, Relation

EVERYBODY = {"self", "family", "guardian", "unit"}
NOT_THE_PERSON = {"family", "guardian", "unit"}
MAY_BE_TOLD = {
    ("reminder", ""): EVERYBODY,
    ("suspension", "lapsed"): EVERYBODY,
    ("suspension", "not_certified"): EVERYBODY,
    ("suspension", "payment_failed"): EVERYBODY,
    ("termination", "death"): NOT_THE_PERSON,
    ("termination", "missing"): NOT_THE_PERSON,
    ("termination", "imprisoned"): NOT_THE_PERSON,
    ("termination", "not_certified"): EVERYBODY,
    ("termination", "other"): EVERYBODY,
    ("resumption", ""): EVERYBODY,
}
FLAGS = ("abroad", "home_service", "lapse_means_suspended")
CIRCUMSTANCES = [dict(zip(FLAGS, flags, strict=True)) for flags in product((False, True), repeat=3)]
ALL = list(product(Kind, Cause, Relation, [*Channel, "pager"]))


def test_every_combination_that_the_rules_allow_has_a_text_and_no_other_has_one(catalog: Catalog) -> None:
    for kind, cause, relation, channel in ALL:
        for circumstances in CIRCUMSTANCES:
            if relation in MAY_BE_TOLD.get((kind, cause), set()):
                assert catalog.has(choose(kind, cause, relation, channel, **circumstances))
            else:
                with pytest.raises(NoTextError):
                    choose(kind, cause, relation, channel, **circumstances)


def test_no_text_is_shipped_that_nothing_chooses(catalog: Catalog) -> None:
    chosen = {
        choose(kind, cause, relation, channel, **circumstances)
        for kind, cause, relation, channel in ALL
        if relation in MAY_BE_TOLD.get((kind, cause), set())
        for circumstances in CIRCUMSTANCES
    }
    assert chosen == set(every_name())
    assert chosen == {template.name for template in catalog if template.front.kind != Kind.REQUESTED}


def test_every_relation_of_a_contact_can_be_addressed() -> None:
    assert set(Relation) <= set(Addressee)


def test_abroad_counts_before_a_visit_at_home() -> None:
    assert choose("reminder", "", "self", "sms", abroad=True, home_service=True) == "sms/reminder.self.abroad"


def test_a_visit_at_home_has_its_own_sms_and_stands_in_every_wechat_text() -> None:
    assert choose("suspension", "lapsed", "family", "sms", home_service=True) == "sms/suspension.lapsed.family.home_service"
    assert choose("suspension", "lapsed", "family", "wechat", home_service=True) == "wechat/suspension.lapsed.family"


def test_a_unit_and_a_text_that_asks_for_no_certification_have_no_variants() -> None:
    assert choose("reminder", "", "unit", "sms", abroad=True) == "sms/reminder.unit"
    assert choose("suspension", "payment_failed", "self", "sms", abroad=True) == "sms/suspension.payment_failed.self"


def test_a_lapse_says_is_suspended_only_where_the_config_says_so() -> None:
    assert choose("suspension", "lapsed", "self", "sms") == "sms/suspension.lapsed.self"
    assert choose("suspension", "lapsed", "self", "sms", lapse_means_suspended=True) == "sms/suspension.lapsed_is.self"
    assert choose("suspension", "not_certified", "self", "sms", lapse_means_suspended=True).startswith("sms/suspension.not_certified")


def test_a_channel_without_texts_of_its_own_uses_those_of_another() -> None:
    assert choose("resumption", "", "self", "wecom") == "wechat/resumption.self"
    assert choose("resumption", "", "self", "voice") == "sms/resumption.self"
    assert requested("notice.general", "wecom") == "wechat/notice.general"


def test_a_request_can_never_name_a_text_of_the_calendar() -> None:
    assert requested("reminder.self", "sms") == "sms/notice.reminder.self"
    assert requested("general", "sms") == requested("notice.general", "sms") == "sms/notice.general"


def test_the_words_of_the_gateway_and_plain_strings_choose_the_same() -> None:
    assert choose(Kind.REMINDER, Cause.NONE, Relation.SELF, Channel.SMS) == choose("reminder", "", "self", "sms") == "sms/reminder.self"
