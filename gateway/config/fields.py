"""The kinds of values that config.toml holds, with their bounds and words for people."""

from typing import Annotated

from msgspec import Meta

from gateway.words import Relation

SECRET = {"secret": True}
"""Marks what no dump, log or error shows."""
VERBATIM = {"verbatim": True}
"""Marks a string whose `file:` is not replaced by the file's text: its reader follows the file itself."""
REST = {"rest": True}
"""Marks the field that takes the keys which the section does not name."""

Port = Annotated[int, Meta(ge=1, le=65535)]
PortOrOff = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]
NotNegative = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Text = Annotated[str, Meta(min_length=1)]
SecretText = Annotated[str, Meta(min_length=1, extra=SECRET)]
Key = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a name of letters, digits, _ and -")]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", description="a name of small letters, digits and _")]
ClockTime = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", description="a time HH:MM from 00:00 to 24:00")]
Rung = Annotated[
    str,
    Meta(pattern=f"^({'|'.join(Relation)}):[a-z][a-z0-9_]*$", description=f"RELATION:CHANNEL with a relation of {', '.join(Relation)}"),
]
StoreUrl = Annotated[str, Meta(pattern="^embedded$|^postgres(ql)?://.", description='"embedded" or a postgresql:// URL', extra=SECRET)]
RedisUrl = Annotated[
    str,
    Meta(
        pattern=r"^embedded$|^(rediss?(\+sentinel)?|unix)://.",
        description='"embedded" or a redis://, rediss://, redis+sentinel:// or unix:// URL',
        extra=SECRET,
    ),
]
WebUrl = Annotated[str, Meta(pattern="^https?://.", description="an http:// or https:// URL")]
CallbackToken = Annotated[str, Meta(pattern=r"^[^/?#%\s]+$", description="letters, digits, - or _: it stands in a URL", extra=SECRET)]
RegionCode = Annotated[
    str,
    Meta(pattern="^[1-9][0-9]((?!00)[0-9]{2}){0,2}$", description="a region code without its trailing zeros, such as 51, 5101 or 510104"),
]
Signature = Annotated[str, Meta(min_length=2, max_length=20)]

LEASE_MARGIN_S = 5.0
"""How much longer than the vendor's time-out a lease must last: a worker that slept must find its lease over before the vendor's answer is."""
LEASE_ROOM_S = 20.0
"""What a lease has beyond the vendor's time-out where the configuration names none."""
