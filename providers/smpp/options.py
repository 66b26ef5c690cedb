"""The keys of an SMPP provider's section, checked."""

from typing import Final, Literal

from providers.base.dialect import LinkOptions
from providers.base.options import read_options, wrong
from providers.base.types import Settings
from providers.smpp.dialect import Account
from providers.smpp.pdu import Address
from providers.smpp.receipt import MessageId
from providers.smpp.text import Alphabet

_LONGEST: Final = {"system_id": 15, "password": 8, "system_type": 12, "address_range": 40, "source": 20, "service_type": 5}
"""Octets of the fields, without their NUL (4.1.5, 4.4.1)."""
_OCTETS: Final = ("range_ton", "range_npi", "source_ton", "source_npi", "ton", "npi", "registered_delivery")
_FURTHEST_OFFSET_H: Final = 14


class SmppOptions(LinkOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The driver's own keys."""

    system_id: str
    password: str
    system_type: str = ""
    bind: Literal["transceiver", "pairs"] = "transceiver"
    """`pairs`: every second connection is bound as receiver, the others as transmitters."""
    address_range: str = ""
    range_ton: int = 0
    range_npi: int = 0
    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    ton: int = 1
    npi: int = 1
    national: bool = False
    """Mainland numbers without 86."""
    service_type: str = ""
    registered_delivery: int = 1
    coding: Literal["ucs2", "shortest"] = "ucs2"
    """`shortest`: data_coding 0 where the text fits the SMSC's default alphabet, else UCS-2."""
    alphabet: Alphabet = "gsm"
    """What data_coding 0 means at this SMSC, both ways."""
    long: Literal["udh", "sar", "payload"] = "udh"
    message_id: MessageId = MessageId.TEXT
    receipt_utc_offset_h: float = 8.0

    def account(self) -> Account:
        """What the connections need of them."""
        return Account(
            self.system_id,
            self.password,
            self.system_type,
            Address(self.address_range, self.range_ton, self.range_npi),
            Address(self.source, self.source_ton, self.source_npi),
            self.ton,
            self.npi,
            self.national,
            self.registered_delivery,
            self.service_type,
            self.message_id,
        )


def options_of(settings: Settings) -> SmppOptions:
    """Raises `SettingsError`."""
    options = read_options(settings, SmppOptions)
    for key, longest in _LONGEST.items():
        value: str = getattr(options, key)
        if not (value.isascii() and "\0" not in value and len(value) <= longest):
            raise wrong(settings, key, f"must be ASCII, {longest} characters at most")
    for key in _OCTETS:
        if not 0 <= getattr(options, key) <= 0xFF:
            raise wrong(settings, key, "must be 0 to 255")
    if options.bind == "pairs" and settings.connections < 2:
        raise wrong(settings, "connections", 'bind = "pairs" needs 2 at least: a transmitter and a receiver')
    if abs(options.receipt_utc_offset_h) > _FURTHEST_OFFSET_H:
        raise wrong(settings, "receipt_utc_offset_h", "must be -14 to 14")
    return options
