"""A test run ends: what hangs is ended in its time, and what failed until then can be read."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
RUN = [sys.executable, "-m", "pytest", "-p", "tests.hanging", "-p", "no:cacheprovider"]

FAILS_EARLIER = """
def test_something_before():
    assert 6 * 7 == 43
"""
TEARDOWN = """
import time, pytest

@pytest.fixture
def hangs():
    yield
    print("now it hangs")
    time.sleep(100)

def test_a_thing(hangs):
    assert "what was wanted" == "what was found"
"""
HANGS = """
import threading

def test_it_never_ends():
    threading.Event().wait()
"""
LEFT_OPEN = """
import asyncio, uvloop

def test_a_thing():
    async def fails():
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        left.append(await asyncio.open_connection(*server.sockets[0].getsockname()))
        raise ValueError("what went wrong")
    left = []
    uvloop.run(fails())
"""


def run(folder: Path, *written: str, timeout_s: int = 3) -> str:
    """What pytest says of these files."""
    for n, text in enumerate(written):
        (folder / f"test_{n}.py").write_text(text)
    command = [*RUN, "--rootdir", str(folder), "-c", str(HERE / "pyproject.toml"), "-o", f"timeout={timeout_s}", str(folder)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stdout + done.stderr


def test_what_failed_can_be_read_though_a_later_test_hangs(tmp_path: Path) -> None:
    said = run(tmp_path, FAILS_EARLIER, HANGS)
    assert "assert (6 * 7) == 43" in said
    assert "Timeout" in said


def test_a_teardown_that_hangs_after_a_failure_is_ended_and_says_where_and_what_failed(tmp_path: Path) -> None:
    said = run(tmp_path, TEARDOWN)
    assert "assert 'what was wanted' == 'what was found'" in said
    assert "now it hangs" in said
    assert "in hangs\n    time.sleep(100)" in said


def test_a_test_that_fails_and_leaves_a_connection_open_under_uvloop_ends_by_itself(tmp_path: Path) -> None:
    said = run(tmp_path, LEFT_OPEN, timeout_s=30)
    assert "ValueError: what went wrong" in said
    assert "1 failed" in said
