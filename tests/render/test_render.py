"""What values may be, and what becomes of those that may not."""

import time
import unicodedata
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.render.catalog import Catalog
from gateway.render.errors import TemplateError
from gateway.render.template import Template
from gateway.render.text import render, render_many
from gateway.render.values import LONGEST, OFFERED, chinese_date, chinese_month, insurance_name
from gateway.words import Insurance
from tests.render.writing import template

REMINDER = "sms/reminder.self"


def named(name: str) -> Mapping[str, str]:
    return dict(LONGEST) | {"name": name}


def general() -> Template:
    return template("【{{ signature }}】{{ name }}，{{ matter }}", signature=12, name=20, matter=30)


def with_matter(matter: str) -> str:
    return render(general(), {**LONGEST, "matter": matter})


def test_the_same_inputs_give_the_same_text_one_by_one_or_many_at_once(catalog: Catalog) -> None:
    chosen = catalog.current(REMINDER)
    people = [named("王建国"), named("李梅"), named("王建国"), named("")]
    assert render_many(chosen, people) == [render(chosen, person) for person in people]


def test_a_reminder_reads_as_it_was_reviewed(catalog: Catalog) -> None:
    assert render(catalog.current(REMINDER), LONGEST) == (
        "【四川社保】王建国您好，请于2026年12月14日(含)前用四川e社保刷脸或到社区免费办理资格认证，逾期待遇暂停。已办请忽略。咨询12333"
    )


@pytest.mark.parametrize(
    ("given_name", "read_name"),
    [
        ("王*国", "王*国"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("𬱖〇娜", "𬱖〇娜"),
        ("Anna-Maria", "Anna-Maria"),
        ("王建国（已故）", "王建国"),
        ("王建国 13800138000", "王建国"),
        ("王建国510104195001011234", "王建国"),
        ("王\x00建\n国\u202e", "王建国"),
        ("http://a.cn/王", "httpacn王"),
        ("", "参保人"),
        ("13800138000", "参保人"),
        ("（无）", "参保人"),
        ("王" * 21, "王" * 19 + "…"),
        ("王" * 1_000_000, "王" * 19 + "…"),
    ],
)
def test_a_name_is_made_readable_and_never_stops_a_notice(catalog: Catalog, given_name: str, read_name: str) -> None:
    began = time.process_time()
    text = render(catalog.current(REMINDER), named(given_name))
    assert text.startswith(f"【四川社保】{read_name}您好，")
    assert time.process_time() - began < 5


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_a_name_is_the_text_shows_nothing_invisible_and_stays_short(catalog: Catalog, name: str) -> None:
    text = render(catalog.current(REMINDER), named(name))
    assert len(text) <= len(render(catalog.current(REMINDER), named(""))) - 3 + 20
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cf", "Zl", "Zp"}
    assert sum(character.isdecimal() for character in text) == 13


@pytest.mark.parametrize("value", ["王\ud800国", "\udfff"])
def test_half_a_character_is_refused(catalog: Catalog, value: str) -> None:
    with pytest.raises(TemplateError, match="'name' holds half a character"):
        render(catalog.current(REMINDER), named(value))
    with pytest.raises(TemplateError, match="'matter' holds half a character"):
        with_matter(value)


@pytest.mark.parametrize("missing", ["name", "shown_date", "signature"])
def test_a_value_that_was_not_given_is_an_error(catalog: Catalog, missing: str) -> None:
    with pytest.raises(TemplateError, match=f"no value for '{missing}'"):
        render(catalog.current(REMINDER), {name: value for name, value in LONGEST.items() if name != missing})


def test_an_office_with_a_long_name_can_sign(catalog: Catalog) -> None:
    office = "阿坝藏族羌族自治州社会保险事业管理中心局"
    assert len(office) == OFFERED["signature"]
    for chosen in catalog:
        if chosen.front.kind != "requested":
            assert office in render(chosen, dict(LONGEST) | {"signature": office})


def test_an_empty_date_is_an_error_and_not_a_text_without_a_date(catalog: Catalog) -> None:
    with pytest.raises(TemplateError, match="'shown_date' is empty"):
        render(catalog.current(REMINDER), dict(LONGEST) | {"shown_date": ""})


def test_a_date_too_long_to_be_one_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(TemplateError, match="'shown_date' is longer than the 11 characters"):
        render(catalog.current(REMINDER), dict(LONGEST) | {"shown_date": "二〇二六年十二月十四日星期一"})


def test_a_value_that_is_not_text_is_an_error(catalog: Catalog) -> None:
    wrong: dict[str, str] = {**LONGEST, "shown_date": date(2026, 12, 14)}  # type: ignore[dict-item]
    with pytest.raises(TemplateError, match="not text"):
        render(catalog.current(REMINDER), wrong)


def test_values_that_a_template_does_not_use_are_left_aside(catalog: Catalog) -> None:
    assert render(catalog.current(REMINDER), dict(LONGEST) | {"other": "x"}) == render(catalog.current(REMINDER), LONGEST)


@pytest.mark.parametrize(
    ("matter", "why"),
    [
        ("请点 https://a.cn", "web address"),
        ("请看www.12333.gov.cn", "web address"),
        ("请看si.12333.gov", "web address"),
        ("ｈｔｔｐ：／／ａ．ｃｎ", "web address"),
        ("证号510104195001011234", "identity or card number"),
        ("证号51010419500101123X", "identity or card number"),
        ("卡号6222 0212 3456 7890 123", "identity or card number"),
        ("卡号６２２２０２１２３４５６７８９０", "identity or card number"),
        ("补发1200元", "amount"),
        ("补发三千多元", "amount"),
        ("补发￥1200", "amount"),
        ("因死亡停发", "death, a disappearance or an imprisonment"),
        ("因服刑停发", "death, a disappearance or an imprisonment"),
        ("【某银行】领取", "signature"),
        ("字" * 31, "longer than the 30"),
        ("字" * 1_000_000, "longer than the 30"),
        ("\x00\n", "empty"),
    ],
)
def test_words_of_a_backend_that_nobody_may_send_are_refused(matter: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why) as refused:
        with_matter(matter)
    assert matter not in str(refused.value)
    assert why in "".join(general().problems({"matter": matter}))


@pytest.mark.parametrize(
    "matter", ["社会保障卡已制好", "2027元旦前请来认证", "请拨028-12345678", "2026年12月14日 9:00-17:30", "带1寸照片2张", "第3.5版表格"]
)
def test_ordinary_words_of_a_backend_pass_unchanged(matter: str) -> None:
    assert with_matter(matter) == f"【四川社保】王建国，{matter}"
    assert general().problems({"matter": matter}) == []


def test_control_characters_in_words_of_a_backend_are_left_out() -> None:
    assert with_matter("社保\x00卡\n已\u202e制好") == "【四川社保】王建国，社保卡已制好"


def test_a_request_with_wrong_parameters_says_which() -> None:
    faults = general().problems({"mater": "x"})
    assert faults == ["'mater' is no parameter of sms/notice.test; it takes matter", "'matter' is missing"]


def test_a_request_cannot_bring_a_name_or_a_signature_of_its_own() -> None:
    assert general().problems({"matter": "x", "signature": "某银行"}) == ["'signature' is no parameter of sms/notice.test; it takes matter"]


def test_an_error_about_a_value_never_holds_the_value(catalog: Catalog) -> None:
    with pytest.raises(TemplateError) as refused:
        render(catalog.current(REMINDER), named("王建国\ud800"))
    assert "王建国" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_text_over_the_vendors_limit_is_refused_even_if_the_template_was_let_in() -> None:
    huge = template("{{ matter }}" * 100, matter=30)
    with pytest.raises(TemplateError, match="a text of 1000 characters, more than 500"):
        render(huge, {"matter": "字" * 10})


def test_dates_are_written_as_people_read_them() -> None:
    assert (chinese_date(date(2026, 3, 4)), chinese_month(date(2026, 3, 4))) == ("2026年3月4日", "2026年3月")
    assert len(chinese_date(date(2026, 12, 14))) == OFFERED["shown_date"]
    assert len(chinese_month(date(2026, 12, 14))) == OFFERED["effective_month"]


def test_a_benefit_is_called_by_what_all_its_insurances_have_in_common() -> None:
    assert insurance_name([Insurance.WORK_INJURY]) == "工伤定期待遇"
    assert insurance_name([Insurance.RESIDENT_PENSION, Insurance.ENTERPRISE_PENSION]) == "养老待遇"
    assert insurance_name([Insurance.RESIDENT_PENSION, Insurance.WORK_INJURY]) == "社保待遇"
    assert insurance_name([]) == "社保待遇"
