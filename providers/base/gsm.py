"""The GSM 7-bit default alphabet (3GPP TS 23.038 6.2.1), unpacked: one septet an octet, as SMPP carries it."""

from typing import Final

ESCAPE: Final = 0x1B
"""The octet that must stay with the one after it."""

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}

_SEPTETS: Final = {char: bytes((code,)) for code, char in enumerate(_BASIC) if code != ESCAPE} | {
    char: bytes((ESCAPE, code)) for code, char in _EXTENDED.items()
}


def encoded(text: str) -> bytes | None:
    """The text's septets, two for what stands in the extension table; None where a character is in neither."""
    try:
        return b"".join([_SEPTETS[char] for char in text])
    except KeyError:
        return None


def decoded(septets: bytes) -> str:
    """The text. An escape before what the extension table does not have reads as that character of the basic table (6.2.1.1)."""
    out, escaped = [], False
    for octet in septets:
        code = octet & 0x7F
        if code == ESCAPE and not escaped:
            escaped = True
            continue
        out.append((_EXTENDED.get(code) if escaped else None) or (" " if code == ESCAPE else _BASIC[code]))
        escaped = False
    return "".join(out)
