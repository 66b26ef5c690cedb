"""SMPP 3.4 on the wire: PDUs to octets and back. No I/O, no settings.

Sections are those of "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2 (read 2026-11-23). What comes in is read with
tolerance: bodies on errors, none on successes, a missing last NUL, TLVs cut short. What goes out is exact.
"""

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from typing import Final

import msgspec

HEADER: Final = Struct(">IIII")
"""command_length with these 16 octets, command_id, command_status, sequence_number (3.2)."""
LONGEST_PDU: Final = 1 << 16
"""Octets. The mandatory fields come to less than 400; only a message_payload of 64 KiB would not fit, and no carrier sends such."""
VERSION: Final = 0x34
RESPONSE: Final = 0x8000_0000
"""command_id of a response: that of its request with this bit (5.1.2.1)."""


class Command(IntEnum):
    """Command ids (5.1.2.1)."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    OUTBIND = 0x0B
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103
    GENERIC_NACK = 0x8000_0000


class Tag(IntEnum):
    """Optional parameters (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


UDHI: Final = 0x40
"""esm_class: the text begins with a user data header (5.2.12)."""
KIND: Final = 0x3C
"""esm_class: the bits that say what a deliver_sm is; 0: a message of a person."""
RECEIPT: Final = 0x04
INTERMEDIATE: Final = 0x20

_TLV: Final = Struct(">HH")
_NOTHING: Final[Mapping[int, bytes]] = {}


class PduError(ValueError):
    """A body that cannot be what its command says. The text holds nothing of it."""


class Address(msgspec.Struct, frozen=True):
    """Type of number, numbering plan, number (5.2.5 to 5.2.9)."""

    number: str
    ton: int = 0
    npi: int = 0


class ShortMessage(msgspec.Struct, frozen=True):
    """The body of a submit_sm (4.4.1), a deliver_sm (4.6.1) or, without what those have beyond it, a data_sm (4.7.1)."""

    source: Address
    destination: Address
    text: bytes = b""
    """The octets of short_message, at most 254."""
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    tlvs: Mapping[int, bytes] = _NOTHING
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    replace: int = 0
    default_id: int = 0

    @property
    def content(self) -> bytes:
        """The text's octets wherever they stand: in short_message, else in message_payload."""
        return self.text or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")

    def octets(self) -> bytes:
        """The body of a submit_sm or deliver_sm."""
        source, destination = self.source, self.destination
        addresses = b"%b\0%c%c%b\0%c%c%b\0" % (
            self.service_type.encode("latin-1"),
            source.ton,
            source.npi,
            source.number.encode("latin-1"),
            destination.ton,
            destination.npi,
            destination.number.encode("latin-1"),
        )
        kind = bytes((self.esm_class, self.protocol_id, self.priority))
        times = b"%b\0%b\0" % (self.schedule.encode("latin-1"), self.validity.encode("latin-1"))
        rest = bytes((self.registered_delivery, self.replace, self.data_coding, self.default_id, len(self.text)))
        head = addresses + kind + times + rest + self.text
        return head + b"".join([tlv(tag, value) for tag, value in self.tlvs.items()]) if self.tlvs else head


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """A whole PDU."""
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def bind(system_id: str, password: str, system_type: str = "", served: Address = Address("")) -> bytes:  # noqa: B008 - frozen
    """The body of a bind_* (4.1). `served.number` is the address_range."""
    texts = b"%b\0%b\0%b\0" % (system_id.encode("latin-1"), password.encode("latin-1"), system_type.encode("latin-1"))
    return texts + b"%c%c%c%b\0" % (VERSION, served.ton, served.npi, served.number.encode("latin-1"))


def tlv(tag: int, value: bytes) -> bytes:
    """An optional parameter."""
    return _TLV.pack(tag, len(value)) + value


def status_of(frame: bytes) -> int:
    """The command_status of a whole PDU."""
    return int.from_bytes(frame[8:12], "big")


def message_id(frame: bytes) -> str:
    """The message_id of a submit_sm_resp (4.4.2); empty where there is none."""
    return frame[16:].partition(b"\0")[0].decode("latin-1")


def short_message(frame: bytes) -> ShortMessage:
    """Reads a whole submit_sm, deliver_sm or data_sm. Raises `PduError`."""
    try:
        service_type, at = _text(frame, HEADER.size)
        source, at = _address(frame, at)
        destination, at = _address(frame, at)
        if int.from_bytes(frame[4:8], "big") == Command.DATA_SM:
            esm_class, registered, coding = frame[at : at + 3]
            return ShortMessage(source, destination, b"", coding, esm_class, registered, tlvs(frame, at + 3), service_type)
        esm_class, protocol_id, priority = frame[at : at + 3]
        schedule, at = _text(frame, at + 3)
        validity, at = _text(frame, at)
        registered, replace, coding, default_id, length = frame[at : at + 5]
    except (ValueError, IndexError) as error:
        raise PduError("the mandatory fields end too early") from error
    at += 5
    end = at + length
    if end > len(frame):
        raise PduError("sm_length goes beyond the PDU")
    return ShortMessage(
        source,
        destination,
        frame[at:end],
        coding,
        esm_class,
        registered,
        tlvs(frame, end) if end < len(frame) else _NOTHING,
        service_type,
        protocol_id,
        priority,
        schedule,
        validity,
        replace,
        default_id,
    )


def tlvs(frame: bytes, at: int) -> dict[int, bytes]:
    """Optional parameters from an offset on, the first of each tag; one that is cut short ends them."""
    found: dict[int, bytes] = {}
    end = len(frame)
    while at + 4 <= end:
        tag, length = _TLV.unpack_from(frame, at)
        at += 4 + length
        if at <= end:
            found.setdefault(tag, frame[at - length : at])
    return found


def _text(frame: bytes, at: int) -> tuple[str, int]:
    """A C-Octet String and where the next field begins. Raises `ValueError`."""
    end = frame.index(0, at)
    return frame[at:end].decode("latin-1"), end + 1


def _address(frame: bytes, at: int) -> tuple[Address, int]:
    number, after = _text(frame, at + 2)
    return Address(number, frame[at], frame[at + 1]), after
