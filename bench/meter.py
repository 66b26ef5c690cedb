"""What a run costs: CPU seconds and memory by group of processes, read from /proc."""

import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SAMPLE_S = 0.25
KIB_PER_MIB = 1024
OTHERS = "others"
"""What the machine spent on neither: the kernel's own work, the harness, and whoever else was busy; high where the figures were disturbed."""


@dataclass(frozen=True, slots=True)
class Stat:
    """Of /proc/PID/stat: the parent, and CPU seconds of the process and of the children it has waited for."""

    parent: int
    own_s: float
    children_s: float


def stat(pid: int) -> Stat | None:
    """None where the process is gone."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    user, system, child_user, child_system = (int(ticks) * TICK_S for ticks in fields[11:15])
    return Stat(int(fields[1]), user + system, child_user + child_system)


def command(pid: int) -> str:
    """The command line of a process; empty where it is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def all_pids() -> list[int]:
    """Every process of this machine that we may see."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def family(roots: Iterable[int]) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid in all_pids():
        if (found := stat(pid)) is not None:
            children[found.parent].append(pid)
    seen: set[int] = set()
    queue = list(roots)
    while queue:
        pid = queue.pop()
        if pid not in seen:
            seen.add(pid)
            queue += children[pid]
    return seen


def cpu_s(root: int) -> float:
    """CPU seconds of a process, of its living descendants and of the dead ones it has waited for."""
    found = [entry for pid in family([root]) if (entry := stat(pid)) is not None]
    return sum(entry.own_s + entry.children_s for entry in found)


def busy_s() -> float:
    """CPU seconds this machine has spent on anything but idling and waiting."""
    ticks = [int(field) for field in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _wait, irq, soft_irq, steal = ticks
    return (user + nice + system + irq + soft_irq + steal) * TICK_S


def memory_mib(pids: Iterable[int]) -> tuple[float, float]:
    """(PSS, RSS) in MiB: shared pages counted in parts, and in full for each."""
    pss = rss = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    pss += int(line.split()[1])
                elif line.startswith("Rss:"):
                    rss += int(line.split()[1])
    return pss / KIB_PER_MIB, rss / KIB_PER_MIB


@dataclass(slots=True)
class Cost:
    """What a run took. CPU in seconds by group, memory peaks in MiB of the gateway's own processes."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    pss_mib: float = 0
    rss_mib: float = 0


class Meter:
    """Samples memory in a thread while it is open, and takes CPU as the difference between both ends."""

    def __init__(self, groups: Mapping[str, Iterable[int]], gateway: Iterable[int]) -> None:
        self._groups = {name: list(pids) for name, pids in groups.items()}
        self._gateway = list(gateway)
        self._before: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.cost = Cost()

    def __enter__(self) -> Self:
        self._before = self._read()
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()
        after = self._read()
        self.cost.cpu_s = {name: after[name] - self._before[name] for name in self._groups}
        self.cost.cpu_s[OTHERS] = max(0.0, after[OTHERS] - self._before[OTHERS] - sum(self.cost.cpu_s.values()))
        self._remember()

    def _read(self) -> dict[str, float]:
        return {name: sum(cpu_s(pid) for pid in pids) for name, pids in self._groups.items()} | {OTHERS: busy_s()}

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self._remember()

    def _remember(self) -> None:
        pss, rss = memory_mib(self._gateway)
        self.cost.pss_mib, self.cost.rss_mib = max(self.cost.pss_mib, pss), max(self.cost.rss_mib, rss)
