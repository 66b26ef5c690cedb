"""Processes of a harness: metered, told from others, and ended."""

import sys
import time
from pathlib import Path

import pytest

from bench.disk import fdatasync_per_s
from bench.meter import OTHERS, Meter, cpu_s, family, memory_mib
from bench.processes import Child, HarnessError, wait_until

BURN = "import time\nend=time.process_time()+0.4\nwhile time.process_time()<end: pass\nprint('{}', flush=True)\ninput()"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('{}', flush=True)\ntime.sleep(60)"


def child(folder: Path, script: str) -> Child:
    return Child("script", [sys.executable, "-c", script], folder / "log", cwd=folder, talks=True)


def test_cpu_and_memory_are_counted_by_group(tmp_path: Path) -> None:
    burning = child(tmp_path, BURN)
    try:
        with Meter({"burner": [burning.pid], "nobody": []}, [burning.pid]) as meter:
            burning.hear()
        assert 0.3 < meter.cost.cpu_s["burner"] < 1.5
        assert meter.cost.cpu_s["nobody"] == 0
        assert meter.cost.cpu_s[OTHERS] >= 0
        assert 1 < meter.cost.pss_mib <= meter.cost.rss_mib
    finally:
        burning.kill()


def test_the_cpu_of_children_that_ended_is_counted(tmp_path: Path) -> None:
    parent = child(tmp_path, f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}], input=b'\\n')\ninput()")
    try:
        parent.hear()
        wait_until("its child is gone", lambda: family([parent.pid]) == {parent.pid}, within_s=10)
        assert cpu_s(parent.pid) > 0.35
    finally:
        parent.kill()


def test_a_process_that_is_gone_costs_nothing() -> None:
    assert memory_mib([2**22 + 1]) == (0, 0)
    assert cpu_s(2**22 + 1) == 0


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = child(tmp_path, STUBBORN)
    stubborn.hear()
    assert stubborn.stop(within_s=0.2) == -9
    assert not stubborn.alive


def test_waiting_ends_with_the_log_of_a_child_that_died(tmp_path: Path) -> None:
    dying = child(tmp_path, "import sys; sys.exit('no such key: servr')")
    start = time.monotonic()
    with pytest.raises(HarnessError, match="no such key: servr"):
        wait_until("ready", lambda: False, within_s=30, child=dying)
    assert time.monotonic() - start < 10
    dying.kill()


def test_waiting_is_bounded() -> None:
    with pytest.raises(HarnessError, match=r"not within 0\.1 s: the moon"):
        wait_until("the moon", lambda: False, within_s=0.1)


def test_the_disk_is_asked_for_durable_writes(tmp_path: Path) -> None:
    assert fdatasync_per_s(tmp_path, seconds=0.05) > 1
    assert list(tmp_path.iterdir()) == []
