"""Numbers in what people write as a reason."""

import pytest

from gateway.numbers.mentions import mentions_number


@pytest.mark.parametrize("text", ["号码 1 3 8 - 0 0 1 3 - 8 0 0 0 可用", "138  0013  8000", "1 3 8 0 0 1 3 8 0 0 0"])
def test_a_number_is_seen_however_far_its_digits_stand_apart(text: str) -> None:
    assert mentions_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "一三八零零一三八零零零",
        "幺三八 〇〇幺三 八〇〇〇",
        "壹叁捌零零壹叁捌零零零",
        "１３８００１３８０００",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "零二八-八六六六七七八八",
    ],
)
def test_a_number_is_seen_in_whatever_digits_it_is_written(text: str) -> None:
    assert mentions_number(f"号码{text}可用")


@pytest.mark.parametrize(
    "text",
    ["本人到窗口说号码仍在用", "2026-11-24 到 2026 - 12 - 31", "1 号窗口 - 2 号窗口", "二〇二六年十一月二十四日三点半", "五十三人两次电话"],
)
def test_days_and_counts_are_no_numbers_of_anybody(text: str) -> None:
    assert not mentions_number(text)
