"""Divides a lane's messages among the providers of its route by their weights, smoothly and without chance."""

from collections.abc import Collection, Mapping

CATCH_UP = 500
"""Messages that one who was away may be given before its usual turn; what it missed beyond is gone."""


class Shares:
    """One a channel, lane and process. Each message moves its provider on by 1 / weight; next is the one that its next message brings least far."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._present: Collection[str] = ()

    def pick(self, weights: Mapping[str, float]) -> str:
        """Of those that can carry now; one of weight 0 only where there is no other. Of equals the first."""
        wanted = {name: weight for name, weight in weights.items() if weight > 0} or dict.fromkeys(weights, 1.0)
        rear = min((self._at[name] for name in wanted if name in self._present), default=0.0)
        for name, weight in wanted.items():
            if name not in self._present:
                self._at[name] = max(self._at.get(name, 0.0), rear - CATCH_UP / weight)
        self._present = wanted
        return min(wanted, key=lambda name: self._at[name] + 1 / wanted[name])

    def took(self, name: str, messages: int, weight: float) -> None:
        """A provider was given messages."""
        self._at[name] = self._at.get(name, 0.0) + messages / (weight or 1.0)
