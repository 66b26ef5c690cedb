"""Template body → checked syntax tree → one function. A template never runs code (DESIGN, invariant 10).

Only the constructs listed here are let in: text, `{{ name }}`, `{% if %}` over names. Without calls, loops, attributes and arithmetic there is nothing
that could run long or reach anything, and the longest text is known before the first render. Jinja's sandbox stands behind that list.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.render.errors import TemplateError

Writer: TypeAlias = Callable[[tuple[str, ...]], str]
"""Takes the values in the order of the template's names, gives the text."""

FILTERS = frozenset({"trim"})
"""Filters that neither loop nor make a text longer (`upper` does: ß)."""

DEEPEST = 20
"""Nesting of expressions and branches; a text that says it simply has three."""

LONGEST_CONSTANT = 40

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name,
    nodes.If, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Const, nodes.Filter,
)  # fmt: skip

_INSTEAD = "Use text, {{ name }} and {% if name == 'word' %} only"


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, loader=None)
    made.globals.clear()
    made.tests.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


_ENVIRONMENT = _environment()


def parse(file: str, body: str, lines_before: int) -> nodes.Template:
    """The checked tree of a template's body, which starts after `lines_before` lines of its file. Raises `TemplateError`."""
    try:
        tree = _ENVIRONMENT.parse(body)
    except TemplateSyntaxError as error:
        raise TemplateError(file, lines_before + error.lineno, error.message or "not a template", _INSTEAD) from None
    except (RecursionError, ValueError, MemoryError):
        # Thousands of brackets, a number of thousands of digits: refused by Python before jinja can say where.
        raise TemplateError(file, lines_before + 1, "an expression too deep or too large to read", _INSTEAD) from None
    for node, depth in _every_node(tree):
        _check(file, node, depth, lines_before)
    return tree


def used(tree: nodes.Template) -> dict[str, int]:
    """Names that the body uses → the line of the body that uses it first. Nothing can be assigned, so all of them are values."""
    lines: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        lines.setdefault(name.name, name.lineno)
    return lines


def optional(tree: nodes.Template) -> frozenset[str]:
    """Names that some `{% if %}` asks about: these may be empty."""
    return frozenset(
        name.name
        for branch in tree.find_all(nodes.If)
        for name in (branch.test, *branch.test.find_all(nodes.Name))
        if isinstance(name, nodes.Name)
    )


def pieces(tree: nodes.Template) -> Iterator[nodes.TemplateData | nodes.Expr]:
    """What the body writes, in order, all branches of an `{% if %}` included: its length is never more than the sum of these."""
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            assert isinstance(part, nodes.TemplateData | nodes.Expr)
            yield part


def compile_writer(tree: nodes.Template, names: tuple[str, ...]) -> Writer:
    """One function for the whole template, made once. Plain substitution, which nearly all texts are, needs no jinja to run."""
    if all(
        isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData | nodes.Name) for part in node.nodes)
        for node in tree.body
    ):
        return _substitution(tree, names)
    write = _ENVIRONMENT.from_string(tree).render
    return lambda given: write(zip(names, given, strict=True))


def _substitution(tree: nodes.Template, names: tuple[str, ...]) -> Writer:
    position = {name: f"{{{index}}}" for index, name in enumerate(names)}
    parts = [
        position[part.name] if isinstance(part, nodes.Name) else part.data.replace("{", "{{").replace("}", "}}")
        for part in pieces(tree)
        if isinstance(part, nodes.Name | nodes.TemplateData)
    ]
    fill = "".join(parts).format
    return lambda given: fill(*given)


def _every_node(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    waiting = [(tree, 0)]
    while waiting:  # not recursive: the depth of a hostile template must not be ours
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _check(file: str, node: nodes.Node, depth: int, lines_before: int) -> None:
    what = _fault(node)
    if depth > DEEPEST:
        what = f"nested more than {DEEPEST} deep"
    if what is not None:
        raise TemplateError(file, lines_before + (node.lineno or 1), what, _INSTEAD)


def _fault(node: nodes.Node) -> str | None:
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__.lower()} is not allowed in a text"
    if isinstance(node, nodes.Const) and not (isinstance(node.value, str) and len(node.value) <= LONGEST_CONSTANT):
        return f"only words of up to {LONGEST_CONSTANT} characters can be constants"
    if isinstance(node, nodes.Operand) and node.op not in {"eq", "ne"}:
        return "values compare by == and != only"
    if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return f"filter {node.name!r} is not one of {', '.join(sorted(FILTERS))}"
    return None
