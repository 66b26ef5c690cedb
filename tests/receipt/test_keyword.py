"""What a reply means."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.receipt.keyword import Keyword, keyword


@pytest.mark.parametrize(
    "text", ["TD", "td", "ＴＤ", " T ", "t。", "N", "退订", "我要退订", "请退订，谢谢", "拒收短信", "取消", "stop", "QX", "“退订”"]
)
def test_an_opt_out_is_understood_however_it_is_written(text: str) -> None:
    assert keyword(text) is Keyword.OPT_OUT


@pytest.mark.parametrize("text", ["非本人", "我不是本人", "打错了", "你发错人了！", "不认识这个人"])
def test_not_me_is_understood(text: str) -> None:
    assert keyword(text) is Keyword.WRONG_PERSON


@pytest.mark.parametrize("text", ["", "好的", "收到", "已办理", "T恤", "什么时候去取消费券", "今天", "不退"])
def test_anything_else_is_for_people_to_read(text: str) -> None:
    assert keyword(text) is Keyword.OTHER


def test_who_opts_out_and_says_not_me_opts_out() -> None:
    assert keyword("非本人，退订") is Keyword.OPT_OUT


@given(some.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert keyword(text) in Keyword
