"""One connection of the stand-in SMSC: framing, states, windows. What to answer is the SMSC's decision."""

import asyncio
from typing import TYPE_CHECKING, cast

from providers.smpp.pdu import HEADER, LONGEST_PDU, RESPONSE, Command, PduError, Tag, pdu, short_message, tlv

if TYPE_CHECKING:
    from tests.standins.smpp import Smsc

BINDS = {Command.BIND_TRANSMITTER: (True, False), Command.BIND_RECEIVER: (False, True), Command.BIND_TRANSCEIVER: (True, True)}
_HTML = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html><body><h1>502 Bad Gateway</h1></body></html>"


class SmppSession(asyncio.Protocol):
    """A connection from an ESME."""

    def __init__(self, smsc: "Smsc") -> None:
        self._smsc = smsc
        self._rest = b""
        self._sequence = self._waiting = 0
        self._out: dict[int, bytes] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self.sends = self.receives = False
        self.received: list[int] = []
        """Commands that came, in order: what a test may look at."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._smsc.sessions.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._smsc.sessions.remove(self)
        self._smsc.news.extendleft(reversed(self._out.values()))
        self._out.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def data_received(self, data: bytes) -> None:
        data, at = self._rest + data, 0
        while len(data) - at >= HEADER.size and not self._transport.is_closing():
            length, command, status, sequence = HEADER.unpack_from(data, at)
            if not HEADER.size <= length <= LONGEST_PDU:
                self.nack(sequence, 0x02)
                self._transport.close()
                return
            if len(data) - at < length:
                break
            self._heard(command, status, sequence, data[at : at + length])
            at += length
        self._rest = data[at:]

    def _heard(self, command: int, status: int, sequence: int, frame: bytes) -> None:
        self.received.append(command)
        if command in BINDS:
            self._bind(Command(command), sequence, frame[HEADER.size :])
        elif command == Command.SUBMIT_SM:
            self._submit(sequence, frame)
        elif command == Command.DELIVER_SM | RESPONSE:
            body = self._out.pop(sequence, None)
            if body is not None:
                self._smsc.taken(status, body)
            self.deliver()
        elif command == Command.ENQUIRE_LINK:
            self._smsc.enquiries += 1
            if not self._smsc.options.deaf:
                self._write(command | RESPONSE, sequence)
        elif command == Command.UNBIND:
            self._write(command | RESPONSE, sequence)
            self._transport.close()
        elif not command & RESPONSE:
            self.nack(sequence, 0x03)

    def _bind(self, command: Command, sequence: int, body: bytes) -> None:
        self._smsc.logins += 1
        system_id, password, *_ = [*body.split(b"\0"), b"", b""]
        options = self._smsc.options
        status = 0x05 if self.sends or self.receives else 0
        status = status or (0x0F if system_id.decode() != options.system_id else 0x0E if password.decode() != options.password else 0)
        if status:
            self._write(command | RESPONSE, sequence, b"SMSC01\0" if options.error_bodies else b"", status)
            return
        self.sends, self.receives = BINDS[command]
        self._smsc.bound += 1
        self._write(command | RESPONSE, sequence, b"SMSC01\0" + tlv(Tag.SC_INTERFACE_VERSION, b"\x34"))
        if options.enquire_ms:
            self._enquire()
        self.deliver()

    def _submit(self, sequence: int, frame: bytes) -> None:
        if not self.sends:
            self.answer(sequence, 0x04, b"")
            return
        try:
            message = short_message(frame)
        except PduError:
            self.answer(sequence, 0x01, b"")
            return
        self._waiting += 1
        self._smsc.most_waiting = max(self._smsc.most_waiting, self._waiting)
        self._smsc.submitted(self, sequence, message)

    def _enquire(self) -> None:
        self._sequence += 1
        self._write(Command.ENQUIRE_LINK, self._sequence)
        self._alarm = asyncio.get_running_loop().call_later(self._smsc.options.enquire_ms / 1000, self._enquire)

    def deliver(self) -> None:
        """Sends news while the window has room."""
        news, out, written = self._smsc.news, self._out, []
        while self.receives and news and len(out) < self._smsc.options.deliver_window and not self._transport.is_closing():
            self._sequence += 1
            body = out[self._sequence] = news.popleft()
            written.append(pdu(Command.DELIVER_SM, self._sequence, body))
        if written:
            self._transport.write(b"".join(written))

    def answer(self, sequence: int, status: int, body: bytes) -> None:
        """A submit_sm_resp."""
        self._waiting -= 1
        self._write(Command.SUBMIT_SM | RESPONSE, sequence, body, status)

    def nack(self, sequence: int, status: int) -> None:
        """A generic_nack."""
        self._write(Command.GENERIC_NACK, sequence, b"", status)

    def write(self, octets: bytes) -> None:
        """Any octets."""
        self._transport.write(octets)

    def html(self) -> None:
        """What a front end says when what is behind it died."""
        self._transport.write(_HTML)
        self._transport.close()

    def half(self, sequence: int, body: bytes) -> None:
        """Half of a submit_sm_resp, then the end of this side."""
        self._transport.write(pdu(Command.SUBMIT_SM | RESPONSE, sequence, body)[:-6])
        self.receives = False
        self._transport.write_eof()

    def abort(self) -> None:
        """Resets the connection."""
        self._transport.abort()

    def _write(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        if not self._transport.is_closing():
            self._transport.write(pdu(command, sequence, body, status))
