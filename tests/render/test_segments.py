"""Segments as mainland carriers bill them: 70 characters whatever the script, 67 a part above."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.render.text import segments, units

BILLED = [
    ("", 0, 1),
    ("中" * 70, 70, 1),
    ("中" * 71, 71, 2),
    ("中" * 134, 134, 2),
    ("中" * 135, 135, 3),
    ("a" * 70, 70, 1),
    ("a" * 71, 71, 2),
    ("a" * 160, 160, 3),
    ("😀" * 35, 70, 1),
    ("😀" * 36, 72, 2),
    ("【测试】" + "中" * 66, 70, 1),
    ("【测试】" + "a" * 67, 71, 2),
    ("【华为云】" + "a" * 63, 68, 1),
    ("𬱖" * 35, 70, 1),
]
"""Text, UTF-16 units, segments: 160 → 3 is Aliyun's own example, 68/134/135 Huawei's; a character of a rare name counts two, as an emoji does."""


@pytest.mark.parametrize(("text", "length", "billed"), BILLED, ids=[f"{text[:6]}x{length}" for text, length, _ in BILLED])
def test_a_text_is_billed_as_the_mainland_counts(text: str, length: int, billed: int) -> None:
    assert (units(text), segments(text)) == (length, billed)


@given(st.text(min_size=71, max_size=500))
def test_a_long_text_never_has_a_part_to_spare(text: str) -> None:
    assert (segments(text) - 1) * 67 < units(text) <= segments(text) * 67
