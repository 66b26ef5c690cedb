"""One SMPP connection's words: what is written on it and what each PDU that comes is. Sessions are `base/session.py`'s."""

from collections.abc import Mapping
from typing import Final

import msgspec

from providers.base.codes import CodeTable
from providers.base.dialect import Kind, LoginRefused, Pdu, Segment, Verdict
from providers.base.join import digits, national
from providers.base.ruling import ACCEPTED, Ruling
from providers.base.words import Outcome, Reason
from providers.smpp.codes import ACCOUNT, NAMES, OK, RINVBNDSTS, RINVCMDID, RINVCMDLEN, RINVMSGLEN, RX_T_APPN, code
from providers.smpp.pdu import (
    HEADER,
    LONGEST_PDU,
    RESPONSE,
    UDHI,
    VERSION,
    Address,
    Command,
    PduError,
    ShortMessage,
    Tag,
    bind,
    message_id,
    pdu,
    short_message,
    status_of,
)
from providers.smpp.receipt import MessageId, answered

_LONGEST_SHORT_MESSAGE: Final = 160
"""Octets of the longest text that is not cut; a longer one goes whole into message_payload."""
_SILENT: Final = frozenset({Command.OUTBIND, Command.ALERT_NOTIFICATION})
"""Requests that have no response (4.1.7, 4.12.1)."""


class Account(msgspec.Struct, frozen=True):
    """What all connections of a provider have in common."""

    system_id: str
    password: str
    system_type: str
    served: Address
    """The address_range that we receive for; mostly empty: the SMSC knows."""
    source: Address
    ton: int
    npi: int
    """Of the numbers we write to."""
    national: bool
    registered_delivery: int
    service_type: str
    message_id: MessageId

    def number(self, address: str) -> str:
        """An address of ours as this SMSC wants it: 8613800138000, or 13800138000."""
        return national(address) if self.national else digits(address)


class SmppDialect:
    """A connection bound as `command` says."""

    header = HEADER
    longest = LONGEST_PDU
    mark = VERSION
    kinds: Mapping[int, Kind] = {
        Command.SUBMIT_SM | RESPONSE: Kind.ANSWER,
        Command.GENERIC_NACK: Kind.NACK,
        Command.BIND_RECEIVER | RESPONSE: Kind.LOGIN_ANSWER,
        Command.BIND_TRANSMITTER | RESPONSE: Kind.LOGIN_ANSWER,
        Command.BIND_TRANSCEIVER | RESPONSE: Kind.LOGIN_ANSWER,
        Command.ENQUIRE_LINK: Kind.KEEP_ALIVE,
        Command.ENQUIRE_LINK | RESPONSE: Kind.KEEP_ALIVE_ANSWER,
        Command.UNBIND: Kind.GOODBYE,
        Command.UNBIND | RESPONSE: Kind.GOODBYE_ANSWER,
        Command.DELIVER_SM: Kind.NEWS,
        Command.DATA_SM: Kind.NEWS,
    }

    def __init__(self, account: Account, command: Command, codes: CodeTable[Ruling]) -> None:
        self._account, self._command, self._codes = account, command, codes
        self.sends = command is not Command.BIND_RECEIVER

    def login(self, sequence: int) -> bytes:
        """A bind_transceiver, bind_transmitter or bind_receiver."""
        account = self._account
        return pdu(self._command, sequence, bind(account.system_id, account.password, account.system_type, account.served))

    def admitted(self, answer: Pdu) -> None:
        """Raises `LoginRefused`."""
        status = status_of(answer.frame)
        if status != OK or answer.command == Command.GENERIC_NACK:
            raise LoginRefused(f"bind: {NAMES.get(status, code(status))}", by_us=status in ACCOUNT)

    def submit(self, segment: Segment, sequence: int) -> bytes:
        """A submit_sm."""
        account, content = self._account, segment.content
        to = Address(account.number(segment.message.address), account.ton, account.npi)
        esm_class, tlvs = UDHI if segment.udh else 0, _tlvs(segment)
        text = b"" if Tag.MESSAGE_PAYLOAD in tlvs else content
        message = ShortMessage(account.source, to, text, segment.coding, esm_class, account.registered_delivery, tlvs, account.service_type)
        return pdu(Command.SUBMIT_SM, sequence, message.octets())

    def verdict(self, answer: Pdu) -> Verdict:
        """By command_status, whatever the body holds; a generic_nack never means that a message was taken."""
        status = status_of(answer.frame)
        if status == OK and answer.command != Command.GENERIC_NACK:
            said = message_id(answer.frame)
            return Verdict(ACCEPTED, part=answered(self._account.message_id, said) if said else None)
        ruling = self._codes[code(status)]
        throttled = ruling.outcome is Outcome.DEFERRED and ruling.reason is Reason.FREQUENCY_LIMITED
        pause_s = (ruling.retry_after_s or 1.0) if throttled else 0.0
        return Verdict(ruling, code(status), pause_s=pause_s, text=NAMES.get(status), anew=status == RINVBNDSTS)

    def keep_alive(self, sequence: int) -> bytes:
        """An enquire_link."""
        return pdu(Command.ENQUIRE_LINK, sequence)

    def goodbye(self, sequence: int) -> bytes:
        """An unbind."""
        return pdu(Command.UNBIND, sequence)

    def reply(self, pdu_: Pdu, *, stored: bool = True) -> bytes:
        """An enquire_link_resp, unbind_resp, deliver_sm_resp or data_sm_resp."""
        response = pdu_.command | RESPONSE
        if self.kinds[pdu_.command] is not Kind.NEWS:
            return pdu(response, pdu_.sequence)
        return pdu(response, pdu_.sequence, b"\0", _delivered(pdu_.frame) if stored else RX_T_APPN)

    def strange(self, pdu_: Pdu) -> bytes:
        """A generic_nack for a request that we do not know; nothing for a response."""
        if pdu_.command & RESPONSE or pdu_.command in _SILENT:
            return b""
        return pdu(Command.GENERIC_NACK, pdu_.sequence, status=RINVCMDID)

    def objection(self) -> bytes:
        """A generic_nack of no PDU in particular: the header may be garbage as well (4.3.1)."""
        return pdu(Command.GENERIC_NACK, 0, status=RINVCMDLEN)


def _tlvs(segment: Segment) -> dict[int, bytes]:
    """The optional parameters of a submit_sm: sar_* and a UDH exclude each other (3.2.3), so do short_message and message_payload."""
    if segment.total > 1 and not segment.udh:
        return {
            Tag.SAR_MSG_REF_NUM: (segment.reference & 0xFFFF).to_bytes(2, "big"),
            Tag.SAR_TOTAL_SEGMENTS: bytes((segment.total,)),
            Tag.SAR_SEGMENT_SEQNUM: bytes((segment.number,)),
        }
    return {Tag.MESSAGE_PAYLOAD: segment.content} if len(segment.content) > _LONGEST_SHORT_MESSAGE else {}


def _delivered(frame: bytes) -> int:
    """The command_status for what was stored. What cannot be read is stored too, but the SMSC is told and does not send it for ever."""
    try:
        short_message(frame)
    except PduError:
        return RINVMSGLEN
    return OK
