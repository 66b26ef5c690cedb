"""What rendering can refuse.

RenderError
├── TemplateError   one template: which file and line, what is wrong, what to do
├── CatalogError    a folder of templates that cannot be used: every TemplateError found in it
└── NoTextError     no text is written for that combination, or under that name

No message holds a value of a text: values are personal data.
"""

from collections.abc import Sequence


class RenderError(Exception):
    """Root of what rendering raises."""


class TemplateError(RenderError):
    """A template that cannot be used, or values that it cannot take. `line` counts from 1; 0: the file as a whole."""

    def __init__(self, file: str, line: int, what: str, todo: str) -> None:
        super().__init__(f"{file}:{line}: {what}. {todo}.")
        self.file = file
        self.line = line
        self.what = what
        self.todo = todo


class CatalogError(RenderError):
    """A folder with templates that cannot be used; `errors` has one entry for each of them."""

    def __init__(self, errors: Sequence[TemplateError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class NoTextError(RenderError):
    """No text for what was asked: the rules allow none (death is never told to the person), or no template has that name."""
