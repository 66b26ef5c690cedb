"""Does a text that people write hold somebody's number? Then it must not be kept where everybody with the list reads it."""

import re

from gateway.numbers.identity import looks_like_identity_number

_WRITTEN = {ord("０") + digit: str(digit) for digit in range(10)} | {
    ord("Ｘ"): "X",
    ord("ｘ"): "x",
    ord("\u3000"): " ",
    ord("－"): "-",
    ord("＋"): "+",
}
_BETWEEN = re.compile(r"(?<=\d)[ -]{1,3}(?=[\dXx])")
_TELEPHONE = re.compile(r"(?<!\d)(?:(?:\+?86)?1[3-9]\d{9}|0\d{9,11})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)\d{15}(?:\d{2}[\dXx])?(?!\d)")


def mentions_number(text: str) -> bool:
    """True where an identity number, a mobile number or a fixed line with its area code stands in the text, with blanks, dashes or full-width digits or without."""
    digits = _BETWEEN.sub("", text.translate(_WRITTEN))
    return _TELEPHONE.search(digits) is not None or any(looks_like_identity_number(found) for found in _IDENTITY.findall(digits))
