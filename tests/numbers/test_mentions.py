"""Numbers in what people write as a reason."""

import pytest

from gateway.numbers.mentions import mentions_number


@pytest.mark.parametrize("text", ["号码 1 3 8 - 0 0 1 3 - 8 0 0 0 可用", "138  0013  8000", "1 3 8 0 0 1 3 8 0 0 0"])
def test_a_number_is_seen_however_far_its_digits_stand_apart(text: str) -> None:
    assert mentions_number(text)


@pytest.mark.parametrize("text", ["本人到窗口说号码仍在用", "2026-11-24 到 2026 - 12 - 31", "1 号窗口 - 2 号窗口"])
def test_days_and_counts_are_no_numbers_of_anybody(text: str) -> None:
    assert not mentions_number(text)
