"""The garbage collector of a long-lived process: what start-up made is never looked at again, and sets of a thousand values do not set it off."""

import gc

YOUNG = 500_000
"""Objects on hand before the young are looked at: more than all sets on their way hold, whose values are freed by count anyway. Looking at
them cost a tenth of the API's time."""


def settle() -> None:
    """Call it once everything is open."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
