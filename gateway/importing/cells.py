"""A cell as people write it → a value: dates, words, yes and no. Every refusal says how to write it."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from gateway.words import Beneficiary, Channel, ContactSource, Insurance, Relation

Cell = Any
"""Text of a CSV, or what a workbook or JSON holds: number, date, yes or no."""
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(1, 109_575)
"""Serial numbers of days from 1900 to 2199."""
MOST_DIGITS = 10**15
"""From here on Excel has rounded a number to 15 digits."""

INSURANCES = {
    Insurance.ENTERPRISE_PENSION: "企业职工基本养老保险 企业职工养老保险 企业养老保险 企业职工养老 企业养老 职工养老",
    Insurance.INSTITUTION_PENSION: "机关事业单位养老保险 机关事业单位基本养老保险 机关事业养老保险 机关事业养老 机关养老",
    Insurance.RESIDENT_PENSION: "城乡居民基本养老保险 城乡居民养老保险 城乡居民养老 居民养老保险 居民养老 城乡居保",
    Insurance.WORK_INJURY: "工伤保险定期待遇 工伤保险 工伤定期待遇 工伤",
}
RELATIONS = {
    Relation.SELF: "本人 自己",
    Relation.FAMILY: "家属 亲属 子女 配偶 家人",
    Relation.GUARDIAN: "监护人",
    Relation.UNIT: "管理单位 单位 村社区",
}
SOURCES = {
    ContactSource.SELF_SERVICE: "本人自助 自助 网上",
    ContactSource.COUNTER: "窗口 柜面 经办",
    ContactSource.DATA_SHARING: "数据共享 共享",
    ContactSource.LEGACY: "历史数据 历史",
}
CHANNELS = {Channel.SMS: "短信 手机", Channel.WECHAT: "微信", Channel.WECOM: "企业微信", Channel.VOICE: "电话 语音"}
BENEFICIARIES = {Beneficiary.WORKER: "工伤职工 职工 本人", Beneficiary.DEPENDANT: "供养亲属 遗属 亲属"}
YES, NO = (
    frozenset(["是", "有", "1", "true", "yes", "y", "t", "√", "✓", "对"]),
    frozenset(["否", "无", "0", "false", "no", "n", "f", "×", "不", "-"]),
)

_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|(\d{4})(\d{2})(\d{2})"
)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?|(\d{4})(\d{2})")
_BETWEEN = re.compile(r"[;；、,，/|]")
_SEPARATORS = re.compile(r"[;；、,，|/\s]+")


class BadCell(ValueError):
    """A cell that cannot be read; says what is wrong and how to write it, never repeats it."""


def text(cell: Cell) -> str:
    """The cell as text; a number of a workbook without its decimals. Raises BadCell for one that Excel has rounded."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int | float):
        if abs(cell) >= MOST_DIGITS:
            raise BadCell("stored as a number of more than 15 digits, which Excel has rounded: make the column text and enter it again")
        return str(int(cell)) if cell == int(cell) else repr(cell)
    return str(cell).strip()


def several(cell: Cell) -> list[str]:
    """One or several numbers, separated by ; 、 , / or |."""
    return [one for part in _BETWEEN.split(text(cell)) if (one := part.strip())]


def day(cell: Cell) -> date:
    """A date: 2025-11-02, 2025/11/2, 2025.11.2, 2025年11月2日, 20251102, or a date of a workbook."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in EXCEL_DAYS:
        return EXCEL_EPOCH + timedelta(days=int(cell))
    written = unicodedata.normalize("NFKC", text(cell))
    found = _DAY.fullmatch(written)
    if found is None:
        raise BadCell("not a date: write it as 2025-11-02 or 2025年11月2日")
    return _date(*(int(part) for part in found.groups() if part is not None))


def day_or_month(cell: Cell) -> date:
    """A date, or a month (2025-11, 202511, 2025年11月) as its first day: enough for the start of a benefit [7]."""
    found = _MONTH.fullmatch(unicodedata.normalize("NFKC", text(cell))) if not isinstance(cell, date | float) else None
    if found is None:
        return day(cell)
    year, month = (int(part) for part in found.groups() if part is not None)
    return _date(year, month, 1)


def year(cell: Cell) -> int:
    """A year of birth, or the year of a date of birth."""
    written = text(cell) if not isinstance(cell, date) else ""
    if written.removesuffix("年").isdigit() and len(written.removesuffix("年")) == 4:
        return int(written.removesuffix("年"))
    return day_or_month(cell).year


def yes(cell: Cell) -> bool:
    """是 or 否, 1 or 0, true or false."""
    word = text(cell).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise BadCell("neither yes nor no: write 是 or 否 (or 1 or 0)")


def insurances(cell: Cell) -> list[str]:
    """Insurance types by code or Chinese name, several separated by ; or 、."""
    words = cell if isinstance(cell, list) else [word for word in _SEPARATORS.split(text(cell)) if word]
    return list(dict.fromkeys(_insurance(word) for word in words))


def _one_of(known: dict[Any, str], what: str) -> Callable[[Cell], str]:
    meaning = {word: str(code) for code, words in known.items() for word in (str(code), *words.split())}
    hint = "、".join(words.split()[0] for words in known.values())

    def read(cell: Cell) -> str:
        try:
            return meaning[text(cell).lower()]
        except KeyError:
            raise BadCell(f"no such {what}: write {hint}, or {', '.join(map(str, known))}") from None

    return read


_insurance = _one_of(INSURANCES, "insurance type")
relation = _one_of(RELATIONS, "relation")
source = _one_of(SOURCES, "source")
channel = _one_of(CHANNELS, "channel")
beneficiary = _one_of(BENEFICIARIES, "beneficiary")


def _date(year_: int, month: int, day_: int) -> date:
    try:
        return date(year_, month, day_)
    except ValueError:
        raise BadCell("no such day in the calendar") from None
