"""Names of columns, as people write them, → fields. docs/import.md lists them; a test compares."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.importing.errors import UnusableFile

FIELDS: dict[str, tuple[str, ...]] = {
    "person_id": ("编号", "人员编号", "个人编号", "待遇人员编号"),
    "name": ("姓名", "人员姓名"),
    "region": ("参保地", "参保地代码", "参保地区划", "行政区划"),
    "insurance": ("险种", "险种类型", "待遇险种"),
    "beneficiary": ("工伤待遇类别", "待遇人员类别"),
    "birth_year": ("出生年份", "出生年", "出生日期", "birth_date"),
    "certified_on": ("最近认证日期", "认证日期", "最近一次认证日期"),
    "benefit_started_on": ("待遇开始日期", "待遇领取开始日期", "待遇开始年月"),
    "residence_region": ("居住地", "居住地代码", "居住地区划", "residence"),
    "town_code": ("乡镇代码", "街道代码"),
    "town_name": ("乡镇", "街道", "乡镇街道", "town"),
    "village": ("村", "社区", "村社区"),
    "abroad": ("境外居住", "是否境外居住", "境外"),
    "home_service": ("上门服务", "是否上门服务", "上门"),
    "unit_name": ("管理单位", "单位名称", "managing_unit_name"),
    "unit_phone": ("管理单位电话", "单位电话"),
    "phone": ("手机号码", "手机", "手机号", "电话", "联系电话", "本人电话", "mobile"),
    "wechat": ("微信", "微信号", "openid"),
    "wecom": ("企业微信",),
    "family_phone": ("家属电话", "家属手机", "家属手机号码"),
    "family_name": ("家属姓名", "家属称呼"),
    "guardian_phone": ("监护人电话", "监护人手机"),
    "guardian_name": ("监护人姓名",),
    "source": ("来源", "联系方式来源"),
    "verified_on": ("核实日期", "号码核实日期"),
    "channel": ("渠道", "联系渠道"),
    "address": ("号码", "联系方式", "联系地址"),
    "relation": ("关系", "与本人关系"),
    "contact_name": ("联系人", "联系人姓名", "称呼"),
}
"""Field → other names of its column. Its own name is one, too."""
NUMBERED = frozenset({"phone", "wechat", "wecom", "family_phone", "family_name", "guardian_phone", "guardian_name"})
"""Fields that may come several times, with a number after the name: phone2, 手机号码2."""
NESTED = frozenset({"residence", "managing_unit", "contacts"})
"""NDJSON only: values with parts, as the API takes them (CONTRACT: si.person.updated)."""
OURS = frozenset({"row", "column", "why", "kept"})
"""Columns that FILE.rejected.csv adds: passed over, so that a mended one can be imported."""

_FIELD_OF = {name: field for field, names in FIELDS.items() for name in (field, *names)}
_PLAIN = re.compile(r"[\s_*:：\-]+")
_BY_PLAIN = {_PLAIN.sub("", name): field for name, field in _FIELD_OF.items()}


class Column(Struct, frozen=True):
    """A column of a file: its name there, the field it fills, and which of several (from 1)."""

    header: str
    field: str
    number: int = 1


class Columns(Struct, frozen=True):
    """The columns of a file by place (None: not read), and the names of those that are not read."""

    by_place: tuple[Column | None, ...]
    unread: tuple[str, ...]

    @property
    def of_contacts(self) -> bool:
        """True for a file of contacts, a row each; else a file of persons."""
        return any(column is not None and column.field == "address" for column in self.by_place)


def column_of(header: str) -> Column | None:
    """What a header means; None where it means nothing to us."""
    plain = _PLAIN.sub("", unicodedata.normalize("NFKC", header).strip().lower())
    field = _BY_PLAIN.get(plain)
    if field is not None:
        return Column(header, field)
    stem = plain.rstrip("0123456789")
    field = _BY_PLAIN.get(stem)
    number = plain[len(stem) :]
    return Column(header, field, int(number)) if field in NUMBERED and number and int(number) > 0 else None


def read_header(headers: Sequence[str]) -> Columns:
    """The columns of a table. Raises UnusableFile where the person's number is missing or a column stands there twice."""
    found = tuple(column_of(header) for header in headers)
    fields = [(column.field, column.number) for column in found if column is not None]
    for field in fields:
        if fields.count(field) > 1:
            twice = [column.header for column in found if column is not None and (column.field, column.number) == field]
            raise UnusableFile(f"the columns {' and '.join(twice)} mean the same ({field[0]}): rename or delete one")
    if ("person_id", 1) not in fields:
        raise UnusableFile(f"no column person_id (编号) in the first row, which has: {_shown(headers)}")
    return Columns(
        found, tuple(h for h, column in zip(headers, found, strict=True) if column is None and h.strip() and h.lower() not in OURS)
    )


def _shown(headers: Iterable[str]) -> str:
    names = [header.strip() or "(empty)" for header in headers]
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "") if names else "nothing"
