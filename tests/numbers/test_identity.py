"""An identity number must not pass as somebody's id."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import looks_like_identity_number

# The standard's own worked example, then made-up ones: no living person's.
STANDARD = "11010519491231002X"


def with_check(seventeen: str) -> str:
    """The check digit computed another way than the code does: ISO 7064 by Horner's rule."""
    total = 0
    for digit in seventeen:
        total = (total + int(digit)) * 2
    return seventeen + "0123456789X"[(12 - total % 11) % 11]


births = st.dates(date(1880, 1, 1), date(2049, 12, 31))
provinces = st.sampled_from(["11", "31", "51", "65", "71", "81", "82", "83", "91"])
four = st.integers(0, 9999).map("{:04d}".format)
three = st.integers(0, 999).map("{:03d}".format)


@pytest.mark.parametrize(
    "text",
    [STANDARD, STANDARD.lower(), f" {STANDARD}\n", "110105 19491231 002X", "110105-19491231-002X", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_the_standards_example_is_one_however_it_is_written(text: str) -> None:
    assert looks_like_identity_number(text)


@given(provinces, four, births, three)
def test_every_number_with_a_birth_date_and_its_check_digit_is_one(province: str, county: str, born: date, order: str) -> None:
    assert looks_like_identity_number(with_check(f"{province}{county}{born:%Y%m%d}{order}"))


@given(provinces, four, births, three, st.integers(1, 10))
def test_a_wrong_check_digit_makes_it_none(province: str, county: str, born: date, order: str, off: int) -> None:
    right = with_check(f"{province}{county}{born:%Y%m%d}{order}")
    signs = "0123456789X"
    assert not looks_like_identity_number(right[:-1] + signs[(signs.index(right[-1]) + off) % 11])


@pytest.mark.parametrize(
    "seventeen",
    [
        "51010419500230123",
        "51010419501301123",
        "51010419500100123",
        "51010418790101123",
        "51010420500101123",
        "50010419000229123",
        "55010419500101123",
        "00010419500101123",
    ],
)
def test_a_day_or_a_province_that_does_not_exist_makes_it_none(seventeen: str) -> None:
    assert not looks_like_identity_number(with_check(seventeen))


@pytest.mark.parametrize("text", ["510104500101123", "510104 500101 123", "510104480229123"])
def test_the_old_form_of_fifteen_digits_is_one(text: str) -> None:
    assert looks_like_identity_number(text)


@pytest.mark.parametrize("text", ["510104501301123", "510104500230123", "510104470229123", "510104000229123", "200104500101123"])
def test_fifteen_digits_without_a_date_or_a_province_are_none(text: str) -> None:
    assert not looks_like_identity_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P1-1732412345-000123",
        "51010400001234",
        "person:" + STANDARD,
        STANDARD + "1",
        "1" + STANDARD,
        "1" * 18,
        "x" * 10_000,
        "7310392845019273216",
        "20261124000000123456",
    ],
)
def test_an_opaque_id_is_none(text: str) -> None:
    assert not looks_like_identity_number(text)


@given(st.uuids())
def test_a_uuid_is_none(uuid: UUID) -> None:
    assert not looks_like_identity_number(str(uuid))
