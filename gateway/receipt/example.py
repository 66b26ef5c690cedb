"""A vendor's words about a code, as an example for operators: nothing personal may be left in it."""

import re

LONGEST = 80
_TELLING = re.compile(r"[0-9０-９](?:[\s\-*_.]?[0-9０-９]){3,}|[A-Za-z0-9_\-]{16,}|\S+@\S+|【[^】]*】|[\"'“‘「『][^\"'”’」』]*[\"'”’」』]")
"""Numbers of four digits and more however they are broken up, ids and openids, addresses, signatures, whatever is quoted."""


def example(text: str | None) -> str:
    """The text without what could name a person, a number or a message; at most 80 characters."""
    if not text:
        return ""
    plain = "".join(c if c.isprintable() else " " for c in text[:400])
    return _TELLING.sub("…", plain).strip()[:LONGEST].rstrip()
