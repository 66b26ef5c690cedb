"""What a reply (MO) means: an opt-out, "not me", or something for people to read."""

import re
import unicodedata
from enum import StrEnum


class Keyword(StrEnum):
    """Meaning of a reply."""

    OPT_OUT = "opt_out"
    """Wants no more messages (退订)."""
    WRONG_PERSON = "wrong_person"
    """Is somebody else (非本人)."""
    OTHER = "other"
    """Anything else."""


LONGEST = 2000
"""Characters of a reply that are looked at."""
_TRADITIONAL = str.maketrans("訂閱發錯認識號碼換請勿擾復覆繫聯們", "订阅发错认识号码换请勿扰复复系联们")
_OPT_OUT = re.compile(
    r"(?:我要|我想|请|要求)?(?:回复?|发送?)?(?:T+|N+|(?:TD)+|(?:QX)+|NO|STOP(?:ALL)?|UNSUB(?:SCRIBE)?|QUIT|CANCEL|END|退|退出|取消)(?:谢谢)?"
)
"""What the whole reply may be: short words mean something else within a sentence."""
_OPT_OUT_WITHIN = re.compile(
    r"退订|拒收|拒绝接收|不接收|取消(?:订阅|接收|短信|推送|服务|提醒|关注)|(?:不要|别|勿)(?:再|给我)*(?:发|推送)|停止发送|停发|请?勿(?:打)?扰|不想收|不需要(?:短信|提醒)"
)
_NO_OPT_OUT = re.compile(r"(?:不|别|没|未|取消|误|错)(?:要|想|能|会|是|有)*(?:退订|拒收)")
_WRONG_WITHIN = re.compile(
    r"(?:不是|非|并非|不是我|非我)(?:我|他|她|其|你|您)?(?:的)?(?:本人|机主|号主|当事人)|打错(?!字)|发错|搞错人|弄错人|找错人|认错人|错号|号码(?:错|有误|换人|易主)|换(?:了)?(?:机主|号主|人用)"
    r"|不认识|查无此人|没有?这个人|不是这个人|WRONG(?:NUMBER|PERSON)"
)


def keyword(text: str) -> Keyword:
    """Reads a reply: full-width and circled letters, traditional characters, spaces, punctuation, signs and emoji do not matter."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text[:LONGEST]) if unicodedata.category(c)[0] in "LN")
    plain = plain.upper().translate(_TRADITIONAL)
    if _OPT_OUT.fullmatch(plain) or _OPT_OUT_WITHIN.search(_NO_OPT_OUT.sub("", plain)):
        return Keyword.OPT_OUT
    return Keyword.WRONG_PERSON if _WRONG_WITHIN.search(plain) else Keyword.OTHER
