"""The garbage collector of a long-lived process: what start-up made is never looked at again, and sets of a thousand values do not set it off."""

import gc

YOUNG = 100_000
"""Objects made before the young are looked at: about two sets on their way, whose values are freed by count anyway."""


def settle() -> None:
    """Call it once everything is open."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
