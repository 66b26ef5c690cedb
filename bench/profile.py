"""Where the time goes: py-spy on the API and the workers, if it is installed."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import Child

FOLDER = Path(__file__).parent / "results" / "profiles"


@contextmanager
def profiled(children: Mapping[str, Child], seconds: int, name: str) -> Iterator[None]:
    """Records while it is open, at most `seconds`, into `bench/results/profiles/NAME-ROLE.svg`. Does nothing without py-spy."""
    program = shutil.which("py-spy")
    if not (seconds and program):
        yield
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    spies = [_spy(program, child, seconds, FOLDER / f"{name}-{role}.svg") for role, child in children.items() if role != "scheduler"]
    try:
        yield
    finally:
        for spy in spies:
            spy.process.wait(seconds + 30)


def _spy(program: str, child: Child, seconds: int, output: Path) -> Child:
    argv = [program, "record", "--nonblocking", "--duration", str(seconds), "--output", str(output), "--pid", str(child.pid)]
    return Child("py-spy", argv, output.with_suffix(".log"), cwd=output.parent)
