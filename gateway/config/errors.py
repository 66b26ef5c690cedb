"""What goes wrong with a configuration."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class ConfigError(Exception):
    """The configuration cannot be used. `problems`: every one found, each beginning with its key; none shows a secret."""

    def __init__(self, problems: list[str], file: Path) -> None:
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))
        self.problems = problems


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)` where a known word is near, else nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""
