"""What a template must keep to before anybody is told anything by it. Versions of old messages need not: they only have to stay readable."""

from jinja2 import nodes

from gateway.render import sandbox
from gateway.render.errors import TemplateError
from gateway.render.select import REQUESTED_PREFIX, Addressee, compose, every_name
from gateway.render.template import LONGEST_TEXT, Reading
from gateway.render.values import FOR_REQUESTED, OFFERED
from gateway.words import Kind

SIGNATURE = "【{{ signature }}】"

_CALENDAR_TEXTS = frozenset(every_name())

_RESERVED = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs", "true", "false", "none"})
"""Words that mean something to jinja."""


def check(reading: Reading) -> None:
    """Raises `TemplateError` for the first rule that the template breaks."""
    _check_channel(reading)
    _check_name(reading)
    _check_parameters(reading)
    _check_form(reading)
    _check_length(reading)


def _check_channel(reading: Reading) -> None:
    if reading.front.channel not in LONGEST_TEXT:
        raise TemplateError(
            reading.file, 1, f"no texts are written for channel {reading.front.channel!r}", f"Write for {' or '.join(LONGEST_TEXT)}"
        )


def _check_name(reading: Reading) -> None:
    front, todo = reading.front, "Make file name and front matter say the same"
    if front.kind is Kind.REQUESTED:
        prefix = f"{front.channel}/{REQUESTED_PREFIX}"
        if not reading.name.startswith(prefix) or (front.addressee, front.cause, front.variant) != (Addressee.ANY, "", ""):
            raise TemplateError(reading.file, 1, f"a requested notice is {prefix}…, to any, without cause and variant", todo)
        return
    described = compose(front.channel, front.kind, front.cause, front.addressee, front.variant)
    if reading.name != described:
        raise TemplateError(reading.file, 1, f"the front matter describes {described}", todo)
    if reading.name not in _CALENDAR_TEXTS:
        raise TemplateError(reading.file, 1, "no notice ever asks for this text", "docs/templates.md lists the names")


def _check_parameters(reading: Reading) -> None:
    requested, used = reading.front.kind is Kind.REQUESTED, sandbox.used(reading.tree)
    offered = FOR_REQUESTED if requested else OFFERED.keys()
    todo = f"Values are {', '.join(sorted(offered))}{' and your own' if requested else ''}"
    for name, longest in reading.front.parameters.items():
        if name not in used:
            raise TemplateError(reading.file, 1, f"parameter {name!r} is declared but not used", "Delete it")
        if name in _RESERVED or (name not in offered and (name in OFFERED or not requested)):
            raise TemplateError(reading.file, 1, f"nobody offers a value {name!r} here", todo)
        if longest > OFFERED.get(name, longest):
            raise TemplateError(reading.file, 1, f"value {name!r} has at most {OFFERED[name]} characters", "Declare no more than that")


def _check_form(reading: Reading) -> None:
    if reading.front.channel != "sms":
        return
    if not reading.body.startswith(SIGNATURE):
        raise TemplateError(
            reading.file, reading.lines_before + 1, "an sms that does not begin with its signature", f"Begin it with {SIGNATURE}"
        )
    for part in sandbox.pieces(reading.tree):
        if isinstance(part, nodes.TemplateData) and "\n" in part.data:
            raise TemplateError(reading.file, reading.lines_before + part.lineno, "an sms of several lines", "Write it in one line")


def _check_length(reading: Reading) -> None:
    parameters, limit = reading.front.parameters, LONGEST_TEXT[reading.front.channel]
    length = sum(_longest(part, parameters) for part in sandbox.pieces(reading.tree))
    if length > limit:
        what = f"its longest text has {length} characters, {reading.front.channel} takes {limit}"
        raise TemplateError(reading.file, 0, what, "Shorten the text or the parameters")


def _longest(part: nodes.TemplateData | nodes.Expr, parameters: dict[str, int]) -> int:
    if isinstance(part, nodes.TemplateData):
        return len(part.data)
    names = [part.name] if isinstance(part, nodes.Name) else [name.name for name in part.find_all(nodes.Name)]
    return max((parameters[name] for name in names), default=sandbox.LONGEST_CONSTANT)
