"""Where an engine's unix socket lies: in its own folder, or, where that path is too long for a socket, in the system's temporary one."""

import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from gateway.engines.account import Account

LONGEST_FOLDER = 85
"""Bytes: 104 hold a socket's whole address on the strictest system, and `/.s.PGSQL.5432` wants 15."""


def socket_folder(wanted: Path, record: Path, account: Account) -> Path:
    """The folder, made where it is missing. A fallback's path is kept in `record`, so that others find it; call under the engine's lock."""
    if len(bytes(wanted)) <= LONGEST_FOLDER:
        account.make_folder(wanted)
        return wanted
    with suppress(FileNotFoundError):
        if account.owns(kept := Path(record.read_text())):
            return kept
    made = Path(tempfile.mkdtemp(prefix="tixing-"))
    account.make_folder(made)
    record.write_text(str(made))
    return made


def recorded_folder(wanted: Path, record: Path) -> Path:
    """The folder as one who joins finds it."""
    if len(bytes(wanted)) <= LONGEST_FOLDER or not record.exists():
        return wanted
    return Path(record.read_text())


def listens(path: Path) -> bool:
    """Whether a server takes connections at this socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def forget_folder(record: Path) -> None:
    """Removes a fallback folder of a server that has stopped."""
    if record.exists():
        shutil.rmtree(record.read_text(), ignore_errors=True)
        record.unlink()
