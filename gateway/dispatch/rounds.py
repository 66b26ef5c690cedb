"""How a drain goes round the providers of its route, and how long it waits where none can carry for a moment."""

FIRST_LOOK_S = 0.004
"""Seconds after which a provider out of tokens is asked again for the first time in a drain, twice as long the next time, up to LOOK_AGAIN_S: somebody
else may just hold more of them than it needs."""
LOOK_AGAIN_S = 0.05
"""Seconds after which a few free places are enough for a claim, or a provider out of tokens is asked again."""


class Round:
    """A drain on its way round the providers: one that has no place, no token or nothing to send is `out` until the others had their turn."""

    __slots__ = ("_once", "few", "out", "pause_s", "soon")

    def __init__(self) -> None:
        self.out: set[str] = set()
        self.soon = False
        """One that is out may carry in a moment."""
        self.few = False
        """A few free places are enough for a claim: more did not come in time."""
        self.pause_s = FIRST_LOOK_S
        self._once = False

    def begin(self, *, few: bool) -> None:
        """All may have a turn again."""
        self.out, self.soon, self.few = set(), False, few
        self.pause_s = min(LOOK_AGAIN_S, 2 * self.pause_s)

    def once(self, wanted: bool) -> bool:  # noqa: FBT001 - what is asked about
        """True the first time that it is wanted."""
        first = wanted and not self._once
        self._once = self._once or wanted
        return first
