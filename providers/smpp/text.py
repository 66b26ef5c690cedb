"""data_coding (SMPP 3.4, 5.2.19): octets to text, and text to the SMSC's default alphabet where it fits."""

from typing import Final, Literal

from providers.base import gsm

Alphabet = Literal["gsm", "latin1"]
"""What data_coding 0 means: GSM 7-bit, one septet an octet, at most SMSCs; ASCII or Latin-1 at others. Both hold ASCII letters and digits."""

_CHARSETS: Final = {1: "ascii", 3: "latin-1", 8: "utf-16-be", 15: "gb18030"}
"""15 is reserved by SMPP; gateways in China carry CMPP's Msg_Fmt 15 (GBK) over in it."""


def coded(text: str, alphabet: Alphabet) -> bytes | None:
    """The text in data_coding 0; None where it does not fit."""
    if alphabet == "gsm":
        return gsm.encoded(text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def text_of(octets: bytes, data_coding: int, alphabet: Alphabet) -> str:
    """The text of a reply; never raises. What cannot be decoded reads as U+FFFD."""
    if data_coding & 0xC0 == 0 and data_coding >= 0x10 and data_coding & 0x0C == 0x08:
        data_coding = 8  # a GSM coding scheme put in as it is (3GPP TS 23.038, 4): UCS-2 with a message class
    charset = _CHARSETS.get(data_coding)
    if charset is not None:
        return octets.decode(charset, "replace")
    if data_coding in {2, 4} or data_coding & 0xF4 == 0xF4:
        return octets.decode("latin-1")
    return gsm.decoded(octets) if alphabet == "gsm" else octets.decode("latin-1")
