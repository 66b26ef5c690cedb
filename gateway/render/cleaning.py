"""Makes a value fit for a text: nothing invisible, nothing that nobody may send, no longer than the template allows."""

import unicodedata

from gateway.render.forbidden import unspeakable
from gateway.render.values import NAMELESS

READ_AT_MOST = 2000
"""Characters of a value that are looked at: cleaning stays bounded whatever comes."""

_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Control and format characters (NUL, line ends, bidirectional overrides) and line separators."""

_NAME_MARKS = frozenset("·•・*- ")
"""Beside letters, a name holds the middle dot of minority and foreign names, and the star of a masked one."""

_NAME_CATEGORIES = frozenset({"Nl", "Co", "Cn"})
"""〇 is a number to Unicode; rare characters of names are private or newer than Python's tables."""


class UnfitValueError(Exception):
    """A value that no text may hold; says why, never what."""


def visible(value: str) -> str:
    """The value without control characters. Raises `UnfitValueError` for a lone surrogate: nobody can send one."""
    kept = value[:READ_AT_MOST]
    if any("\ud800" <= character <= "\udfff" for character in kept):
        raise UnfitValueError("holds half a character (a lone surrogate)")
    return "".join(character for character in kept if unicodedata.category(character) not in _INVISIBLE)


def is_plain_name(value: str) -> bool:
    """Whether a name needs no cleaning: letters, with the star of a masked one or a middle dot. Asked for every message."""
    return value.isalpha() or value.replace("*", "").replace("·", "").isalpha()


def presentable_name(value: str, limit: int) -> str:
    """A name fit to be read: remarks in brackets, digits and signs that registers carry are left out, too long ones end in `…`.

    A name never stops a notice: where nothing is left, `参保人` stands for it.
    """
    spoken = visible(value)
    for bracket in "(（[【〔<《":
        spoken = spoken.partition(bracket)[0]
    kept = "".join(character for character in spoken if character in _NAME_MARKS or _belongs_to_names(character)).strip(" -")
    if not kept:
        return NAMELESS
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def presentable_words(value: str, limit: int) -> str:
    """A value that a backend wrote for a requested notice. Raises `UnfitValueError` where it can't be sent as it is: its words are not ours to change."""
    spoken = visible(value)
    if len(spoken) > limit:
        raise UnfitValueError(f"is longer than the {limit} characters this template allows")
    found = unspeakable(spoken)
    if found:
        raise UnfitValueError(f"holds {found[0]}")
    if "【" in spoken or "】" in spoken:
        raise UnfitValueError("holds 【 or 】: only the office's own signature stands in those")
    return spoken


def presentable_fact(value: str, limit: int) -> str:
    """A date or a fixed word of ours. Raises `UnfitValueError` where it is longer than it can be: then it isn't one."""
    spoken = visible(value)
    if len(spoken) > limit:
        raise UnfitValueError(f"is longer than the {limit} characters this template allows")
    return spoken


def _belongs_to_names(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category in _NAME_CATEGORIES
