"""What the shipped texts say: the rules of the domain, read from the finished texts and not from the templates."""

import re
from collections.abc import Iterator

import pytest

from gateway.render.catalog import Catalog
from gateway.render.lint import example
from gateway.render.select import ASKS_TO_CERTIFY
from gateway.render.template import Template
from gateway.render.text import render, segments, units
from gateway.render.values import LONGEST
from tests.render.golden import GOLDEN, all_texts

NEVER_ON_A_PHONE = re.compile("死亡|去世|逝世|身故|亡故|服刑|判刑|监狱|坐牢|再婚|收养|就业|参军|年满|失踪")
A_DATE = re.compile(r"\d{4}年\d{1,2}月(\d{1,2}日)?")


@pytest.fixture(scope="module")
def texts(catalog: Catalog) -> dict[str, str]:
    return {template.name: example(template) for template in catalog}


def of_calendar(catalog: Catalog) -> Iterator[tuple[Template, str]]:
    for template in catalog:
        if template.front.kind != "requested":
            yield template, example(template)


def holding(texts: dict[str, str], part: str) -> dict[str, str]:
    found = {name: text for name, text in texts.items() if part in name}
    assert found
    return found


def test_every_sms_fits_one_segment_for_a_name_of_three_characters(texts: dict[str, str]) -> None:
    too_long = {name: units(text) for name, text in holding(texts, "sms/").items() if segments(text) != 1}
    assert too_long == {}


def test_every_sms_begins_with_the_signature_and_has_no_other(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "sms/").items():
        assert text.startswith("【四川社保】"), name
        assert text.count("【") == text.count("】") == 1, name


def test_no_text_holds_a_web_address_or_an_amount(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        assert not re.search(r"https?|www|[a-z0-9]\.[a-z]|://", text, re.IGNORECASE), name
        assert not re.search(r"[¥￥$]|\d\s*元|人民币", text), name


def test_the_only_digits_of_a_text_are_dates_the_hotline_and_the_six_months(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        rest = A_DATE.sub("", text).replace("12333", "").replace("连续6个月", "")
        assert not re.search(r"\d", rest), name


def test_no_text_says_what_others_who_hold_the_phone_must_not_read(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        assert not NEVER_ON_A_PHONE.search(text), name


def test_no_text_promises_that_certifying_restores_payment(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        assert not re.search("认证(后|完成后|成功后|即可?)(恢复|补发)", text), name
        assert "恢复补发" not in text or "核实后恢复补发" in text, name


def test_every_text_names_the_hotline_except_abroad_where_it_cannot_be_called(texts: dict[str, str]) -> None:
    silent = {name for name, text in texts.items() if "12333" not in text.replace("掌上12333", "")}
    assert silent == {name for name in texts if name.startswith("sms/") and name.endswith(".abroad")}


def test_whoever_is_asked_to_certify_reads_that_it_is_free(catalog: Catalog) -> None:
    for template, text in of_calendar(catalog):
        if (template.front.kind, template.front.cause) in ASKS_TO_CERTIFY:
            assert "免费" in text, template.name


def test_reminders_and_lapses_tell_people_who_did_it_already_to_ignore_them(texts: dict[str, str]) -> None:
    for name, text in (holding(texts, "/reminder.") | holding(texts, "suspension.lapsed")).items():
        assert re.search("已办请忽略|如已办理，请忽略", text), name


def test_a_reminder_says_until_when_inclusive_and_what_happens_otherwise(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "/reminder.").items():
        assert re.search(r"2026年12月14日[(（]含[)）]前", text), name
        assert re.search("逾期.*暂停|待遇将暂停", text), name


def test_a_lapse_is_not_yet_a_suspension_unless_the_config_says_so(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "suspension.lapsed.").items():
        assert "将暂停" in text, name
        assert "已暂停" not in text, name
    for name, text in holding(texts, "suspension.lapsed_is.").items():
        assert "已暂停" in text, name
        assert "将暂停" not in text, name


def test_a_suspension_says_the_last_day_to_object(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "suspension.not_certified").items():
        assert re.search(r"2027年12月14日[(（]含[)）]前", text), name


def test_failed_payments_are_about_the_account_and_not_about_certifying(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "payment_failed").items():
        assert "更正" in text, name
        assert "认证" not in text, name


def test_a_death_asks_for_deregistration_and_leaves_a_way_to_correct_it(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "termination.death").items():
        assert "注销登记" in text, name
        assert "信息有误" in text, name


@pytest.mark.parametrize("cause", ["missing", "imprisoned"])
def test_a_flag_that_can_be_wrong_invites_correction(texts: dict[str, str], cause: str) -> None:
    for name, text in holding(texts, f"termination.{cause}").items():
        assert "信息有误" in text, name
        assert "恢复手续" in text, name


def test_a_resumption_says_that_nobody_asks_for_money_or_codes(texts: dict[str, str]) -> None:
    for name, text in holding(texts, "/resumption.").items():
        assert "不收费" in text, name
        assert re.search("不(会)?索要.*验证码", text), name


def test_abroad_nobody_is_sent_to_the_village_office(texts: dict[str, str]) -> None:
    for name, text in holding(texts, ".abroad").items():
        assert "中国领事" in text, name
        assert "使领馆" in text, name
        assert "社区" not in text, name


def test_whoever_cannot_go_out_reads_of_the_visit_at_home(texts: dict[str, str]) -> None:
    for name, text in holding(texts, ".home_service").items():
        assert "上门" in text, name


def test_a_work_injury_benefit_is_called_by_its_name(catalog: Catalog) -> None:
    for kind in ("suspension.payment_failed.self", "termination.other.self", "termination.imprisoned.family", "resumption.unit"):
        text = render(catalog.current(f"sms/{kind}"), dict(LONGEST) | {"insurance_name": "工伤定期待遇"})
        assert "工伤定期待遇" in text
        assert "养老" not in text


def test_a_text_speaks_to_whoever_holds_the_phone(texts: dict[str, str]) -> None:
    words = {"family": "家属", "guardian": "监护人", "unit": "贵单位"}
    for name, text in texts.items():
        for addressee, word in words.items():
            if f".{addressee}" in name:
                assert word in text, name
        if ".self" in name:
            assert "家属" not in text, name
            assert "贵单位" not in text, name


def test_lint_finds_nothing_in_what_is_shipped(catalog: Catalog) -> None:
    assert catalog.lint() == []


def test_every_text_is_the_one_that_was_reviewed(catalog: Catalog) -> None:
    assert all_texts(catalog) == GOLDEN.read_text(encoding="utf-8"), (
        "texts changed: python -m tests.render.golden, and review the difference"
    )
