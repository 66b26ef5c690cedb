"""What the figures are taken on: the machine, the disk, the commit."""

import os
import platform
import subprocess
from pathlib import Path

from bench.disk import fdatasync_per_s
from bench.figures import Machine

PROC = Path("/proc")


def machine(folder: Path, settings: dict[str, str]) -> Machine:
    """Describes this machine and the disk under `folder`."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_field(PROC / "cpuinfo", "model name"),
        memory_mib=int(_field(PROC / "meminfo", "MemTotal").split()[0]) // 1024,
        kernel=platform.release(),
        python=platform.python_version(),
        fdatasync_per_s=fdatasync_per_s(folder),
        settings=settings,
    )


def commit_of(tree: Path) -> tuple[str, bool]:
    """(commit, whether tracked or new files differ from it); ("unknown", True) outside of a checkout."""
    head = _git(tree, "rev-parse", "HEAD")
    return (head or "unknown", not head or bool(_git(tree, "status", "--porcelain")))


def _git(tree: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=tree, capture_output=True, text=True, check=False)  # noqa: S607 - git is where PATH says
    return done.stdout.strip() if done.returncode == 0 else ""


def _field(path: Path, name: str) -> str:
    """The value of the first line `name : value`."""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "0 unknown")
