"""A vendor's words about a code, as an example for operators: nothing personal may be left in it."""

import re
from collections.abc import Sequence

LONGEST = 80
LONGEST_CHINESE = 40
"""Characters; a vendor's own words for a code are shorter, and what is longer may repeat a message, names and all."""
_TELLING = re.compile(r"[0-9０-９](?:[\s\-*_.]?[0-9０-９]){3,}|[A-Za-z0-9_\-]{16,}|\S+@\S+|【[^】]*】|[\"'“‘「『][^\"'”’」』]*[\"'”’」』]")
"""Numbers of four digits and more however they are broken up, ids and openids, addresses, signatures, whatever is quoted."""
_CHINESE = re.compile("[\u3400-\u9fff]")


def example(text: str | None, sent: Sequence[str] = ()) -> str:
    """The text without what could name a person, a number or a message. `sent`: what the vendor was given, and may repeat."""
    if not text:
        return ""
    plain = "".join(c if c.isprintable() else " " for c in text[:2000])
    for value in sorted(sent, key=len, reverse=True):
        if len(value) > 1:
            plain = plain.replace(value, "…")
    plain = _TELLING.sub("…", plain).strip()
    if len(plain) > LONGEST_CHINESE and _CHINESE.search(plain):
        return "…"
    return plain[:LONGEST].rstrip()
