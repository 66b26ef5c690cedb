"""raw → Number: telephone numbers as people write them, to E.164, with the reason where none can be made.

The shape decides for the mainland (`1[3-9]` and nine digits), so that new prefixes pass; prefix tables only tell machines from people
and say what kind a number is (source: the digest of numbering in use, checked against phonenumbers 9.0). phonenumbers is imported for
foreign and fixed numbers alone: it costs memory and 50 µs a number, the plain shape costs less than one.
"""

import re
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from gateway.numbers.refusal import NumberRefused, Refusal

LONGEST_RAW = 64
"""Characters that a number as people write it may have."""


class NumberKind(StrEnum):
    """What sort of number it is."""

    MOBILE = "mobile"
    """A mainland mobile number."""
    VIRTUAL = "virtual"
    """A mainland number of a virtual operator (虚拟运营商): some vendors block or bill these apart."""
    SATELLITE = "satellite"
    """A mainland satellite telephone (1349, 1740)."""
    INTERNATIONAL = "international"
    """Any other country or region, Hong Kong, Macao and Taiwan included: vendors want templates of their own."""
    LANDLINE = "landline"
    """A mainland fixed line: for calls, never for texts."""


class Number(NamedTuple):
    """A telephone number that exists in principle."""

    e164: str
    """`+`, country code, national number."""
    kind: NumberKind


_PLAIN = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_IOT_PREFIXES = frozenset({"146", "148", "149"})
_KIND_BY_PREFIX = {a + b: NumberKind.VIRTUAL for a, b in product(("162", "165", "167", "170", "171"), "0123456789")} | {
    "1349": NumberKind.SATELLITE,
    "1740": NumberKind.SATELLITE,
}
_TRUNK_LINE = re.compile(r"0?(?:10|2[0-9]|(?![48]00)[3-9][0-9]{2})[2-8][0-9]{6,7}")
# Why something written like a mainland number is no mobile one; the first shape that fits says it.
_REASONS = (
    (_TRUNK_LINE, Refusal.LANDLINE, "a fixed line: no text reaches it"),
    (re.compile(r"[2-8][0-9]{6,7}"), Refusal.LANDLINE, "a fixed line without its area code"),
    (re.compile(r"14[0-4][0-9]{10}|1064[0-9]{9}"), Refusal.IOT, "a 13-digit number of a machine: no person reads it"),
    (
        re.compile(r"1[0-2][0-9]{1,3}|100[0-9]{2,4}|12[0-9]{3,4}|9[56][0-9]{3,6}|106[0-9]{3,17}|[48]00[0-9]{7}"),
        Refusal.SERVICE,
        "a service number, nobody's own",
    ),
    (re.compile(r"(?:0?1[3-9][0-9]{9}(?:86)?){2,}"), Refusal.SEVERAL, "several numbers in one field: one contact each"),
    (re.compile(r"01[3-9][0-9]{9}"), Refusal.LEADING_ZERO, "a mobile number with a 0 before it: leave the 0 out"),
    (re.compile(r"[0-9]{0,10}"), Refusal.TOO_SHORT, "fewer digits than the 11 of a mobile number"),
    (re.compile(r"[0-9]{12,}"), Refusal.TOO_LONG, "more digits than the 11 of a mobile number"),
)
# What people put between digits, and full-width digits, which become plain ones. Invisible marks come along from spreadsheets and chats.
_WRITTEN = {
    **{ord("０") + digit: str(digit) for digit in range(10)},
    **dict.fromkeys(map(ord, "＋﹢"), "+"),
    **dict.fromkeys(map(ord, " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff"), None),
    **dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212－﹣ー_＿·・•‧.．()（）[]［］【】〔〕「」"), None),
}
_AROUND = ",，、。｡;；:：'\"‘’“”`＇＂"
"""What lists, sentences and spreadsheets leave at the ends of a number."""
_BETWEEN = re.compile(r"[,，、。;；:：/／\\|｜&＆或和及]+")
"""What stands between two numbers in one field."""
_CLEAN = re.compile(r"(?:\+|00)?([0-9]+)")


def parse(raw: str, *, landline: bool = False) -> Number:
    """Reads a number as people write it. `landline=True` takes fixed lines too (voice).

    Raises NumberRefused for whatever no text (or call) reaches.
    """
    if plain := _PLAIN.fullmatch(raw):
        return _mobile(plain[1])
    if len(raw) > LONGEST_RAW:
        raise NumberRefused(Refusal.TOO_LONG, "longer than any telephone number")
    digits = raw.translate(_WRITTEN).strip(_AROUND)
    if plain := _PLAIN.fullmatch(digits):
        return _mobile(plain[1])
    written = _CLEAN.fullmatch(digits)
    if written is None:
        if not digits:
            raise NumberRefused(Refusal.EMPTY, "empty")
        if sum(len(part) > 6 and part.lstrip("+").isdecimal() for part in _BETWEEN.split(digits)) > 1:
            raise NumberRefused(Refusal.SEVERAL, "several numbers in one field: one contact each")
        raise NumberRefused(Refusal.LETTERS, "not a number: digits, +, spaces, dashes and brackets only, no words, no extension")
    number, abroad = written[1], len(digits) > len(written[1])
    if abroad and not number.startswith("86"):
        return _international(number, landline=landline)
    # Eight digits that begin with 86 are a line in Chengdu, eleven and more carry the country code.
    coded = number.startswith("86") and (abroad or len(number) > 10)
    return _mainland(number[2:] if coded else number, landline=landline)


def _mobile(national: str) -> Number:
    if national[:3] in _IOT_PREFIXES:
        raise NumberRefused(Refusal.IOT, "a data number of a machine (146, 148, 149): no person reads it")
    return Number("+86" + national, _KIND_BY_PREFIX.get(national[:4], NumberKind.MOBILE))


def _mainland(national: str, *, landline: bool) -> Number:
    if landline and _TRUNK_LINE.fullmatch(national):
        return _landline(national)
    for shape, code, detail in _REASONS:
        if shape.fullmatch(national):
            raise NumberRefused(code, detail)
    raise NumberRefused(Refusal.NOT_MOBILE, "no mainland mobile number begins like this; write a foreign one with + and its country code")


def _landline(national: str) -> Number:
    import phonenumbers  # noqa: PLC0415 - only for what is rare: see the module's docstring

    number = phonenumbers.parse("+86" + national.removeprefix("0"))
    if not phonenumbers.is_valid_number(number):
        raise NumberRefused(Refusal.LANDLINE, "no fixed line has this area code and number")
    return Number("+86" + national.removeprefix("0"), NumberKind.LANDLINE)


def _international(digits: str, *, landline: bool) -> Number:
    import phonenumbers  # noqa: PLC0415 - only for what is rare: see the module's docstring

    if len(digits) > 15:
        raise NumberRefused(Refusal.TOO_LONG, f"{len(digits)} digits, E.164 allows 15")
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        # from None: the library's text may repeat the number.
        raise NumberRefused(Refusal.FOREIGN, "no country has this code, or it has no number as short or as long") from None
    if not phonenumbers.is_valid_number(number):
        raise NumberRefused(Refusal.FOREIGN, "no number of the country whose code it has")
    kind, kinds = phonenumbers.number_type(number), phonenumbers.PhoneNumberType
    if kind == kinds.FIXED_LINE and not landline:
        raise NumberRefused(Refusal.LANDLINE, "a fixed line abroad: no text reaches it")
    # Premium and shared-cost numbers cost the sender money: a fraud as old as the telephone.
    if kind not in {kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.PERSONAL_NUMBER, kinds.VOIP}:
        raise NumberRefused(Refusal.SERVICE, "a service or premium number abroad, nobody's own")
    return Number(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), NumberKind.INTERNATIONAL)
