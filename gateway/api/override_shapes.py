"""Overrides of suppressions as they are asked for and shown; ids, times and masks as in shapes.py."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from gateway.api.query import Moment, PersonId
from gateway.api.shapes import Id, Masked, MaskedName
from gateway.words import OverrideEnd, OverrideStatus

LONGEST_REASON = 500


class OverrideRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use a contact that was given up, for a time."""

    person_id: PersonId
    contact_id: Id
    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_REASON,
            pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$",
            description="Why, in one line, without numbers of persons or telephones.",
        ),
    ]
    until: Annotated[Moment, Meta(description="In the future, at most `quality.override_days` ahead; a date includes that day.")]


class OverrideView(Struct, frozen=True, kw_only=True):
    """An override. `asked`: it waits for another token's confirmation and changes nothing."""

    id: Id
    person_id: str
    name_masked: MaskedName
    region: str
    region_name: str
    contact_id: Id
    channel: str
    address_masked: Masked | None
    state: Annotated[str, Meta(description="What was believed of the contact when it was asked for.")]
    reason: str | None
    until: datetime
    status: OverrideStatus
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_by: Annotated[str | None, Meta(description="Who withdrew it; null where time ended it.")]
    ended_at: datetime | None
    ended_why: OverrideEnd | None
