"""What no text may say to a phone (domain: Texts, Addressees), whether the template says it or a value brings it in."""

import re
import unicodedata

_RULES = (
    (re.compile(r"://|www\.|[a-z0-9-][.。][a-z]{2}", re.IGNORECASE), "a web address: people must never learn to follow one from a message"),
    (re.compile(r"(?:\d[ -]?){14}[\dx]", re.IGNORECASE), "an identity or card number"),
    (re.compile(r"[¥$]\s*\d|[\d一二两三四五六七八九十百千万亿]\s*[多余]?元(?!旦)|人民币"), "an amount of money"),
    (
        re.compile("死亡|去世|逝世|离世|身故|亡故|病故|遗属|丧葬|抚恤|失踪|服刑|判刑|收监|监狱|入狱|坐牢|刑满|犯罪|罪犯"),
        "a death, a disappearance or an imprisonment: others may hold the phone, and a flag can be wrong",
    ),
)

_REASONS_FOR_OTHER = re.compile("再婚|收养|就业|参军|入伍|年满|劳动能力")
"""Why work-injury benefits of dependants end [13(2)]."""


def unspeakable(text: str) -> list[str]:
    """What in this text must not be sent, each as a phrase that can end "holds …". Full-width forms are read like plain ones."""
    plain = unicodedata.normalize("NFKC", text)
    return [what for pattern, what in _RULES if pattern.search(plain)]


def tells_why(text: str) -> bool:
    """Whether a termination text gives a reason for cause `other`, which people learn at the counter only."""
    return _REASONS_FOR_OTHER.search(text) is not None
