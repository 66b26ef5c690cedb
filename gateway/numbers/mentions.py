"""Does a text that people write hold somebody's number? Then it must not be kept where everybody with the list reads it."""

import re
from unicodedata import normalize, numeric

from gateway.numbers.identity import looks_like_identity_number

_SPOKEN_ONE = "幺"
"""What one says for 1 in a number, so that it is not heard as 7."""
_BETWEEN = re.compile(r"(?<=\d)[ -]{1,3}(?=[\dXx])")
_TELEPHONE = re.compile(r"(?<!\d)(?:(?:\+?86)?1[3-9]\d{9}|0\d{9,11})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)\d{15}(?:\d{2}[\dXx])?(?!\d)")


def mentions_number(text: str) -> bool:
    """True where an identity number, a mobile number or a fixed line with its area code stands in the text: with blanks or dashes, in full-width or Chinese digits, or plainly."""
    digits = _BETWEEN.sub("", "".join(map(_plain, normalize("NFKC", text))))
    return _TELEPHONE.search(digits) is not None or any(looks_like_identity_number(found) for found in _IDENTITY.findall(digits))


def _plain(character: str) -> str:
    """A digit of any script as 0 to 9; anything else as it is."""
    value = 1 if character == _SPOKEN_ONE else numeric(character, -1)
    return str(int(value)) if value in range(10) else character
