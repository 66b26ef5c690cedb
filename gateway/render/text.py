"""message → text: a pinned template version and its values give the same text for ever; and how many segments carriers bill for it."""

from collections.abc import Iterable, Mapping

from gateway.render.cleaning import UnfitValueError
from gateway.render.errors import TemplateError
from gateway.render.template import Gate, Template

ONE_SEGMENT = 70
"""UTF-16 units of a message that is one segment, signature included, whatever the script."""

PART = 67
"""UTF-16 units of each part of a longer one."""


def render(template: Template, values: Mapping[str, str]) -> str:
    """The text. Values the template does not use are left aside; nothing in a value is read as template language.

    Raises `TemplateError`, which names no value, where one is missing, empty, not text or unfit, or where the text grows over the template's limit.
    """
    try:
        given = tuple([values[gate.name] for gate in template.gates])
        for gate, value in zip(template.gates, given, strict=True):
            if not (gate.shortest <= len(value) <= gate.longest and gate.plain(value)):
                given = tuple([_mended(template, gate, value) for gate, value in zip(template.gates, given, strict=True)])
                break
    except KeyError as missing:
        raise _refusal(template, f"no value for {missing.args[0]!r}") from None
    except TypeError:
        raise _refusal(template, "a value that is not text") from None
    text = template.write(given)
    if len(text) > template.longest:
        raise _refusal(template, f"a text of {len(text)} characters, more than {template.longest}")
    return text


def render_many(template: Template, values: Iterable[Mapping[str, str]]) -> list[str]:
    """The texts of one template for many people, in order."""
    return [render(template, given) for given in values]


def units(text: str) -> int:
    """Length as carriers count it: UTF-16 units, so that an emoji counts two (never fewer than any vendor bills)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str) -> int:
    """Segments billed in the mainland: up to 70 units one, above that one for each 67 begun."""
    length = units(text)
    return 1 if length <= ONE_SEGMENT else -(-length // PART)


def _mended(template: Template, gate: Gate, value: str) -> str:
    try:
        mended = gate.mend(value, gate.longest)
    except UnfitValueError as error:
        raise _refusal(template, f"value {gate.name!r} {error}") from None
    if len(mended) < gate.shortest:
        raise _refusal(template, f"value {gate.name!r} is empty")
    return mended


def _refusal(template: Template, what: str) -> TemplateError:
    return TemplateError(f"{template.name}.j2", 0, what, f"Give {', '.join(gate.name for gate in template.gates)} as the front matter says")
