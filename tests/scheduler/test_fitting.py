"""The acting scheduler has the weights learned by a process of its own: when it is time, one at a time, ended with the scheduler."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.roles.supervise import PARENT
from scheduler import fitting
from scheduler.fitting import COMMAND, Fitting
from tests.pipeline.lived import lived, record
from tests.scheduler.test_scheduler import until

WRITES = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()} {os.getppid()}\\n'); "
SLEEPS, ENDS, FAILS = WRITES + "time.sleep(60)", WRITES, WRITES + "sys.exit(3)"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged."""
    heard: list[dict[str, Any]] = []

    def hear(_: object, event: str, **more: Any) -> None:
        heard.append({"event": event} | more)

    monkeypatch.setattr(fitting, "log", type("Log", (), {"info": hear, "warning": hear})())
    return heard


@pytest.fixture
async def store(store_dsn: str) -> AsyncIterator[Any]:
    """A store in which it is time to learn."""
    connection = await asyncpg.connect(store_dsn)
    await record(connection, lived("tune-bad-route", 200))
    yield connection
    await connection.close()


def job(script: str, notes: Path, every_days: float = 7) -> Fitting:
    return Fitting(every_days, (sys.executable, "-c", script, str(notes)))


def noted(notes: Path) -> list[list[int]]:
    return [[int(one) for one in line.split()] for line in notes.read_text().splitlines()] if notes.exists() else []


async def begun(notes: Path, times: int = 1) -> list[list[int]]:
    """Process ids (its own, its parent's) of those that were started, once there are so many."""
    await until(lambda: len(noted(notes)) >= times)
    return noted(notes)


async def ended(one: Fitting) -> None:
    await until(lambda: one._run is None)


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_it_starts_one_when_it_is_time_and_no_second_meanwhile(store: Any, tmp_path: Path) -> None:
    one, notes = job(SLEEPS, tmp_path / "notes"), tmp_path / "notes"
    await one(store)
    found = await begun(notes)
    assert found[0][1] == os.getpid()
    await one(store)
    await asyncio.sleep(0.2)
    assert len(await begun(notes)) == 1
    await one.stop()
    assert not alive(found[0][0]), "it ends with the scheduler"


async def test_one_that_went_well_is_told_and_followed_by_none_for_hours(
    store: Any, tmp_path: Path, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, notes = job(ENDS, tmp_path / "notes"), tmp_path / "notes"
    await one(store)
    await ended(one)
    assert [line["event"] for line in lines] == ["model_learned"]
    await one(store)
    assert one._run is None
    one._again = 0.0
    await one(store)
    await begun(notes, 2)
    await ended(one)


async def test_one_that_failed_is_told_with_its_code_and_tried_again_later(store: Any, tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    one = job(FAILS, tmp_path / "notes")
    await one(store)
    await ended(one)
    assert lines == [{"event": "model_not_learned", "code": 3}]
    await one(store)
    assert one._run is None


async def test_a_command_that_is_not_there_is_told(store: Any, lines: list[dict[str, Any]]) -> None:
    one = Fitting(7, ("/no/such/command",))
    await one(store)
    await ended(one)
    assert [line["error"] for line in lines] == ["FileNotFoundError"]


async def test_it_starts_none_before_its_time_with_little_new_or_where_it_is_switched_off(store: Any, tmp_path: Path) -> None:
    never, soon = job(ENDS, tmp_path / "notes", 0), job(ENDS, tmp_path / "notes", 4000)
    for one in (never, soon):
        await one(store)
        assert one._run is None
    await store.execute("delete from message where id > 1000")
    few = job(ENDS, tmp_path / "notes")
    await few(store)
    assert few._run is None


async def test_what_it_starts_is_the_command_that_people_type_and_ends_with_its_parent(store: Any, tmp_path: Path) -> None:
    assert COMMAND[1:] == ("-m", "gateway", "quality", "fit")
    script = "import os, sys; open(sys.argv[1], 'a').write(os.environ['TIXING_PARENT'] + ' ' + os.environ['OMP_NUM_THREADS'] + '\\n')"
    one, notes = job(script, tmp_path / "notes"), tmp_path / "notes"
    await one(store)
    assert await begun(notes) == [[os.getpid(), 1]]
    assert PARENT == "TIXING_PARENT"
    await ended(one)
