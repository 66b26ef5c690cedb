"""A private PostgreSQL on a unix socket in a folder of mode 0700, run by an unprivileged account where we are root."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import structlog

from gateway.engines import binaries, cluster
from gateway.engines.account import Account, ourselves, unprivileged
from gateway.engines.errors import StartFailed, Unreachable, reason_in_log
from gateway.engines.process import alive, command_of, wait_until
from gateway.engines.sockets import forget_folder, listens, recorded_folder, socket_folder

RECOVERY_S = 600.0
"""A server that was killed under load replays up to max_wal_size (4 GB) before it takes connections."""
STOP_S = 120.0
LINGER_S = 30.0
"""How long the processes of a killed server may hold its shared memory before we give up starting anew."""
PORT = 5432
LOG_KEEP_BYTES = 20_000_000

log = structlog.get_logger(__name__)


class PostgresServer:
    """The PostgreSQL of one data folder. Start and stop it under the lock of its name (see host)."""

    name = "postgres"

    def __init__(self, data_dir: Path, refuge: Path = binaries.REFUGE) -> None:
        self._data_dir = data_dir
        self._link = data_dir / "postgres"
        self._secret = data_dir / "engines" / "postgres.password"
        self._record = data_dir / "engines" / "postgres.socket-folder"
        self._refuge = refuge

    @property
    def home(self) -> Path:
        """Its folder: `postgres` in the data folder, or where a link of that name leads (see `_make_home`)."""
        return self._link.resolve()

    @property
    def data(self) -> Path:
        """The database folder."""
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        """The folder of its unix socket."""
        return recorded_folder(self.home / "run", self._record)

    @property
    def dsn(self) -> str:
        """What asyncpg connects to, password included: never log it."""
        secret, _ = cluster.password(self._secret)
        return f"postgresql://{cluster.ROLE}:{secret}@/{cluster.ROLE}?host={quote(str(self.sockets))}&port={PORT}"

    def up(self) -> bool:
        """Whether it takes connections: recovered and listening."""
        return self._pid_file()[7:] == ["ready"] and listens(self.sockets / f".s.PGSQL.{PORT}")

    def pid(self) -> int | None:
        """Its first process, None where it is stopped."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def start(self) -> bool:
        """Starts it, making the database the first time; returns when it takes connections: False where it did already.

        Raises MissingBinary, Unreachable, StartFailed.
        """
        if self.up():
            if self._secret.exists():
                return False
            self.stop()  # its password was thrown away: a new one can only be set while it is down
        account = unprivileged(self._link)
        self._make_home(account)
        program = binaries.postgres(binaries.installed_postgres(), cluster.made_by(self.data))
        program = binaries.reachable(program, account, self._refuge)
        if self._outwaited():
            return False
        self._prepare(account, program)
        self._launch(account, program)
        return True

    def stop(self) -> None:
        """Stops it: sessions are ended, open transactions rolled back, a checkpoint written. Returns when it is gone."""
        pid = self.pid()
        if pid is None or not self._is_ours(pid):
            return
        for signal, patience_s in (("INT", STOP_S), ("QUIT", STOP_S)):  # fast, then immediate
            unprivileged(self._link).run("/bin/sh", "-c", f'kill -{signal} "$1"', "sh", str(pid))
            if wait_until(lambda: not alive(pid), patience_s):
                break
        forget_folder(self._record)

    def _make_home(self, account: Account) -> None:
        """Makes the folder where the account can reach it. A data folder of root's is opened for passing through; where a folder above it
        is closed too (a checkout under /root), the database goes to the refuge and a link in the data folder leads there.
        """
        if self._link.is_symlink() and not self._link.exists():
            raise Unreachable(
                f"{self._link} leads to {self.home}, which is gone: bring it back, or remove the link to begin with an empty database."
            )
        if not self._link.exists():
            mode = self._data_dir.stat().st_mode & 0o7777
            if not account.enters(self._data_dir) and self._data_dir.stat().st_uid == ourselves().uid:
                self._data_dir.chmod(mode | 0o001)
            if not account.enters(self._data_dir):
                self._data_dir.chmod(mode)
                self._link.symlink_to(self._take_refuge())
        account.make_folder(self.home)
        if not account.enters(self.home):
            raise Unreachable(f"The account {account.name}, which runs PostgreSQL, may not enter {self.home}: open the folders above it.")

    def _take_refuge(self) -> Path:
        binaries.open_folder(self._refuge)
        made = Path(tempfile.mkdtemp(prefix="postgres-", dir=self._refuge))
        log.warning("database placed outside the data folder, which only root may enter", data_dir=str(self._data_dir), placed=str(made))
        return made

    def _outwaited(self) -> bool:
        """Waits for a server of ours that comes or goes; removes the lock files of one that is gone. True when it came up.

        PostgreSQL itself stops at a lock file whose number a stranger got since, or a zombie holds, as happens in containers. What keeps
        two servers apart is our lock and the shared memory of the folder, which are not touched.
        """
        pid = self.pid()
        if pid is not None and alive(pid) and self._is_ours(pid):
            wait_until(lambda: self.up() or not alive(pid), RECOVERY_S)
        if self.up():
            return True
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        return False

    def _prepare(self, account: Account, program: binaries.Postgres) -> None:
        secret, is_new = cluster.password(self._secret)
        if not self.data.exists():
            cluster.create(account, program, self.data, secret)
        elif is_new:
            cluster.ask(account, program, self.data, f"alter role {cluster.ROLE} password '{secret}'")
        cluster.configure(account, program, self.data, socket_folder(self.home / "run", self._record, account))

    def _launch(self, account: Account, program: binaries.Postgres) -> None:
        file = self.home / "server.log"
        if file.exists() and file.stat().st_size > LOG_KEEP_BYTES:
            file.rename(file.with_suffix(".log.1"))
        deadline = time.monotonic() + LINGER_S
        while True:
            pid = account.launch([program.bin / "postgres", "-D", self.data], file)
            wait_until(lambda pid=pid: self.up() or not alive(pid), RECOVERY_S)  # type: ignore[misc]
            if self.up():
                return
            said = reason_in_log(file)
            if "still in use" not in said or time.monotonic() > deadline:
                raise StartFailed(f"PostgreSQL did not start: {said} (more in {file})")
            time.sleep(0.1)

    def _is_ours(self, pid: int) -> bool:
        command = command_of(pid)
        return str(self.data) in command or (not command and alive(pid))

    def _pid_file(self) -> list[str]:
        """Lines of postmaster.pid, stripped: the first is the pid, the eighth the state."""
        with suppress(OSError):
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        return []
