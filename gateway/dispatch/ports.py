"""What dispatch needs of other rooms."""

from collections.abc import Mapping
from typing import Protocol

from gateway.model import Standing
from gateway.store.claims import Candidate
from gateway.words import Reason


class Stops(Protocol):
    """The one table of what stops what (gateway/stops.py)."""

    def __call__(self, candidate: Candidate, person: Standing) -> Reason | None:
        """Why this message must not leave any more; None: it stands."""


class Render(Protocol):
    """message → text (gateway/render)."""

    def __call__(self, template: str, version: str, values: Mapping[str, str]) -> tuple[str, int]:
        """The text and its segments. Raises RenderFailed."""


class RenderFailed(Exception):
    """No text can be made from this template version and these values."""
