"""Imports run scheduler → gateway → providers, stages never import each other, and no module imports itself by a detour.

Read from the syntax tree, so that an import inside a function or under TYPE_CHECKING counts as one at the top does.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("gateway", "providers", "scheduler")
STAGES = frozenset({"intake", "plan", "render", "dispatch", "receipt", "quality"})
BELOW_STAGES = frozenset({"config", "engines", "evidence", "numbers", "regions", "security", "store"})
COMPOSITION_ROOT = "gateway.__main__"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for top in OURS for path in sorted((ROOT / top).rglob("*.py"))}


def imported(module: str, path: Path) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        yield from names_in(node, package)


def names_in(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        origin = ".".join([*up, *([node.module] if node.module else [])])
        for alias in node.names:
            yield f"{origin}.{alias.name}"  # may be a module or a name in one: resolve() tells
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and isinstance(node.args[0], ast.Constant):
        yield str(node.args[0].value)


def resolve(name: str) -> str | None:
    """The module of ours that an imported name means or lies in."""
    while name:
        if name in modules():
            return name
        name = name.rpartition(".")[0]
    return None


@cache
def graph() -> dict[str, frozenset[str]]:
    return {
        module: frozenset(found for name in imported(module, path) if (found := resolve(name)) and found != module)
        for module, path in modules().items()
    }


def room(module: str) -> str:
    """The part below the top: `dispatch` for gateway.dispatch.claim, `acme` for providers.acme and providers.acme.codes alike."""
    return [*module.split("."), ""][1]


def forbidden(module: str, target: str) -> str | None:
    """Why this import must not be, None where it may."""
    top, aim = module.partition(".")[0], target.partition(".")[0]
    allowed = target == "providers" or (target + ".").startswith("providers.base.") or room(module) == room(target)
    if top == "providers" and module != "providers.registry" and not allowed:
        return "a provider imports nothing of ours but providers.base and its own files"
    if top == "providers" and aim != "providers":
        return "providers import nothing of ours but themselves"
    if top == "gateway" and aim == "scheduler" and module != COMPOSITION_ROOT:
        return f"gateway never imports scheduler; only {COMPOSITION_ROOT} joins them"
    if top == aim == "gateway" and room(module) in STAGES and room(target) in STAGES - {room(module)}:
        return "no stage imports another: they meet in the store"
    if top == aim == "gateway" and room(module) in BELOW_STAGES and room(target) in STAGES | {"api", "cli"}:
        return "what stages stand on does not import them"
    return None


def test_imports_run_in_one_direction() -> None:
    wrong = [
        f"{module} → {target}: {why}" for module, targets in graph().items() for target in targets if (why := forbidden(module, target))
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_no_module_imports_itself_by_a_detour() -> None:
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join([*trail[trail.index(module) :], module])
        if module in done:
            return
        for target in graph()[module]:
            walk(target, (*trail, module))
        done.add(module)

    for module in graph():
        walk(module, ())


@pytest.mark.parametrize(
    ("source", "package", "names"),
    [
        ("def f():\n    from gateway.plan import ladder", "gateway.dispatch", ["gateway.plan.ladder"]),
        ("from ..plan.ladder import next_rung", "gateway.dispatch", ["gateway.plan.ladder.next_rung"]),
        ("from . import claim", "gateway.dispatch", ["gateway.dispatch.claim"]),
        ("import importlib\nimportlib.import_module('scheduler.worker')", "gateway", ["importlib", "scheduler.worker"]),
        ("if TYPE_CHECKING:\n    import gateway.api", "providers", ["gateway.api"]),
    ],
)
def test_it_sees_an_import_wherever_it_stands(source: str, package: str, names: list[str]) -> None:
    assert [name for node in ast.walk(ast.parse(source)) for name in names_in(node, package)] == names


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("gateway.api.app", "scheduler.jobs"),
        ("gateway.dispatch.claim", "gateway.plan.ladder"),
        ("gateway.store.persons", "gateway.plan.ladder"),
        ("providers.http", "gateway.words"),
        ("providers.http", "providers.sandbox"),
        ("providers.acme.codes", "providers.other.codes"),
        ("providers.acme", "gateway.acme"),
        ("providers.base.link", "providers.registry"),
    ],
)
def test_it_knows_what_must_not_be(module: str, target: str) -> None:
    assert forbidden(module, target)


def test_a_vendors_own_files_may_import_each_other() -> None:
    assert forbidden("providers.acme.driver", "providers.acme.codes") is None
