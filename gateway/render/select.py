"""notice, contact → template name. Which text says it: one table, pure, no I/O.

A name is `channel/kind[.cause].addressee[.variant]`, and the file of that name lies in `templates/`.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from gateway.render.errors import NoTextError
from gateway.words import Cause, Kind


class Addressee(StrEnum):
    """To whom a text speaks. The first four are the relations of a contact."""

    SELF = "self"
    FAMILY = "family"
    GUARDIAN = "guardian"
    """Of a minor [19]."""
    UNIT = "unit"
    """The managing unit [11, 25]."""
    ANY = "any"
    """Requested notices: one text for whoever reads it."""


LAPSED_IS = "lapsed_is"
"""Cause `lapsed` in texts where the benefit system suspends on the deadline by itself [35]: "is suspended" instead of "will be"."""

REQUESTED_PREFIX = "notice."
"""What the names of requested texts begin with."""

DEFAULT_TEXTS = "sms"
"""Channels with no texts of their own use the short ones: they fit everywhere."""

TEXTS_OF: Mapping[str, str] = MappingProxyType({"sms": "sms", "wechat": "wechat", "wecom": "wechat"})
"""Channel → the folder whose texts it uses."""

VARIANTS: Mapping[str, tuple[str, ...]] = MappingProxyType({"sms": ("abroad", "home_service"), "wechat": ("abroad",)})
"""Variants of texts that ask to certify, the strongest first: nobody visits a home abroad. A wechat text has room to offer the visit to everybody."""

EVERYBODY = (Addressee.SELF, Addressee.FAMILY, Addressee.GUARDIAN, Addressee.UNIT)
NOT_THE_PERSON = (Addressee.FAMILY, Addressee.GUARDIAN, Addressee.UNIT)
"""Death, missing and imprisonment are never told to a number held as the person's own (domain: Addressees)."""

ADDRESSEES: Mapping[tuple[str, str], tuple[Addressee, ...]] = MappingProxyType(
    {
        (Kind.REMINDER, Cause.NONE): EVERYBODY,
        (Kind.SUSPENSION, Cause.LAPSED): EVERYBODY,
        (Kind.SUSPENSION, LAPSED_IS): EVERYBODY,
        (Kind.SUSPENSION, Cause.NOT_CERTIFIED): EVERYBODY,
        (Kind.SUSPENSION, Cause.PAYMENT_FAILED): EVERYBODY,
        (Kind.TERMINATION, Cause.DEATH): NOT_THE_PERSON,
        (Kind.TERMINATION, Cause.MISSING): NOT_THE_PERSON,
        (Kind.TERMINATION, Cause.IMPRISONED): NOT_THE_PERSON,
        (Kind.TERMINATION, Cause.NOT_CERTIFIED): EVERYBODY,
        (Kind.TERMINATION, Cause.OTHER): EVERYBODY,
        (Kind.RESUMPTION, Cause.NONE): EVERYBODY,
    }
)
"""(kind, cause) → who may be told. The whole list: what is not here has no text."""

ASKS_TO_CERTIFY = frozenset(
    {
        (Kind.REMINDER, Cause.NONE),
        (Kind.SUSPENSION, Cause.LAPSED),
        (Kind.SUSPENSION, LAPSED_IS),
        (Kind.SUSPENSION, Cause.NOT_CERTIFIED),
    }
)
"""Texts that say how to certify, and so differ by where and how the person lives. A unit knows that itself: one text for units."""


@lru_cache(maxsize=4096)
def choose(
    kind: str,
    cause: str,
    addressee: str,
    channel: str,
    *,
    abroad: bool = False,
    home_service: bool = False,
    lapse_means_suspended: bool = False,
) -> str:
    """The name of the text. Falls back from a variant that is not written for this text to the plain one, from a channel without texts to `sms`.

    Raises `NoTextError` where the rules allow no text: that is a fault of the plan, never a reason to send another text.
    """
    said = LAPSED_IS if cause == Cause.LAPSED and lapse_means_suspended else cause
    if addressee not in ADDRESSEES.get((kind, said), ()):
        raise NoTextError(f"no text for kind {kind!r}, cause {cause!r} to {addressee!r}: the rules name nobody like that")
    texts = TEXTS_OF.get(channel, DEFAULT_TEXTS)
    lives = {"abroad": abroad, "home_service": home_service}
    variant = next((word for word in _variants(texts, kind, said, addressee) if lives[word]), "")
    return compose(texts, kind, said, addressee, variant)


def requested(template: str, channel: str) -> str:
    """The name of the text that `si.notice.requested` means by `template` on this channel; `notice.` before it may be left out.

    Always a requested text, so that no event can send a reminder or a termination by asking for its name.
    """
    return f"{TEXTS_OF.get(channel, DEFAULT_TEXTS)}/{REQUESTED_PREFIX}{template.removeprefix(REQUESTED_PREFIX)}"


def compose(texts: str, kind: str, cause: str, addressee: str, variant: str) -> str:
    """A template's name from its parts; empty parts leave no trace."""
    return f"{texts}/" + ".".join(part for part in (kind, cause, addressee, variant) if part)


def every_name() -> Iterator[str]:
    """Every name that `choose` can return: the texts that a catalog must have."""
    for texts in VARIANTS:
        for (kind, cause), addressees in ADDRESSEES.items():
            for addressee in addressees:
                for variant in ("", *_variants(texts, kind, cause, addressee)):
                    yield compose(texts, kind, cause, addressee, variant)


def _variants(texts: str, kind: str, cause: str, addressee: str) -> tuple[str, ...]:
    return VARIANTS[texts] if (kind, cause) in ASKS_TO_CERTIFY and addressee != Addressee.UNIT else ()
