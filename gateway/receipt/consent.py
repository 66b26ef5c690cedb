"""Which of our templates a person's yes or no to a vendor's template is about. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.stops import EVERY_TEMPLATE
from gateway.words import Channel
from providers.base.types import Inbound
from providers.base.words import Sign

ANY = "*"
OF_NUMBERS = frozenset({Channel.SMS, Channel.VOICE})
"""Channels whose contacts are numbers: nobody follows those, and what they refuse they refuse by an opt-out."""


class Templates:
    """Whose templates at the vendors ours are. `options`: of each provider's section; `names`: all of our templates now."""

    def __init__(self, options: Mapping[str, Mapping[str, Any]], names: Callable[[], Iterable[str]]) -> None:
        self._codes = {provider: _codes(given) for provider, given in options.items()}
        self._names = names

    def called(self, provider: str, vendor_template: str | None) -> list[str]:
        """Our templates that go out as this one of the vendor's; None: everything. One that no setting names stands for itself."""
        if not vendor_template:
            return [EVERY_TEMPLATE]
        ours = [name for name in self._names() if self._code(provider, name) == vendor_template]
        return ours or [vendor_template]

    def alike(self, provider: str, template: str) -> list[str]:
        """Our templates that go out as the same one of the vendor's as this."""
        code = self._code(provider, template)
        return [template] if code is None else self.called(provider, code)

    def _code(self, provider: str, template: str) -> str | None:
        """As providers/base/vendor_template.py finds it: by the name, else by fewer of its words, else the one for all."""
        codes = self._codes.get(provider, {})
        words = template.split(".")
        names = [".".join(words[:count]) for count in range(len(words), 0, -1)]
        return next((codes[name] for name in [*names, ANY] if name in codes), None)


def _codes(options: Mapping[str, Any]) -> dict[str, str]:
    given = options.get("templates")
    if not isinstance(given, Mapping):
        return {}
    return {name: str(one["code"]) for name, one in given.items() if isinstance(one, Mapping) and "code" in one}


def clears_all(said: Inbound) -> bool:
    """Whether a yes takes back every earlier no: one to all we send. Following again does not bring back a consent to a template."""
    return said.sign is Sign.CONSENTED and not said.template
