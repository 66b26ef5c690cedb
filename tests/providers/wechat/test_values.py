"""What a keyword of a WeChat template may hold (developers.weixin.qq.com, "订阅消息参数值内容限制说明")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base.vendor_template import Unfit
from providers.wechat.values import fit, kind_of


@pytest.mark.parametrize(
    ("keyword", "kind"),
    [("thing1", "thing"), ("character_string12", "character_string"), ("phone_number3", "phone_number"), ("first", "first"), ("Äé1", "")],
)
def test_the_kind_stands_in_the_keyword(keyword: str, kind: str) -> None:
    assert kind_of(keyword) == kind


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing1", "一" * 20),
        ("number2", "-12345.67"),
        ("letter1", "ABCdef"),
        ("symbol1", "!@#"),
        ("character_string4", "No. 2026-0001 (A)"),
        ("time5", "15:01"),
        ("time5", "2019年10月1日 15:01"),
        ("time5", "2019年10月1日 15:01~2019年10月1日 16:00"),
        ("date6", "2019年10月1日"),
        ("date6", "2019年10月1日 15:01"),
        ("date6", "2019年10月1日~2019年10月7日"),
        ("amount7", "¥1234.50"),
        ("amount7", "100元"),
        ("phone_number8", "028-12345678"),
        ("phone_number8", "+86 028 12345678"),
        ("car_number9", "川A12345学"),
        ("name10", "王*国"),
        ("name10", "Wilhelm von Humboldt"),
        ("phrase11", "待办理"),
        ("const12", "资格认证"),
        ("enum13", "是"),
        ("keyword1", "随便什么都可以，多长都行" * 10),
    ],
)
def test_what_fits_is_sent_as_it_is(keyword: str, value: str) -> None:
    assert fit(keyword, value) == value


@pytest.mark.parametrize(
    ("keyword", "value", "sent"),
    [
        ("thing1", "一" * 21, "一" * 17 + "..."),
        ("thing1", "🙂" * 11, "🙂" * 8 + "..."),
        ("character_string4", "x" * 33, "x" * 29 + "..."),
        ("phone_number8", "123456789012345678", "12345678901234..."),
        ("car_number9", "川A12345678", "川A12345…"),
        ("name10", "阿依古丽·买买提江·热合曼", "阿依古丽·买买提江…"[:9] + "…"),
        ("name10", "Karl-Theodor Maria Nikolaus", "Karl-Theodor Maria …"),
        ("thing1", " 第一行\n第二行\t\x07 ", "第一行 第二行"),
        ("date6", "2026-11-24", "2026年11月24日"),
        ("date6", "2026-11-24 09:30", "2026年11月24日 09:30"),
        ("time5", "2026-01-02T09:30", "2026年1月2日 09:30"),
    ],
)
def test_what_is_too_long_is_cut_and_what_is_written_otherwise_is_rewritten(keyword: str, value: str, sent: str) -> None:
    assert fit(keyword, value) == sent


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing1", ""),
        ("thing1", " \n "),
        ("number2", "一二三"),
        ("number2", "1" * 33),
        ("letter1", "a1"),
        ("letter1", "a" * 33),
        ("symbol1", "!!!!!!"),
        ("character_string4", "含中文"),
        ("time5", "明天"),
        ("date6", "24/11/2026"),
        ("amount7", "12345678901"),
        ("phone_number8", "打电话"),
        ("car_number9", "川川川川"),
        ("phrase11", "超过五个汉字"),
        ("phrase11", "ok"),
        ("const12", "一" * 21),
    ],
)
def test_what_cannot_be_made_to_fit_is_refused_without_its_value(keyword: str, value: str) -> None:
    with pytest.raises(Unfit, match=keyword) as refusal:
        fit(keyword, value)
    assert not value.strip() or value not in str(refusal.value)


@given(st.sampled_from(["thing1", "character_string2", "phone_number3", "car_number4", "name5", "date6", "number7", "const8"]), st.text())
def test_whatever_comes_out_is_within_the_limit_on_one_line(keyword: str, value: str) -> None:
    limits = {"thing1": 20, "character_string2": 32, "phone_number3": 17, "car_number4": 8, "name5": 20, "const8": 20}
    try:
        sent = fit(keyword, value)
    except Unfit:
        return
    assert sent
    assert sent.isprintable() or not any(one in "\r\n\t\0" for one in sent)
    assert len(sent.encode("utf-16-le", "surrogatepass")) // 2 <= limits.get(keyword, 1000)
