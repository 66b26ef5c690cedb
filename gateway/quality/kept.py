"""A model as text, and back: every number as it was, and the version checked against the content."""

from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.quality.model import STARTS, Model, digest

LEARNED = "fit-"
"""Begins the version of every model that was learned; the rest is the digest of its content."""


class Spoilt(ValueError):
    """A kept model that is not what its version names."""


def written(model: Model) -> str:
    """The model as JSON. Numbers are written in the fewest digits that read as the same number again."""
    return msgspec.json.encode(model, order="sorted").decode()


def read(version: str, text: str) -> Model:
    """The model of this version.

    Raises:
        Spoilt: The text is no model, or not the one that the version names.

    """
    try:
        plain = msgspec.json.decode(text, type=dict[str, Any])
        model = msgspec.json.decode(text, type=Model)
    except msgspec.MsgspecError as error:
        raise Spoilt(f"model {version} cannot be read: {error}") from error
    if model.version != version or version != LEARNED + digest(plain):
        raise Spoilt(f"model {version} is not what its version names: its content was changed, it is {LEARNED}{digest(plain)}")
    return replace(model, starts={**STARTS, **model.starts})  # of sources that it was learned before
