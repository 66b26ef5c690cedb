"""Templates that a vendor keeps: which of theirs stands for which of ours, and where our values go in it.

[providers.NAME.templates."reminder.self"]  # our template's name, or its first words ("reminder"); "*" for all that have none of their own
code = "SMS_154950909"
params = { name = "{name}", day = "{deadline}" }   # theirs → ours; a list for vendors with positional parameters

`{text}` is the whole rendered text without its signature, for vendors whose template is one free parameter.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from providers.base.options import wrong
from providers.base.types import Outgoing, Settings

_PLACE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
ANY: Final = "*"


class Unfit(Exception):
    """No template of the vendor fits this message; the text says what is missing and holds no value."""


class VendorTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One template at the vendor. `params`: a table, or a list where the vendor counts positions."""

    code: str
    params: Mapping[str, str] | Sequence[str] = {}

    def named(self, message: Outgoing) -> dict[str, str]:
        """The vendor's parameters by name. Raises `Unfit`."""
        params = self.params if isinstance(self.params, Mapping) else {str(place): form for place, form in enumerate(self.params, 1)}
        return {name: filled(form, message) for name, form in params.items()}

    def positional(self, message: Outgoing) -> list[str]:
        """The vendor's parameters in order. Raises `Unfit`."""
        forms = self.params.values() if isinstance(self.params, Mapping) else self.params
        return [filled(form, message) for form in forms]


def filled(form: str, message: Outgoing) -> str:
    """A form with our values in their places. Raises `Unfit` for a value that this message does not have."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        if name == "text":
            return message.text.removeprefix(f"【{message.signature}】")
        if name not in message.params:
            raise Unfit(f"this message has no value `{name}`")
        return message.params[name]

    return _PLACE.sub(value, form)


Template = TypeVar("Template")
"""`VendorTemplate`, or what a driver keeps in its place."""


def names_of(template: str) -> list[str]:
    """Under which names the settings may speak of one of our templates, the closest first: with its folder and without, by fewer words, by `*`."""
    found = []
    for name in dict.fromkeys((template, template.rpartition("/")[2])):
        words = name.split(".")
        found += [".".join(words[:count]) for count in range(len(words), 0, -1)]
    return [*found, ANY]


def template_for(templates: Mapping[str, Template], message: Outgoing) -> Template:
    """The vendor's template for a message: that of its name, else of fewer of its words, else the one for all. Raises `Unfit`."""
    found = next((templates[name] for name in names_of(message.template) if name in templates), None)
    if found is None:
        raise Unfit("no [templates] entry of this provider names this message's template")
    return found


def check(settings: Settings, templates: Mapping[str, VendorTemplate]) -> None:
    """Raises `SettingsError` where a provider that needs templates has none."""
    if not templates:
        raise wrong(settings, "templates", 'name the vendor\'s templates: [providers.NAME.templates."*"] code = "…", params = { … }')
