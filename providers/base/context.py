"""One text a call that a vendor carries back in every report: our message id where the call has one message, else our call id behind a mark."""

from collections.abc import Sequence
from typing import Final

from providers.base.types import Outgoing

CALL_MARK: Final = "c"


def context_of(batch: Sequence[Outgoing]) -> str:
    """What to send along."""
    return batch[0].reference if len(batch) == 1 else f"{CALL_MARK}{batch[0].call}"


def joined_by(context: str | None) -> tuple[str | None, str | None]:
    """(reference, call) of what came back; neither where it is not of our making (another system uses the same account)."""
    if context is None or not context.isascii():
        return None, None
    if context.isdigit():
        return context, None
    call = context.removeprefix(CALL_MARK)
    return None, call if call != context and call.isdigit() else None
