"""Cuts a byte stream into PDUs by the length that each begins with."""

from struct import Struct

from providers.base.dialect import Pdu


class Frames:
    """The stream of one connection. Holds less than one PDU between two reads."""

    def __init__(self, header: Struct, longest: int) -> None:
        self._unpack, self._least, self._longest = header.unpack_from, header.size, longest
        self._rest = b""
        self.broken = ""
        """Why nothing more can be read: a length that no PDU has. Empty while all is well."""

    @property
    def waiting(self) -> int:
        """Octets of a PDU that is not whole yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Pdu]:
        """The PDUs that these octets complete, up to where the stream is broken."""
        if self.broken:
            return []
        if self._rest:
            data = self._rest + data
        pdus, at, end, least = [], 0, len(data), self._least
        while end - at >= least:
            length, command, *_, sequence = self._unpack(data, at)
            if not least <= length <= self._longest:
                self.broken = f"a PDU of {length} octets, where {least} to {self._longest} are allowed"
                at = end
                break
            if end - at < length:
                break
            pdus.append(Pdu(command, sequence, data[at : at + length]))
            at += length
        self._rest = data[at:]
        return pdus
