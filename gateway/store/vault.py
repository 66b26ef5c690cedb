"""Seals and opens the personal columns: one purpose a table, so that a value moved to another column does not open."""

from typing import Protocol

import msgspec

from gateway.model import Benefit, Details


class Cipher(Protocol):
    """The port that gateway/security/cipher.py fills."""

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        """Encrypts under the active key."""

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypts under whichever key it was sealed with."""


class SealedContact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What contact.sealed holds."""

    address: str
    name: str | None = None


class SealedMessage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What message.sealed holds: where it goes and the values of its template."""

    address: str
    values: dict[str, str]


class SealedRequest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What notice.request holds, for requested notices."""

    template: str
    params: dict[str, str]
    channels: tuple[str, ...] = ()


class SealedAnswer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What call.answers holds, one for each message: reference, outcome, vendor's id, code and text."""

    reference: str
    outcome: str
    vendor_id: str | None = None
    vendor_code: str | None = None
    vendor_text: str | None = None


_encode = msgspec.msgpack.Encoder().encode
_details = msgspec.msgpack.Decoder(Details).decode
_contact = msgspec.msgpack.Decoder(SealedContact).decode
_message = msgspec.msgpack.Decoder(SealedMessage).decode
_request = msgspec.msgpack.Decoder(SealedRequest).decode
_answers = msgspec.msgpack.Decoder(list[SealedAnswer]).decode
_benefits = msgspec.msgpack.Decoder(tuple[Benefit, ...]).decode
NO_DETAILS = Details()


class Vault:
    """Turns values into sealed columns and back."""

    def __init__(self, cipher: Cipher) -> None:
        self._seal = cipher.seal
        self._open = cipher.open

    def seal_details(self, details: Details) -> bytes:
        """For person.details."""
        return self._seal(_encode(details), b"person")

    def open_details(self, sealed: bytes | None) -> Details:
        """From person.details; erased or absent details are empty ones."""
        return NO_DETAILS if sealed is None else _details(self._open(sealed, b"person"))

    def seal_contact(self, address: str, name: str | None) -> bytes:
        """For contact.sealed."""
        return self._seal(_encode((address, name)), b"contact")

    def open_contact(self, sealed: bytes) -> SealedContact:
        """From contact.sealed."""
        return _contact(self._open(sealed, b"contact"))

    def seal_message(self, address: str, values: dict[str, str]) -> bytes:
        """For message.sealed."""
        return self._seal(_encode((address, values)), b"message")

    def open_message(self, sealed: bytes) -> SealedMessage:
        """From message.sealed."""
        return _message(self._open(sealed, b"message"))

    def seal_request(self, request: SealedRequest) -> bytes:
        """For notice.request."""
        return self._seal(_encode(request), b"notice")

    def open_request(self, sealed: bytes) -> SealedRequest:
        """From notice.request."""
        return _request(self._open(sealed, b"notice"))

    def seal_answers(self, answers: list[SealedAnswer]) -> bytes:
        """For call.answers."""
        return self._seal(_encode(answers), b"call")

    def open_answers(self, sealed: bytes) -> list[SealedAnswer]:
        """From call.answers."""
        return _answers(self._open(sealed, b"call"))

    def seal_example(self, text: str) -> bytes | None:
        """For unmapped_code.example; no text is none."""
        return self._seal(text.encode(), b"example") if text else None

    def open_example(self, sealed: bytes | None) -> str:
        """From unmapped_code.example."""
        return "" if sealed is None else self._open(sealed, b"example").decode()

    def seal_raw(self, raw: bytes, purpose: bytes) -> bytes:
        """For event.sealed, receipt.sealed and inbound.sealed: bytes as they came."""
        return self._seal(raw, purpose)

    def open_raw(self, sealed: bytes, purpose: bytes) -> bytes:
        """Back to the bytes as they came."""
        return self._open(sealed, purpose)


def pack_benefits(benefits: tuple[Benefit, ...]) -> bytes | None:
    """For person.benefits (not personal: states and dates)."""
    return _encode(benefits) if benefits else None


def unpack_benefits(packed: bytes | None) -> tuple[Benefit, ...]:
    """From person.benefits."""
    return _benefits(packed) if packed else ()
