"""Shows a configuration without its secrets: for `repr`, logs and `tixing check`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from msgspec import Meta, Struct

HIDDEN = "***"


def is_secret(hint: Any) -> bool:
    """True where the type's annotation says `secret`."""
    metas = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(isinstance(meta, Meta) and (meta.extra or {}).get("secret") for meta in metas)


def describe(value: Any, where: str = "") -> Iterator[str]:
    """Lines `section.key = value`, every secret as ***. Of a provider's own keys no text is shown: which are secret only its driver knows."""
    if isinstance(value, Struct):
        hints = get_type_hints(type(value), include_extras=True)
        for field in type(value).__struct_fields__:
            yield from _field(field, getattr(value, field), hints[field], where)
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from describe(entry, _under(where, key))
    elif isinstance(value, tuple) and any(isinstance(entry, Struct) for entry in value):
        for index, entry in enumerate(value):
            yield from describe(entry, f"{where}[{index}]")
    elif value is not None:
        yield f"{where} = {_plain(value)}"


def _field(field: str, value: Any, hint: Any, where: str) -> Iterator[str]:
    here = _under(where, field)
    if field == "options":
        yield from (f"{_under(where, key)} = {_of_driver(entry)}" for key, entry in value.items())
    elif is_secret(hint) and not (isinstance(value, tuple) and any(isinstance(entry, Struct) for entry in value)):
        yield f"{here} = {_concealed(value)}"
    else:
        yield from describe(value, here)


def _under(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{_bare_url(value)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_plain(entry) for entry in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _concealed(value: Any) -> str:
    if not value or value == "embedded":
        return _plain(value)
    if isinstance(value, str) and "://" in value:
        return _plain(value)
    return f"[{', '.join(HIDDEN for _ in value)}]" if isinstance(value, tuple) else HIDDEN


def _of_driver(value: Any) -> str:
    return _plain(value) if isinstance(value, bool | int | float) else HIDDEN


def _bare_url(text: str) -> str:
    """The text, or where it is a URL, the same without user, password and query."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
