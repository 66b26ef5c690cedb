"""A private redis-server on a unix socket. It keeps nothing: Redis carries no truth here."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from gateway.engines import binaries
from gateway.engines.account import ourselves
from gateway.engines.errors import StartFailed, reason_in_log
from gateway.engines.process import alive, command_of, wait_until
from gateway.engines.sockets import forget_folder, listens, recorded_folder, socket_folder

START_S = 10.0
STOP_S = 5.0


class RedisServer:
    """The Redis of one data folder. Start and stop it under the lock of its name (see host)."""

    name = "redis"

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "redis"
        self._record = data_dir / "engines" / "redis.socket-folder"
        self._account = ourselves()

    @property
    def socket(self) -> Path:
        """Its unix socket."""
        return recorded_folder(self.folder, self._record) / "redis.sock"

    @property
    def url(self) -> str:
        """What redis-py and arq connect to."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def up(self) -> bool:
        """Whether it takes connections and its process is known: it listens a moment before it writes its pid."""
        return self.pid() is not None and listens(self.socket)

    def pid(self) -> int | None:
        """Its process, None before the first start."""
        with suppress(OSError, ValueError):
            return int(self._pid_file.read_text())
        return None

    def start(self) -> bool:
        """Starts it; returns when it takes connections: False where it did already. Raises MissingBinary, StartFailed."""
        if self.up():
            return False
        program = binaries.redis()
        self._account.make_folder(self.folder)
        self._end_leftover()
        log = self.folder / "redis.log"
        log.unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)
        socket_folder(self.folder, self._record, self._account)
        pid = self._account.launch([program, *self._settings()], log)
        wait_until(lambda: self.up() or not alive(pid), START_S)
        if not self.up():
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
            raise StartFailed(f"redis-server did not start: {reason_in_log(log)}")
        return True

    def stop(self) -> None:
        """Stops it and returns when it is gone."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(STOP_S)
            line.connect(str(self.socket))
            line.sendall(b"SHUTDOWN NOSAVE\r\n")
            line.recv(1)
        wait_until(lambda: self._leftover() is None, STOP_S)
        self._end_leftover()
        forget_folder(self._record)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "redis.pid"

    def _settings(self) -> list[str]:
        return [
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder), "--pidfile", str(self._pid_file)),
        ]

    def _leftover(self) -> int | None:
        """A server of ours that still lives. Its title or command line names its socket, so that no stranger's process is meant."""
        pid = self.pid()
        return pid if pid is not None and alive(pid) and str(self.socket) in command_of(pid) else None

    def _end_leftover(self) -> None:
        """Kills a server of ours that does not answer: there is nothing in it to save."""
        pid = self._leftover()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not alive(pid), STOP_S)
