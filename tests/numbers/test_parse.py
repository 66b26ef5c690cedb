"""Numbers as people write them, to E.164 or to a reason."""

import re
import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import Number, NumberKind, NumberRefused, Refusal, parse

national_numbers = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).filter(lambda n: n[:3] not in {"146", "148", "149"})
separators = st.text("-  ()（）\u3000\u2013.", max_size=3)


def refused(raw: str, *, landline: bool = False) -> Refusal:
    with pytest.raises(NumberRefused) as refusal:
        parse(raw, landline=landline)
    assert refusal.value.detail
    return refusal.value.code


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "+86 138-0013-8000",
        "+86 138 0013 8000",
        "86-138-0013-8000",
        "(+86) 138 0013 8000",
        "（＋86）138 0013 8000",
        "１３８００１３８０００",
        "＋８６１３８－００１３－８０００",
        "\u202d138\u00a00013\u20118000\u202c".replace("\u202d", "\u200e"),
        " 138.0013.8000\r\n",
        "13800138000。",
        "，１３８－００１３－８０００；",
        "【１３８】００１３　８０００、",
        "138—0013—8000",
        "138・0013・8000",
        "'13800138000",
        "“13800138000”",
    ],
)
def test_a_mobile_number_is_read_however_it_is_written(raw: str) -> None:
    assert parse(raw) == Number("+8613800138000", NumberKind.MOBILE)


@given(national_numbers, st.sampled_from(["", "+86", "86", "0086", "＋８６"]), st.lists(separators, min_size=12, max_size=12))
def test_separators_and_the_country_code_change_nothing(national: str, code: str, between: list[str]) -> None:
    written = code + "".join(gap + digit for gap, digit in zip(between, [*national, ""], strict=True))
    assert parse(written[:64]).e164 == "+86" + national


@given(national_numbers)
def test_what_was_read_once_reads_the_same_again(national: str) -> None:
    once = parse(national)
    assert parse(once.e164) == once


@given(national_numbers)
def test_every_mobile_number_that_the_library_knows_is_accepted(national: str) -> None:
    known = phonenumbers.is_valid_number(phonenumbers.parse("+86" + national))
    assert parse(national).kind in {NumberKind.MOBILE, NumberKind.VIRTUAL, NumberKind.SATELLITE} or not known


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("19212345678", NumberKind.MOBILE),
        ("15412345678", NumberKind.MOBILE),
        ("14712345678", NumberKind.MOBILE),
        ("16212345678", NumberKind.VIRTUAL),
        ("16512345678", NumberKind.VIRTUAL),
        ("16712345678", NumberKind.VIRTUAL),
        ("17012345678", NumberKind.VIRTUAL),
        ("17112345678", NumberKind.VIRTUAL),
        ("17212345678", NumberKind.MOBILE),
        ("13491234567", NumberKind.SATELLITE),
        ("13481234567", NumberKind.MOBILE),
        ("17401234567", NumberKind.SATELLITE),
        ("17412345678", NumberKind.MOBILE),
    ],
)
def test_a_prefix_says_the_kind_and_a_new_one_passes(raw: str, kind: NumberKind) -> None:
    assert parse(raw) == Number("+86" + raw, kind)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", Refusal.EMPTY),
        (" \t-() ", Refusal.EMPTY),
        ("1380013800", Refusal.TOO_SHORT),
        ("+86 138001380", Refusal.TOO_SHORT),
        ("861380013800", Refusal.TOO_SHORT),
        ("1", Refusal.TOO_SHORT),
        ("138001380000", Refusal.TOO_LONG),
        ("+86138001380001", Refusal.TOO_LONG),
        ("1380013800013900139000", Refusal.SEVERAL),
        ("13800138000 13900139000", Refusal.SEVERAL),
        ("+86 138 0013 8000\n+86 139 0013 9000", Refusal.LETTERS),
        ("8613800138000 8613900139000", Refusal.SEVERAL),
        ("1" * 100_000, Refusal.TOO_LONG),
        ("013800138000", Refusal.LEADING_ZERO),
        ("+86 (0)138 0013 8000", Refusal.LEADING_ZERO),
        ("12345678901", Refusal.NOT_MOBILE),
        ("85291234567", Refusal.NOT_MOBILE),
        ("00000000000", Refusal.FOREIGN),
        ("00013800138", Refusal.FOREIGN),
        ("01234567890", Refusal.NOT_MOBILE),
        ("13800138000/13900139000", Refusal.SEVERAL),
        ("13800138000，13900139000", Refusal.SEVERAL),
        ("13800138000、13900139000、028-86123456", Refusal.SEVERAL),
        ("+8613800138000；+8613900139000", Refusal.SEVERAL),
        ("13800138000或13900139000", Refusal.SEVERAL),
        ("13800138000/本人", Refusal.LETTERS),
        ("13800138000/3", Refusal.LETTERS),
        ("，。、", Refusal.EMPTY),
        ("1380013800O", Refusal.LETTERS),
        ("13800138000转801", Refusal.LETTERS),
        ("无", Refusal.LETTERS),
        ("138001+38000", Refusal.LETTERS),
        ("13800138000\x00", Refusal.LETTERS),
        ("1380013800\ud800", Refusal.LETTERS),
        ("١٣٨٠٠١٣٨٠٠٠", Refusal.LETTERS),
        ("138001380٠٠", Refusal.LETTERS),
        (" " * 100 + "13800138000", Refusal.TOO_LONG),
        ("028-86123456", Refusal.LANDLINE),
        ("(028) 8612 3456", Refusal.LANDLINE),
        ("+86 28 8612 3456", Refusal.LANDLINE),
        ("862886123456", Refusal.LANDLINE),
        ("0816-2212345", Refusal.LANDLINE),
        ("010-62345678", Refusal.LANDLINE),
        ("+861062345678", Refusal.LANDLINE),
        ("86123456", Refusal.LANDLINE),
        ("2212345", Refusal.LANDLINE),
        ("14612345678", Refusal.IOT),
        ("+8614812345678", Refusal.IOT),
        ("149-1234-5678", Refusal.IOT),
        ("1440012345678", Refusal.IOT),
        ("1410012345678", Refusal.IOT),
        ("861440012345678", Refusal.IOT),
        ("1064812345678", Refusal.IOT),
        ("10086", Refusal.SERVICE),
        ("12333", Refusal.SERVICE),
        ("120", Refusal.SERVICE),
        ("95588", Refusal.SERVICE),
        ("106900012345", Refusal.SERVICE),
        ("400-812-3456", Refusal.SERVICE),
        ("8008123456", Refusal.SERVICE),
        ("+852 1", Refusal.FOREIGN),
        ("+999 1234567", Refusal.FOREIGN),
        ("+1 000 000 0000", Refusal.FOREIGN),
        ("+", Refusal.LETTERS),
        ("+1234567890123456", Refusal.TOO_LONG),
        ("+44 20 7946 0958", Refusal.LANDLINE),
        ("+44 909 879 1234", Refusal.SERVICE),
        ("+852 2123 4567", Refusal.LANDLINE),
    ],
)
def test_what_no_text_reaches_is_refused_with_its_reason(raw: str, code: Refusal) -> None:
    assert refused(raw) is code


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("+852 9123 4567", "+85291234567"),
        ("00852-91234567", "+85291234567"),
        ("+853 6612 3456", "+85366123456"),
        ("+886 912 345 678", "+886912345678"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+44 (0)7400 123456", "+447400123456"),
    ],
)
def test_a_number_of_another_country_or_region_is_international(raw: str, e164: str) -> None:
    assert parse(raw) == Number(e164, NumberKind.INTERNATIONAL)


@pytest.mark.parametrize(
    ("raw", "e164"), [("028-86123456", "+862886123456"), ("+86 10 6234 5678", "+861062345678"), ("08162212345", "+868162212345")]
)
def test_a_call_may_go_to_a_fixed_line(raw: str, e164: str) -> None:
    assert parse(raw, landline=True) == Number(e164, NumberKind.LANDLINE)


def test_a_call_reaches_no_fixed_line_without_its_area_code_or_with_a_wrong_one() -> None:
    assert refused("86123456", landline=True) is Refusal.LANDLINE
    assert refused("0399-2212345", landline=True) is Refusal.LANDLINE
    assert refused("400-812-3456", landline=True) is Refusal.SERVICE
    assert parse("+44 20 7946 0958", landline=True).kind is NumberKind.INTERNATIONAL


def told(raw: str) -> Number | NumberRefused:
    try:
        return parse(raw)
    except NumberRefused as refusal:
        return refusal


@given(st.text(max_size=80) | st.text("+0123456789- ８", max_size=24))
def test_whatever_comes_in_is_e164_or_a_refusal_that_does_not_repeat_it(raw: str) -> None:
    got = told(raw)
    if isinstance(got, Number):
        assert re.fullmatch(r"\+[0-9]{5,15}", got.e164)
    else:
        digits = "".join(letter for letter in raw if letter.isdecimal())
        assert len(digits) < 5 or digits not in str(got)


def test_a_refusal_keeps_no_trace_of_the_number_behind_it() -> None:
    with pytest.raises(NumberRefused) as refusal:
        parse("+99912345678901")
    assert refusal.value.__suppress_context__
    assert "345678" not in str(refusal.value)


def test_plain_numbers_never_load_the_library() -> None:
    code = "from gateway.numbers import parse; parse('+86 138-0013-8000'); import sys; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
