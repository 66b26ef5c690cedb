"""How a message of a WeCom application looks. Source, read 2026-11-24: developer.work.weixin.qq.com, "发送应用消息" (90236)."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from providers.base.types import Outgoing
from providers.base.vendor_template import Unfit, filled, template_for

_BYTES: Final[Mapping[tuple[str, str], int]] = {
    ("text", "content"): 2048,
    ("markdown", "content"): 2048,
    ("textcard", "title"): 128,
    ("textcard", "description"): 512,
    ("textcard", "url"): 2048,
}
"""What is longer the vendor cuts, without a word: better not sent than half."""


class NoMember(Unfit):
    """An address that would reach others than one member."""


class WecomTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a message is shown. In the strings of `body` stand `{text}` and our parameters."""

    body: Mapping[str, Any]
    kind: Literal["text", "markdown", "textcard", "template_card"] = "text"


PLAIN: Final[Mapping[str, WecomTemplate]] = {"*": WecomTemplate({"content": "{text}"})}


def shown(templates: Mapping[str, WecomTemplate], message: Outgoing) -> dict[str, Any]:
    """What all who share a call see. Raises `Unfit`."""
    template = template_for(templates, message)
    body = _filled(template.body, message)
    for key, value in body.items():
        limit = _BYTES.get((template.kind, key))
        if limit is not None and isinstance(value, str) and len(value.encode()) > limit:
            raise Unfit(f"{template.kind}.{key} is longer than {limit} bytes, and would be cut")
    return {"msgtype": template.kind, template.kind: body}


def member(address: str) -> None:
    """Raises `NoMember`: `@all` is everybody, `a|b` are two."""
    if not address or address.startswith("@") or "|" in address:
        raise NoMember("this is not the id of one member")


def _filled(node: Any, message: Outgoing) -> Any:
    """Raises `Unfit`."""
    if isinstance(node, str):
        return filled(node, message)
    if isinstance(node, Mapping):
        return {key: _filled(value, message) for key, value in node.items()}
    return [_filled(value, message) for value in node] if isinstance(node, list | tuple) else node
