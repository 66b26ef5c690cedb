"""Is this text a resident identity number? Then it must never serve as somebody's id (GB 11643-1999)."""

import re
from datetime import date

# The provinces' codes of GB/T 2260, 91 to 96 of the permits for foreign residents (2023 form).
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-6])"
_NEW = re.compile(_PROVINCE + r"[0-9]{4}((?:18[89]|19[0-9]|20[0-4])[0-9])([0-9]{2})([0-9]{2})[0-9]{3}[0-9Xx]")
_OLD = re.compile(_PROVINCE + r"[0-9]{4}([0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_WRITTEN = {ord("０") + digit: str(digit) for digit in range(10)} | dict.fromkeys(map(ord, " \t\r\n\u3000-"), None) | {ord("Ｘ"): "X"}


def looks_like_identity_number(text: str) -> bool:
    """True for 18 digits with a province, a birth date (1880 to 2049) and the right check digit, and for the old form of 15 digits."""
    if not 15 <= len(text) <= 40:
        return False
    digits = text.translate(_WRITTEN)
    if new := _NEW.fullmatch(digits):
        return _exists(new[1], new[2], new[3]) and _check_digit(digits) == digits[-1].upper()
    old = _OLD.fullmatch(digits)
    return old is not None and _exists("19" + old[1], old[2], old[3])


def _check_digit(digits: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    return _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11]


def _exists(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True
