"""Vendors' words as a store can hold them: what their JSON may bring and no column takes (NUL, lone surrogates) becomes "?"."""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar, overload

from msgspec import Struct, structs

from providers.base.types import Answer, Reading

T = TypeVar("T", bound=Struct)


def fits(text: str | None) -> bool:
    """Whether a column takes it as it is; nearly always."""
    return text is None or text.isprintable()


@overload
def fitted(text: str) -> str: ...
@overload
def fitted(text: None) -> None: ...
def fitted(text: str | None) -> str | None:
    """The text with "?" for what does not print."""
    return None if text is None else "".join(c if c.isprintable() else "?" for c in text)


def fitted_reading(reading: Reading) -> Reading:
    """A callback with what goes into columns fitted; mostly nothing is copied."""
    if all(fits(r.vendor_code) and fits(r.reference) for r in reading.reports) and all(fits(m.text) for m in reading.inbound):
        return reading
    reports = [structs.replace(r, vendor_code=fitted(r.vendor_code), reference=fitted(r.reference)) for r in reading.reports]
    inbound = [structs.replace(m, text=fitted(m.text) or "") for m in reading.inbound]
    return dataclasses.replace(reading, reports=reports, inbound=inbound)


def fitted_answers(answers: Sequence[Answer]) -> Sequence[Answer]:
    """Answers whose words a store takes. One that cannot be written would leave its message unknown, although it was refused."""
    if all(fits(a.vendor_code) and fits(a.vendor_id) and fits(a.vendor_text) for a in answers):
        return answers
    return [
        structs.replace(a, vendor_code=fitted(a.vendor_code), vendor_id=fitted(a.vendor_id), vendor_text=fitted(a.vendor_text))
        for a in answers
    ]


def encodable(said: T) -> T:
    """The same, with "?" for what no UTF-8 can hold."""
    texts = {name: v.encode(errors="replace").decode() for name, v in structs.asdict(said).items() if v.__class__ is str}
    return structs.replace(said, **texts)
