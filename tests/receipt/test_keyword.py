"""What a reply means."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.receipt.keyword import Keyword, keyword

OPT_OUTS = """TD|td|ＴＤ| T |t。|N|n!|退订|我要退订|请退订，谢谢|拒收短信|取消|取 消|stop|QX|“退订”|ⓉⒹ|T\u200bD|T\nD\n|tdtd|TT|回复TD|回T|发送 TD|请取消|NO|STOP ALL|Unsubscribe
|退訂|取消訂閱|取消关注|不要再发了|别发了！|别再给我发短信|请勿打扰|勿扰|不想收到|停止发送|退出|退|TD🙏|[T]|＜退订＞|【退订】|退-订|t.d.|我要取消|不接收|不需要提醒|回复T退订""".replace(
    "\n|", "|"
).split("|")
WRONG = """非本人|我不是本人|打错了|你发错人了！|不认识这个人|不是我本人|非机主|我不是机主|号码换人了|非 本 人|非本人。|不认識|發錯了|打錯了|查无此人|没这个人|wrong number|不是他本人|此号码有误，非王某本人
|认错人了""".replace("\n|", "|").split("|")
OTHERS = """|好的|收到|已办理|T恤|什么时候去取消费券|今天|不退|不退订|不要退订|取消退订|误退订了|没有拒收|打错字了|我不是很懂|我不是已经办了吗|NT|TDX|OK|1|本人已认证|我是本人|明天去|N95|请问怎么认证|退休金|退回来了吗|发了没|要发多少|谢谢
|不用谢|END了吗|没人""".replace("\n|", "|").split("|")


@pytest.mark.parametrize("text", OPT_OUTS)
def test_an_opt_out_is_understood_however_it_is_written(text: str) -> None:
    assert keyword(text) is Keyword.OPT_OUT


@pytest.mark.parametrize("text", WRONG)
def test_not_me_is_understood(text: str) -> None:
    assert keyword(text) is Keyword.WRONG_PERSON


@pytest.mark.parametrize("text", OTHERS)
def test_anything_else_is_for_people_to_read(text: str) -> None:
    assert keyword(text) is Keyword.OTHER


def test_a_huge_reply_takes_no_time() -> None:
    began = time.process_time()
    assert keyword("不" * 1_000_000 + "退订") is Keyword.OTHER
    assert keyword("不要" * 100_000) is Keyword.OTHER
    assert time.process_time() - began < 5


def test_who_opts_out_and_says_not_me_opts_out() -> None:
    assert keyword("非本人，退订") is Keyword.OPT_OUT


@given(some.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert keyword(text) in Keyword
