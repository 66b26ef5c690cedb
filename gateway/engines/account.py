"""The account an engine runs as: ours, or, where we are root, an unprivileged one, since PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.engines.errors import Unreachable

UNPRIVILEGED = ("postgres", "nobody")
"""Accounts a root process may hand an engine to, best first. The database folder is mode 0700 either way."""


@dataclass(frozen=True, slots=True)
class Account:
    """Runs programs and owns folders as `uid`. `switch` is true where that is not the account we run as ourselves."""

    uid: int
    gid: int
    name: str
    switch: bool

    def run(self, *command: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a program to its end with `text` on its standard input; the caller looks at the return code."""
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, **self._identity())

    def launch(self, command: Sequence[str | Path], log: Path) -> int:
        """Starts a server that outlives us and gives its pid. A shell in between makes it no child of ours: whoever adopts it reaps it."""
        script = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'
        shell = ["/bin/sh", "-c", script, "sh", str(log), *map(str, command)]
        started = subprocess.run(shell, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, **self._identity())
        return int(started.stdout)

    def write(self, path: Path, text: str) -> None:
        """Writes a file as this account, so that root never follows a link that the account put there."""
        done = self.run("/bin/sh", "-c", 'cat >"$1"', "sh", path, text=text)
        if done.returncode != 0:
            raise Unreachable(f"Cannot write {path}: {done.stderr.strip()}")

    def enters(self, path: Path) -> bool:
        """Whether this account can enter a folder or run a program there, all parent folders included."""
        return self.run("/bin/sh", "-c", 'test -x "$1"', "sh", path).returncode == 0

    def make_folder(self, path: Path) -> None:
        """A folder of mode 0700 that belongs to this account. Raises Unreachable where it is there and does not."""
        path.mkdir(mode=0o700, exist_ok=True)
        if self.switch and path.lstat().st_uid == os.geteuid():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if not self.owns(path):
            raise Unreachable(
                f"{path} must be a folder that belongs to {self.name} alone (mode 0700): chown and chmod it, or name another data_dir."
            )

    def owns(self, path: Path) -> bool:
        """Whether `path` is a folder of this account that nobody else may enter, and not a link to one."""
        found = path.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == self.uid and not found.st_mode & 0o077

    def _identity(self) -> dict[str, Any]:
        here: dict[str, Any] = {"cwd": "/", "umask": 0o077, "start_new_session": True, "env": {**os.environ, "LC_ALL": "C"}}
        return here | ({"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {})


def ourselves() -> Account:
    """The account we run as."""
    return Account(os.geteuid(), os.getegid(), _name_of(os.geteuid()), switch=False)


def unprivileged(folder: Path) -> Account:
    """Ourselves, or for root the owner of `folder` where it is there already, else the first of `UNPRIVILEGED`."""
    if os.geteuid() != 0:
        return ourselves()
    owner = folder.stat().st_uid if folder.exists() else 0
    if owner:
        return Account(owner, folder.stat().st_gid, _name_of(owner), switch=True)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    raise Unreachable(
        "PostgreSQL refuses to run as root and this machine has neither the account postgres nor nobody: run Tixing as an ordinary user."
    )


def shared_copy(source: Path, target: Path) -> None:
    """Copies a tree of programs to where every account may read it; the rename makes it appear whole or not at all."""
    part = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copytree(source, part, symlinks=True, dirs_exist_ok=True)
    for path in (part, *part.rglob("*")):  # installed under a strict umask, they are their owner's alone
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
    try:
        part.rename(target)
    except OSError:
        shutil.rmtree(part)  # another process was first


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
