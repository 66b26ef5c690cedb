"""The values that texts are made of: a fixed set of names, and how dates and benefits are called in Chinese."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from gateway.words import Insurance

OFFERED: Mapping[str, int] = MappingProxyType(
    {
        "name": 20,
        "signature": 20,
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
