"""What a keyword of a WeChat template may hold: the kind stands in its name (`thing1`, `date2`), a wrong value is errcode 47003.

Source: developers.weixin.qq.com, "订阅消息参数值内容限制说明" (the same for template messages of a category), read 2026-11-24. What is only too long
is cut as WxJava cuts it, so that the rest arrives; a name never stops a notice; all else is refused before it is sent.
How the vendor counts an emoji is not documented: here it counts two, as in UTF-16, so that no count comes out above the limit.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from providers.base.vendor_template import Unfit

_KIND: Final = re.compile(r"([a-z]+(?:_[a-z]+)*)\d*")
_ISO_DATE: Final = re.compile(r"(?<!\d)(\d{4})-(\d\d?)-(\d\d?)(?!\d)([ T]?)", re.ASCII)
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2})?"
_DAY: Final = r"\d{4}年\d{1,2}月\d{1,2}日"
_DATE: Final = rf"{_DAY}(?: ?{_CLOCK})?"
_TIME: Final = rf"(?:(?:{_DAY} ?)?{_CLOCK}|{_DAY})"
_HAN: Final = r"[\u3400-\u9fff\uf900-\ufaff〇]"

_CUT: Final[Mapping[str, tuple[int, str]]] = {
    "thing": (20, "..."),
    "character_string": (32, "..."),
    "phone_number": (17, "..."),
    "car_number": (8, "…"),
}
"""The limit, and what stands at the end of a value that was cut to it."""
CONST: Final = 20
"""The longest `const`."""
_SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "number": re.compile(r"-?(?=[\d.]{1,32}$)\d+(?:\.\d+)?", re.ASCII),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]+"),
    "time": re.compile(rf"{_TIME}(?: ?[~～] ?{_TIME})?", re.ASCII),
    "date": re.compile(rf"{_DATE}(?: ?[~～] ?{_DATE})?", re.ASCII),
    "amount": re.compile(r"[^\w\s.,+-]?\d{1,10}(?:\.\d+)?元?", re.ASCII),
    "phone_number": re.compile(r"[^A-Za-z\u3400-\u9fff]+"),
    "car_number": re.compile(r".[A-Za-z0-9·-]*.?"),
    "phrase": re.compile(rf"{_HAN}{{1,5}}"),
    "const": re.compile(r".+"),
}


def kind_of(keyword: str) -> str:
    """`thing` of `thing1`; what has no known kind (`first`, `keyword1`) has no limit either."""
    match = _KIND.fullmatch(keyword)
    return match[1] if match else ""


def fit(keyword: str, value: str) -> str:
    """The value as it can be sent. Raises `Unfit`, which names the keyword and never the value."""
    value = _one_line(value)
    if not value:
        raise Unfit(f"{keyword} would be empty")
    kind = kind_of(keyword)
    value = _MADE_FIT.get(kind, _as_it_is)(value)
    if kind in _CUT:
        value = cut(value, *_CUT[kind])
    shape = _SHAPES.get(kind)
    if shape is not None and not shape.fullmatch(value if kind != "car_number" else value.replace("…", "")):
        raise Unfit(f"{keyword} would hold what the vendor takes for no {kind}")
    if kind == "const" and _units(value) > CONST:  # it must be one of the registered values, so it is not cut
        raise Unfit(f"{keyword} would be longer than {CONST}")
    return value


def cut(value: str, limit: int, end: str) -> str:
    """At most `limit` UTF-16 units, whole characters, ending in `end` where something was left out."""
    if _units(value) <= limit:
        return value
    room = limit - len(end)
    while _units(value) > room:
        value = value[:-1]
    return value + end


def _units(value: str) -> int:
    return len(value) + sum(ord(character) > 0xFFFF for character in value)


def _one_line(value: str) -> str:
    """Without line breaks and control characters, which the vendor refuses."""
    return " ".join("".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in value).split())


def _name(value: str) -> str:
    """Ten characters where one of them is Chinese, else twenty."""
    return cut(value, 10 if re.search(_HAN, value) else 20, "…")


def _written_out(value: str) -> str:
    """2026-11-24 as the vendor wants a date: 2026年11月24日."""
    return _ISO_DATE.sub(lambda day: f"{day[1]}年{int(day[2])}月{int(day[3])}日{day[4] and ' '}", value).strip()


def _as_it_is(value: str) -> str:
    return value


_MADE_FIT: Final[Mapping[str, Callable[[str], str]]] = {"name": _name, "date": _written_out, "time": _written_out}
