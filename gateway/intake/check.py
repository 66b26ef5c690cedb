"""bytes → event: everything that can be checked without the store. Errors carry a code, a JSON path and what to do."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from gateway.events import DATA_OF, ContactData, ContactRemoved, Data, Event, GivenContact, ManagingUnit, PersonData
from gateway.words import Channel, ContactSource, EventType, Relation

MAX_ID = 256
"""Characters an event id, source or subject may have."""
_SOLID = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]{1,256}")
_NO_CONTACTS: tuple[GivenContact, ...] = ()


class Problem(Struct, frozen=True, gc=False):
    """One thing wrong with one event."""

    code: str
    path: str
    detail: str


class Rejected(Struct, frozen=True, gc=False):
    """An event that is not taken, and why."""

    id: str
    errors: tuple[Problem, ...]


class Checked(Struct, frozen=True, gc=False):
    """An event that may go to the store; `warnings` name what of it was left out."""

    event: Event
    warnings: tuple[Problem, ...] = ()


class _Envelope(Struct):
    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    time: datetime | None = None
    datacontenttype: str | None = None
    data: Raw = Raw()
    data_base64: str | None = None


class _Name(Struct):
    id: Any = None


class Refused(Exception):
    """A contact's address that its channel cannot reach. Raised by the port below."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Addresses(Struct, frozen=True, gc=False):
    """Ports: `normalise(channel, address)` raises `Refused`; `key(channel, address)` is the keyed hash; the rest are predicates."""

    normalise: Callable[[str, str], str]
    key: Callable[[str, str], bytes]
    region_exists: Callable[[str], bool]
    is_identity_number: Callable[[str], bool]
    digest_key: bytes = b""
    """Keys the digests of events: without it a telephone number could be guessed from one."""


_envelope = msgspec.json.Decoder(_Envelope).decode
_data: dict[str, tuple[EventType, Callable[[Raw], Any]]] = {
    kind.value: (kind, msgspec.json.Decoder(shape).decode) for kind, shape in DATA_OF.items()
}
_name = msgspec.json.Decoder(_Name).decode


class Checker:
    """Checks events one by one; holds the ports."""

    def __init__(self, addresses: Addresses) -> None:
        self._ports = addresses

    def normalise(self, channel: str, address: str) -> str:
        """An address as it is stored. Raises `Refused`."""
        return self._ports.normalise(channel, address)

    def structured(self, raw: bytes | Raw) -> Checked | Rejected:
        """One event in structured mode."""
        try:
            envelope = _envelope(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Rejected(_id_of(raw), (_problem(error),))
        return self._event(envelope, bytes(raw))

    def binary(self, attributes: Mapping[str, str], data: bytes) -> Checked | Rejected:
        """One event in binary mode: `attributes` without their `ce-`, percent-decoded."""
        ident = attributes.get("id", "")
        try:
            head = {k: v for k, v in attributes.items() if k in _Envelope.__struct_fields__ and k not in {"data", "data_base64"}}
            envelope = msgspec.convert(head, _Envelope)
            msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Rejected(ident, (_problem(error),))
        envelope.data = Raw(data)
        head_json = msgspec.json.encode(head)
        return self._event(envelope, head_json[:-1] + b',"data":' + data + b"}")

    def _event(self, envelope: _Envelope, raw: bytes) -> Checked | Rejected:
        ident = envelope.id
        known = _data.get(envelope.type)
        if known is None:
            return _rejected(ident, "unknown_type", "$.type", f"unknown event type; known are: {', '.join(sorted(_data))}")
        if problem := self._head_problem(envelope):
            return Rejected(ident, (problem,))
        kind, decode = known
        try:
            data = decode(envelope.data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Rejected(ident, (_problem(error, "$.data"),))
        if problem := self._data_problem(data):
            return Rejected(ident, (problem,))
        contacts, warnings = self._contacts(kind, data)
        if warnings and isinstance(data, ContactData | ContactRemoved):
            return Rejected(ident, warnings)
        digest = digest_of(envelope.type, envelope.subject, bytes(envelope.data), self._ports.digest_key)
        event = Event(envelope.source, ident, kind, envelope.subject, data, digest, raw, envelope.time, contacts)
        return Checked(event, warnings)

    def _head_problem(self, envelope: _Envelope) -> Problem | None:
        if envelope.specversion != "1.0":
            return Problem("invalid", "$.specversion", 'this gateway speaks CloudEvents "1.0"')
        for field in ("id", "source", "subject"):
            if not _SOLID.fullmatch(getattr(envelope, field)):
                return Problem("invalid", f"$.{field}", f"needed: 1 to {MAX_ID} printable characters without spaces")
        if envelope.data_base64 is not None:
            return Problem("invalid", "$.data_base64", "send `data` as JSON")
        if self._ports.is_identity_number(envelope.subject):
            return Problem("identity_number", "$.subject", "an identity number must not serve as person id: send an opaque id")
        return None

    def _data_problem(self, data: Data) -> Problem | None:
        person = data if isinstance(data, PersonData) else getattr(data, "person", None)
        if person is None:
            return None
        path = "$.data" if person is data else "$.data.person"
        if person.region is not UNSET and not self._ports.region_exists(person.region):
            return Problem("invalid", f"{path}.region", "no such region code (GB/T 2260, six digits)")
        home = person.residence
        if home is not UNSET and home is not None and not self._ports.region_exists(home.region):
            return Problem("invalid", f"{path}.residence.region", "no such region code (GB/T 2260, six digits)")
        return None

    def _contacts(self, kind: EventType, data: Data) -> tuple[tuple[GivenContact, ...], tuple[Problem, ...]]:
        given: Sequence[ContactData]
        if kind is EventType.CONTACT_UPDATED:
            given, path = [data], "$.data"  # type: ignore[list-item]
        elif kind is EventType.CONTACT_REMOVED:
            given, path = [ContactData(data.channel, data.address)], "$.data"  # type: ignore[union-attr]
        else:
            given, path = _given_contacts(data)
        unit = self._unit(data)
        if not given:
            return unit, ()
        contacts, warnings = [], []
        for index, contact in enumerate(given):
            try:
                address = self._ports.normalise(contact.channel, contact.address)
            except Refused as refused:
                at = path if path == "$.data" else f"{path}[{index}]"
                warnings.append(Problem(refused.code, f"{at}.address", refused.detail))
                continue
            key = self._ports.key(contact.channel, address)
            contacts.append(
                GivenContact(contact.channel, address, key, contact.relation, contact.source, contact.verified_on, contact.name)
            )
        return (*contacts, *unit), tuple(warnings)

    def _unit(self, data: Data) -> tuple[GivenContact, ...]:
        """The managing unit's phone, where it is one that takes texts; a landline stays a fact for people."""
        person = data if isinstance(data, PersonData) else getattr(data, "person", None)
        unit = person.managing_unit if person is not None else None
        if not isinstance(unit, ManagingUnit) or unit.phone is None:
            return _NO_CONTACTS
        try:
            address = self._ports.normalise(Channel.SMS, unit.phone)
        except Refused:
            return _NO_CONTACTS
        key = self._ports.key(Channel.SMS, address)
        return (GivenContact(Channel.SMS, address, key, Relation.UNIT, ContactSource.COUNTER, None, unit.name),)


def digest_of(kind: str, subject: str, data: bytes, key: bytes = b"") -> bytes:
    """What tells a repetition from a conflict fast: type, subject and data as they came (16 bytes). Other bytes may still mean the same: see `same`."""
    return blake2b(b"\n".join((kind.encode(), subject.encode(), data)), digest_size=16, key=key).digest()


def same(raw: bytes, stored: bytes) -> bool:
    """Whether two events say the same canonically: type, subject and data, whatever the spacing and order of keys."""
    return bool(_canonical(raw) == _canonical(stored))


def _canonical(raw: bytes) -> Any:
    event = msgspec.json.decode(raw)
    return event.get("type"), event.get("subject", ""), event.get("data")


def _given_contacts(data: Data) -> tuple[Sequence[ContactData], str]:
    person = data if isinstance(data, PersonData) else getattr(data, "person", None)
    inner = person.contacts if person is not None and person.contacts is not UNSET else ()
    if person is data:
        return inner, "$.data.contacts"
    outer = getattr(data, "contacts", None) or ()
    if inner and outer:
        return [*inner, *outer], "$.data.contacts"
    return (inner, "$.data.person.contacts") if inner else (outer, "$.data.contacts")


def _id_of(raw: bytes | Raw) -> str:
    """The id of an event that could not be read whole, for the sender to find it."""
    try:
        found = _name(raw).id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    return found[:MAX_ID] if isinstance(found, str) else ""


def _rejected(ident: str, code: str, path: str, detail: str) -> Rejected:
    return Rejected(ident, (Problem(code, path, detail),))


_AT = re.compile(r"(.*?)(?: - at `(.*)`)?", re.DOTALL)


def _problem(error: Exception, under: str = "$") -> Problem:
    if isinstance(error, RecursionError):
        return Problem("invalid", under, "nested too deeply")
    if isinstance(error, msgspec.ValidationError):
        found = _AT.fullmatch(str(error))
        detail, at = (found[1], found[2] or "$") if found else (str(error), "$")
        if detail.startswith("Invalid enum value"):
            detail = "not one of the values that are allowed here"  # msgspec quotes what was sent
        return Problem("invalid", under + at[1:], detail)
    # The parser's own words quote no value; their offset helps to find the place.
    code = "not_json" if under == "$" else "invalid"
    return Problem(code, under, "missing" if under != "$" and "truncated" in str(error) else f"not JSON: {error}"[:200])
