"""The values that texts are made of: a fixed set of names, and how dates, benefits and offices are called in Chinese."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from gateway.words import Insurance

OFFERED: Mapping[str, int] = MappingProxyType(
    {
        "name": 20,
        "signature": 12,
        "shown_date": 11,
        "deadline": 11,
        "object_until": 11,
        "effective_month": 8,
        "insurance_name": 6,
        "home": 20,
    }
)
"""Names that the plan offers to every text, with the most characters each may have.

`name` (masked already where the number is not verified), `signature` (without 【】); `shown_date` is the last day to certify, the day before
`deadline`; `object_until` the last day to object [26]; `effective_month` the month a suspension or termination counts from; `insurance_name` the
benefit's short name; `home` the place of insurance (参保地).
"""

FOR_REQUESTED = frozenset({"name", "signature"})
"""The offered names that a requested notice can use: it belongs to no cycle and no benefit. All its other names are its own."""

NAMELESS = "参保人"
"""Stands for a name that nobody told us."""

LONGEST: Mapping[str, str] = MappingProxyType(
    {
        "name": "王建国",
        "signature": "四川社保",
        "shown_date": "2026年12月14日",
        "deadline": "2026年12月15日",
        "object_until": "2027年12月14日",
        "effective_month": "2026年12月",
        "insurance_name": "工伤定期待遇",
        "home": "阿坝藏族羌族自治州",
    }
)
"""A name of three characters, the longest dates and the longest benefit: what one segment must hold. Also the values of a preview."""

SOCIAL_INSURANCE, PENSION, WORK_INJURY = "社保待遇", "养老待遇", "工伤定期待遇"

_PROVINCE_SIGNATURES: Mapping[str, str] = {
    "11": "北京社保", "12": "天津社保", "13": "河北社保", "14": "山西社保", "15": "内蒙古社保",
    "21": "辽宁社保", "22": "吉林社保", "23": "黑龙江社保",
    "31": "上海社保", "32": "江苏社保", "33": "浙江社保", "34": "安徽社保", "35": "福建社保", "36": "江西社保", "37": "山东社保",
    "41": "河南社保", "42": "湖北社保", "43": "湖南社保", "44": "广东社保", "45": "广西社保", "46": "海南社保",
    "50": "重庆社保", "51": "四川社保", "52": "贵州社保", "53": "云南社保", "54": "西藏社保",
    "61": "陕西社保", "62": "甘肃社保", "63": "青海社保", "64": "宁夏社保", "65": "新疆社保",
}  # fmt: skip


def chinese_date(day: date) -> str:
    """`2026年3月4日`: as people read it, no leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_month(day: date) -> str:
    """`2026年3月`."""
    return f"{day.year}年{day.month}月"


def insurance_name(insurances: Iterable[Insurance]) -> str:
    """What a text calls the benefit: 工伤定期待遇, 养老待遇, or 社保待遇 where it is both or was not said."""
    named = {WORK_INJURY if insurance is Insurance.WORK_INJURY else PENSION for insurance in insurances}
    return named.pop() if len(named) == 1 else SOCIAL_INSURANCE


def signature(region: str, default: str = "四川社保") -> str:
    """The office that signs, without 【】, by the province of a region code (GB/T 2260); `default` for a code that names none."""
    return _PROVINCE_SIGNATURES.get(region[:2], default)
