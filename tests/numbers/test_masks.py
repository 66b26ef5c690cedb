"""What of an address or a name may be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import mask, mask_name


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("+8613800138000", "138****8000"),
        ("13800138000", "138****8000"),
        ("+862886123456", "288****3456"),
        ("+8688612345", "88****45"),
        ("+85291234567", "+85****4567"),
        ("+6531234", "+6****34"),
        ("oABCDEFGHIJKLMNOPQRSTUVWXYZ1", "oAB****XYZ1"),
        ("wangjianguo", "wa****uo"),
        ("wangjianguo12", "wa****12"),
        ("wangjianguo123", "wan****o123"),
        ("+86886123456", "88****56"),
        ("wang", "w****g"),
        ("li", "****"),
        ("", "****"),
    ],
)
def test_an_address_shows_its_ends_only(address: str, masked: str) -> None:
    assert mask(address) == masked


@given(st.text(st.characters(exclude_characters="*"), max_size=128))
def test_no_address_shows_more_than_seven_characters(address: str) -> None:
    assert len(mask(address).replace("****", "", 1)) <= 7


@given(st.text("abcdefghijk", min_size=1, max_size=40))
def test_an_account_keeps_at_least_half_of_itself_hidden(account: str) -> None:
    assert len(mask(account)) - 4 <= len(account) / 2


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_shows_its_first_three_and_last_four_digits(national: str) -> None:
    assert mask("+86" + national) == mask(national) == f"{national[:3]}****{national[-4:]}"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王建国", "王*国"),
        ("王伟", "王*"),
        ("王", "*"),
        ("", ""),
        ("欧阳娜娜", "欧**娜"),
        ("阿卜杜热合曼·艾力", "阿***力"),
        (" 王建国 ", "王*国"),
        ("𠮷野家", "𠮷*家"),
    ],
)
def test_a_name_hides_its_middle(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(min_size=1, max_size=100))
def test_a_masked_name_is_never_longer_than_the_name(name: str) -> None:
    assert len(mask_name(name)) <= min(len(name), 5)
