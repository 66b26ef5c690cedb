"""Divides a lane's messages among the providers of its route by their weights, smoothly and without chance."""

from collections.abc import Mapping

CATCH_UP = 500
"""Messages that one who was away may be given before its usual turn; what it missed beyond is gone."""


class Shares:
    """One a channel, lane and process. Each message moves its provider on by 1 / weight; whoever is furthest behind is next."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def pick(self, weights: Mapping[str, float]) -> str:
        """Of those that can carry now; one of weight 0 only where there is no other. Of equals the first."""
        if len(weights) == 1:
            return next(iter(weights))
        front = max(self._at.get(name, 0.0) for name in weights)
        wanted = {name: weight for name, weight in weights.items() if weight > 0} or dict.fromkeys(weights, 1.0)
        for name, weight in wanted.items():
            self._at[name] = max(self._at.get(name, 0.0), front - CATCH_UP / weight)
        return min(wanted, key=self._at.__getitem__)

    def took(self, name: str, messages: int, weight: float) -> None:
        """A provider was given messages."""
        self._at[name] = self._at.get(name, 0.0) + messages / (weight or 1.0)
