"""All templates of a process: the current ones, and every older version that a stored message was written with."""

from collections.abc import Iterator
from pathlib import Path

from gateway.render import rules, select
from gateway.render.errors import CatalogError, NoTextError, TemplateError
from gateway.render.lint import Problem, lint
from gateway.render.template import Template, compile_template, read, version_of

SHIPPED = Path(__file__).parents[2] / "templates"
"""The texts that come with Tixing: beside the packages, in a checkout as in an installation."""


class Catalog:
    """Templates by name, and by name and version. Compiles a version once."""

    def __init__(self) -> None:
        self._current: dict[str, Template] = {}
        self._versions: dict[tuple[str, str], Template] = {}

    @classmethod
    def from_folder(cls, folder: Path = SHIPPED) -> "Catalog":
        """Reads `folder/<channel>/*.j2`. Raises `CatalogError` with all that is wrong: half a catalog would leave people uninformed."""
        files = {f"{path.parent.name}/{path.stem}": path for path in sorted(folder.glob("*/*.j2"))}
        if not files:
            raise CatalogError(
                [TemplateError(str(folder), 0, "no templates in this folder", "Name the folder that holds sms/ and wechat/")]
            )
        catalog, errors = cls(), [_missing(name) for name in select.every_name() if name not in files]
        for name, path in files.items():
            try:
                catalog.add(name, _source(name, path), current=True)
            except TemplateError as error:
                errors.append(error)
        if errors:
            raise CatalogError(errors)
        return catalog

    def add(self, name: str, source: str, *, current: bool = False) -> Template:
        """Takes a version in, compiled once. Raises `TemplateError`.

        `current`: the one that new messages use, and so held to all rules; else only so that messages pinned to it can be rendered.
        """
        key = (name, version_of(source))
        template = self._versions.get(key)
        if template is None or current:
            reading = read(name, source)
            if current:
                rules.check(reading)
            template = template or compile_template(reading)
        self._versions[key] = template
        if current:
            self._current[name] = template
        return template

    def current(self, name: str) -> Template:
        """The version that new messages use. Raises `NoTextError`."""
        try:
            return self._current[name]
        except KeyError:
            raise NoTextError(f"no template is called {name!r}") from None

    def pinned(self, name: str, version: str) -> Template | None:
        """That version, or None where it was never read here: its source is in the store, and `add` takes it."""
        return self._versions.get((name, version))

    def requested(self, template: str, channel: str) -> Template | None:
        """The current text of a requested notice; None where no requested template has that name."""
        return self._current.get(select.requested(template, channel))

    def has(self, name: str) -> bool:
        """Whether new messages can use that name."""
        return name in self._current

    def lint(self) -> list[Problem]:
        """What a person should look at in the current templates."""
        return lint(self)

    def __iter__(self) -> Iterator[Template]:
        """The current templates, by name."""
        return (self._current[name] for name in sorted(self._current))


def _missing(name: str) -> TemplateError:
    return TemplateError(f"{name}.j2", 0, "missing", "Every notice needs its text")


def _source(name: str, path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise TemplateError(f"{name}.j2", error.object[: error.start].count(b"\n") + 1, "not UTF-8", "Save the file as UTF-8") from None
    except OSError as error:
        raise TemplateError(f"{name}.j2", 0, f"cannot be read: {error.strerror}", "Look at the file's permissions") from None
