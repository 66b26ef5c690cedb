"""CMPP's PDUs, octet for octet: China Mobile QB-GF-028-2003 "CMPP 3.0.0", read 2026-11-23; 2.0 as gocmpp, SMSGate and pycmpp agree on it.

Integers are big-endian, texts left-aligned and filled with NUL: one that fills its field has none at its end.
"""

import hashlib
from collections.abc import Sequence
from enum import IntEnum
from struct import Struct
from typing import Any, Final

import msgspec

from providers.base.dialect import Garbage

HEADER: Final = Struct(">III")
LONGEST: Final = 4096
"""gocmpp's longest is 3335."""
V20, V21, V30 = 0x20, 0x21, 0x30
RESPONSE: Final = 0x80000000
REPORT60, REPORT71 = 60, 71
_CONNECT: Final = Struct(">6s16sBI")
_STAT: Final = Struct(">Q7s10s10s")


class Command(IntEnum):
    """Command_Id of a request; its answer's has the highest bit set."""

    CONNECT = 1
    TERMINATE = 2
    SUBMIT = 4
    DELIVER = 5
    QUERY = 6
    CANCEL = 7
    ACTIVE_TEST = 8
    FORWARD = 9


class Layout(msgspec.Struct, frozen=True):
    """Where the versions differ. `octets` of a Result; `terminal` of a number; whether a number's type follows it; `reserve` at the end."""

    octets: int
    terminal: int
    typed: bool
    reserve: int
    submit: Struct
    deliver: Struct


_V2: Final = Layout(1, 21, False, 8, Struct(">QBBBB10sB21sBBB6s2s6s17s17s21sB"), Struct(">Q21s10sBBB21sBB"))
_V3: Final = Layout(4, 32, True, 20, Struct(">QBBBB10sB32sBBBB6s2s6s17s17s21sB"), Struct(">Q21s10sBBB32sBBB"))
LAYOUTS: Final = {V20: _V2, V21: _V2, V30: _V3}


def pdu(command: int, sequence: int, body: bytes = b"") -> bytes:
    """A whole PDU."""
    return HEADER.pack(12 + len(body), command, sequence) + body


def text(field: bytes) -> str:
    """A field up to its first NUL; what is no ASCII becomes a replacement mark."""
    return field.partition(b"\0")[0].decode("ascii", "replace")


def authenticator(source: bytes, secret: bytes, stamp: str) -> bytes:
    """AuthenticatorSource; `stamp` is MMDDHHMMSS with its leading zero."""
    return hashlib.md5(source + bytes(9) + secret + stamp.encode()).digest()  # noqa: S324 - the protocol's


def authenticators_ismg(status: int, source: bytes, secret: bytes) -> set[bytes]:
    """AuthenticatorISMG in the two ways gateways compute it: Status as one octet or as four."""
    return {hashlib.md5(status.to_bytes(octets, "big") + source + secret).digest() for octets in (1, 4)}  # noqa: S324 - the protocol's


class Connect(msgspec.Struct, frozen=True):
    """CONNECT. `stamp` is the Timestamp with ten digits."""

    source: bytes
    authenticator: bytes
    version: int
    stamp: str

    def packed(self, sequence: int) -> bytes:
        """The PDU."""
        return pdu(Command.CONNECT, sequence, _CONNECT.pack(self.source, self.authenticator, self.version, int(self.stamp)))

    @classmethod
    def read(cls, frame: bytes) -> "Connect":
        """Raises `Garbage`."""
        if len(frame) < 12 + _CONNECT.size:
            raise Garbage("a CONNECT that is too short")
        source, digest, version, stamp = _CONNECT.unpack_from(frame, 12)
        return cls(source, digest, version, f"{stamp:010d}")


class ConnectResp(msgspec.Struct, frozen=True):
    """CONNECT_RESP. `octets` of Status: 1 in 2.x, 4 in 3.0."""

    status: int
    authenticator: bytes
    version: int
    octets: int

    def packed(self, sequence: int) -> bytes:
        """The PDU."""
        body = self.status.to_bytes(self.octets, "big") + self.authenticator + bytes((self.version,))
        return pdu(Command.CONNECT | RESPONSE, sequence, body)

    @classmethod
    def read(cls, frame: bytes) -> "ConnectResp":
        """By its length, since a gateway of another version answers in its own layout. Raises `Garbage`."""
        octets = 4 if len(frame) >= 33 else 1
        if len(frame) < 12 + octets + 17:
            raise Garbage("a CONNECT_RESP that is too short")
        at = 12 + octets
        return cls(int.from_bytes(frame[12:at], "big"), frame[at : at + 16], frame[at + 16], octets)


class Submit(msgspec.Struct, frozen=True, kw_only=True):
    """SUBMIT, in the order of its fields."""

    msg_id: int = 0
    pk_total: int = 1
    pk_number: int = 1
    registered: int = 1
    level: int = 1
    service_id: bytes = b""
    fee_user: int = 2
    fee_terminal: bytes = b""
    fee_terminal_type: int = 0
    pid: int = 0
    udhi: int = 0
    coding: int = 8
    msg_src: bytes = b""
    fee_type: bytes = b"01"
    fee_code: bytes = b"0"
    valid_until: bytes = b""
    at_time: bytes = b""
    src_id: bytes = b""
    to: Sequence[bytes] = ()
    to_type: int = 0
    content: bytes = b""
    link_id: bytes = b""

    def packed(self, sequence: int, layout: Layout) -> bytes:
        """The PDU."""
        head = layout.submit.pack(
            *(self.msg_id, self.pk_total, self.pk_number, self.registered, self.level, self.service_id, self.fee_user, self.fee_terminal),
            *((self.fee_terminal_type,) if layout.typed else ()),
            *(self.pid, self.udhi, self.coding, self.msg_src, self.fee_type, self.fee_code, self.valid_until, self.at_time),
            *(self.src_id, len(self.to)),
        )
        numbers = b"".join([number.ljust(layout.terminal, b"\0") for number in self.to])
        kind = bytes((self.to_type,)) if layout.typed else b""
        tail = bytes((len(self.content),)) + self.content + self.link_id.ljust(layout.reserve, b"\0")
        return pdu(Command.SUBMIT, sequence, b"%b%b%b%b" % (head, numbers, kind, tail))

    @classmethod
    def read(cls, frame: bytes, layout: Layout) -> "Submit":
        """Raises `Garbage`."""
        at = 12 + layout.submit.size
        if len(frame) < at:
            raise Garbage("a SUBMIT that is too short")
        fields = list(layout.submit.unpack_from(frame, 12))
        fee_terminal_type = fields.pop(8) if layout.typed else 0
        count, end = fields[-1], at + fields[-1] * layout.terminal
        to = [frame[start : start + layout.terminal].rstrip(b"\0") for start in range(at, end, layout.terminal)]
        kind = frame[end : end + layout.typed]
        length = end + layout.typed
        content = frame[length + 1 : length + 1 + (frame[length] if len(frame) > length else 0)]
        link_id = frame[length + 1 + len(content) :]
        if count != len([number for number in to if number]) or len(frame) <= length or len(content) != frame[length]:
            raise Garbage("a SUBMIT whose lengths do not fit")
        stripped: list[Any] = [field.rstrip(b"\0") if isinstance(field, bytes) else field for field in fields[:-1]]
        names = [name for name in cls.__struct_fields__[:18] if name != "fee_terminal_type"]
        return cls(
            **dict(zip(names, stripped, strict=True)),
            fee_terminal_type=fee_terminal_type,
            to=to,
            to_type=kind[0] if kind else 0,
            content=content,
            link_id=link_id.rstrip(b"\0"),
        )


class SubmitResp(msgspec.Struct, frozen=True):
    """SUBMIT_RESP and DELIVER_RESP: whose message, and what came of it."""

    msg_id: int
    result: int

    def packed(self, sequence: int, layout: Layout, command: Command = Command.SUBMIT) -> bytes:
        """The PDU."""
        return pdu(command | RESPONSE, sequence, self.msg_id.to_bytes(8, "big") + self.result.to_bytes(layout.octets, "big"))

    @classmethod
    def read(cls, frame: bytes) -> "SubmitResp":
        """By its length. Raises `Garbage`."""
        if len(frame) < 21:
            raise Garbage("a RESP that is too short")
        return cls(int.from_bytes(frame[12:20], "big"), int.from_bytes(frame[20:24], "big") if len(frame) >= 24 else frame[20])


class Deliver(msgspec.Struct, frozen=True, kw_only=True):
    """DELIVER, in the order of its fields."""

    msg_id: int
    dest_id: bytes = b""
    service_id: bytes = b""
    pid: int = 0
    udhi: int = 0
    coding: int = 0
    src_terminal: bytes = b""
    src_terminal_type: int = 0
    registered: int = 0
    content: bytes = b""
    link_id: bytes = b""

    def packed(self, sequence: int, layout: Layout) -> bytes:
        """The PDU."""
        head = layout.deliver.pack(
            *(self.msg_id, self.dest_id, self.service_id, self.pid, self.udhi, self.coding, self.src_terminal),
            *((self.src_terminal_type,) if layout.typed else ()),
            *(self.registered, len(self.content)),
        )
        return pdu(Command.DELIVER, sequence, head + self.content + self.link_id.ljust(layout.reserve, b"\0"))

    @classmethod
    def read(cls, frame: bytes, layout: Layout) -> "Deliver":
        """Takes a remainder of any size after the content, and where Msg_Length says too much what there is. Raises `Garbage`."""
        at = 12 + layout.deliver.size
        if len(frame) < at:
            raise Garbage("a DELIVER that is too short")
        fields = layout.deliver.unpack_from(frame, 12)
        *_, registered, length = fields
        return cls(
            msg_id=fields[0],
            dest_id=fields[1].partition(b"\0")[0],
            service_id=fields[2].partition(b"\0")[0],
            pid=fields[3],
            udhi=fields[4],
            coding=fields[5],
            src_terminal=fields[6].partition(b"\0")[0],
            src_terminal_type=fields[7] if layout.typed else 0,
            registered=registered,
            content=frame[at : at + length],
            link_id=frame[at + length :].rstrip(b"\0"),
        )


class Stat(msgspec.Struct, frozen=True):
    """The content of a report. Its msg_id is that of the SUBMIT_RESP."""

    msg_id: int
    stat: str
    submitted: str
    done: str
    to: str
    smsc_sequence: int = 0

    def packed(self, octets: int) -> bytes:
        """60 octets, or 71."""
        head = _STAT.pack(self.msg_id, self.stat.encode(), self.submitted.encode(), self.done.encode())
        return head + self.to.encode().ljust(octets - 39, b"\0") + self.smsc_sequence.to_bytes(4, "big")

    @classmethod
    def read(cls, content: bytes) -> "Stat":
        """By its length and not by the version of the link: some gateways send 60 octets over 3.0. What follows is not read. Raises
        `Garbage` where not even the status is there.
        """
        if len(content) < 15:
            raise Garbage("a report that is too short")
        msg_id, stat, submitted, done = _STAT.unpack_from(content.ljust(_STAT.size, b"\0"))
        end = 67 if len(content) >= REPORT71 else 56
        sequence = int.from_bytes(content[end : end + 4], "big")
        return cls(msg_id, text(stat), text(submitted), text(done), text(content[35:end]), sequence)
