"""What goes into plan and what comes out of it: one person at a time."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from gateway.model import Closing, Contact, Draft, Notice, Outreach, Person, Verdict
from gateway.words import Reason


class Belief(Struct, frozen=True, gc=False):
    """What is known of a number, whoever has it (see `gateway.model.Contact`). `dead_at`: since when it is dead as somebody's contact."""

    dead_at: datetime | None = None
    opted_out: bool = False
    refused: tuple[str, ...] = ()


class State(Struct, frozen=True, gc=False):
    """All that is known of one person, read under the person's lock.

    `notices` are all of the person's, open and closed; those in progress carry what was tried (as do uninformed ones and those withdrawn,
    where that is known: what left once is not sent again).
    """

    person: Person
    contacts: tuple[Contact, ...] = ()
    notices: tuple[Notice, ...] = ()
    beliefs: Mapping[bytes, Belief] = {}
    """By key, for numbers that the events bring: a number that is dead stays unused when it comes in with a new person."""


class Rejection(Struct, frozen=True, gc=False):
    """An event that cannot be: nothing of it was taken."""

    code: str
    path: str
    detail: str


class Recall(Struct, frozen=True, gc=False):
    """Queued messages of this notice to this number must not leave: whoever holds the number is not to be told any more."""

    notice_id: int
    key: bytes
    reason: Reason


class Changes(Struct, frozen=True, gc=False):
    """What must be written, all of it in the transaction that holds the person's lock."""

    person: Person
    """The person to write; the very object that went in where nothing of it changed."""
    verdicts: tuple[Verdict | Rejection, ...] = ()
    """One for each event, in order."""
    contacts_put: tuple[Contact, ...] = ()
    contacts_removed: tuple[int, ...] = ()
    notices: tuple[Notice, ...] = ()
    """New ones, with their status."""
    started: tuple[int, ...] = ()
    """Known notices that were scheduled and are in progress from now on."""
    closings: tuple[Closing, ...] = ()
    """Known notices that end. Their queued messages are withdrawn with the closing's reason."""
    recalls: tuple[Recall, ...] = ()
    drafts: tuple[Draft, ...] = ()
    outreach: tuple[Outreach, ...] = ()
    """Rows to open; one that stands already (person, kind, why) stays as it is."""
    outreach_withdrawn: tuple[int, ...] = ()
    """Ids of notices whose outreach rows end: what they say is no longer so. Empty: none."""
    outreach_moved: tuple[tuple[int, int], ...] = ()
    """Rows go on with another notice of their duty: (notice they are about, new notice)."""
    conflict_lifted: bool = False
    """The person's row of kind `conflict` ends."""
    contact_lifted: bool = False
    """The person's row of kind `contact` ends, if there is one."""
