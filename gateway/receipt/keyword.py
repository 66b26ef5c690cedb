"""What a reply (MO) means: an opt-out, "not me", or something for people to read."""

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


_OPT_OUT = frozenset({"T", "TD", "N", "QX", "退订", "取消", "STOP"})
_OPT_OUT_WITHIN = ("退订", "拒收")
_WRONG_WITHIN = ("非本人", "不是本人", "打错", "发错", "不认识")
_IGNORED = str.maketrans("", "", " \t\r\n。.,，!！?？“”\"'")


def keyword(text: str) -> Keyword:
    """Reads a reply: full-width letters, spaces and punctuation do not matter."""
    plain = unicodedata.normalize("NFKC", text).translate(_IGNORED).upper()
    if plain in _OPT_OUT or any(word in plain for word in _OPT_OUT_WITHIN):
        return Keyword.OPT_OUT
    return Keyword.WRONG_PERSON if any(word in plain for word in _WRONG_WITHIN) else Keyword.OTHER
