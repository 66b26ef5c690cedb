"""Which providers a message must avoid: one that refused it never sees it again, one that could not take it lets the others try first. Pure.

What a message avoids is a list of names. One with a mark beside it (`?name`) is avoided for now: when nobody else is left, the marked ones may try again.
`!name` means nobody but that one: it may have the message already, and knows it again by our reference.
"""

from collections.abc import Mapping, Sequence

FOR_NOW = "?"
"""Stands before a name, in an entry of its own. No provider's name can begin so (gateway/config)."""

ONLY = "!"


def refused(avoid: Sequence[str], provider: str, route: Sequence[str]) -> list[str] | None:
    """What a message avoids once `provider` refused it; None: every provider of the route has."""
    mark = FOR_NOW + provider
    more = [*(name for name in avoid if name not in {mark, provider}), provider]
    if _left(more, route):
        return more
    for_good = refusing(more)
    return for_good if _left(for_good, route) else None


def passed_on(avoid: Sequence[str], provider: str, route: Sequence[str]) -> list[str] | None:
    """What a message avoids while others try what `provider` could not take for now; None: nobody else is left to try."""
    more = [*(name for name in avoid if name != provider), provider, FOR_NOW + provider]
    return more if provider not in refusing(avoid) and _left(more, route) else None


def bound(provider: str, route: Sequence[str]) -> list[str]:
    """What a message avoids that `provider` may have taken, and that may be sent again because it drops a reference it has seen."""
    return [*(name for name in route if name != provider), ONLY + provider]


def bound_elsewhere(avoid: Sequence[str], provider: str) -> bool:
    """Whether this provider must not have the message, although it is not named: the route has changed since."""
    return any(name.startswith(ONLY) and name != ONLY + provider for name in avoid)


def without_way(avoid: Mapping[int, Sequence[str]], provider: str, route: Sequence[str]) -> tuple[dict[int, list[str]], list[int]]:
    """Of messages and what each avoids, those that `provider` must not have: what each avoids while others may have it, and those that nobody may."""
    astray = {i: names for i, names in avoid.items() if provider in names or bound_elsewhere(names, provider)}
    again = {i: [*names, provider] for i, names in astray.items() if provider not in names}
    again |= {i: refusing(names) for i, names in astray.items() if i not in again and not set(route) <= set(refusing(names))}
    return again, [i for i in astray if i not in again]


def refusing(avoid: Sequence[str]) -> list[str]:
    """Those that refused for good."""
    return [name for name in avoid if not name.startswith(FOR_NOW) and FOR_NOW + name not in avoid]


def _left(avoid: Sequence[str], route: Sequence[str]) -> bool:
    return any(name not in avoid for name in route)
