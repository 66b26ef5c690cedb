"""The key file on disk: made once, rotated by adding a line, never seen half written. Mode 0600."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from gateway.security import masterkeys
from gateway.security.errors import KeyringError

NAME = "keys"
"""Name of the file in DATA_DIR: beside the folder of the database, so that a copy of the one is no copy of the other."""
HEADER = "# Master keys of this gateway. Without them nothing personal in its store can be read: back them up, apart from the store.\n"


def of(data_dir: Path) -> Path:
    """The key file of a data folder."""
    return data_dir / NAME


def make(file: Path) -> None:
    """Makes the file with a first key unless it is there; of several processes at once one makes it. Raises KeyringError."""
    if file.exists():
        return
    _refuse_beside_a_database(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{token_hex(4)}")
    with _reported(file):
        try:
            _write(temporary, HEADER + masterkeys.line(masterkeys.ROOT_ID))
            os.link(temporary, file)  # fails where the file is there already, unlike a rename
        except FileExistsError:
            pass
        finally:
            temporary.unlink(missing_ok=True)
        _sync(file.parent)


def rotate(file: Path) -> int:
    """Adds a new key, active from now on; old ones stay. Gives its id. Raises KeyringError."""
    key_id = max(masterkeys.read(file)) + 1
    if key_id > masterkeys.LAST_ID:
        raise KeyringError(f"key {masterkeys.LAST_ID} was the last: a sealed value names its key in one byte")
    temporary = file.with_name(f".{file.name}.rotation")
    with _reported(file):
        try:
            _write(temporary, file.read_text(encoding="ascii").rstrip("\n") + "\n" + masterkeys.line(key_id), like=file)
        except FileExistsError as error:
            raise KeyringError(f"another rotation is under way; if none is, remove {temporary}") from error
        temporary.replace(file)
        _sync(file.parent)
    return key_id


def _refuse_beside_a_database(file: Path) -> None:
    found = next((path for depth in ("*", "*/*") for path in file.parent.glob(f"{depth}/PG_VERSION")), None)
    if found:
        raise KeyringError(
            f"{file} is missing, but {found.parent} holds a database that was written with it: put the file back from your copy"
        )


def _write(path: Path, text: str, like: Path | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        if like:
            owner = like.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)  # root may rotate for a gateway that runs as somebody else
        out.write(text)
        out.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _reported(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KeyringError(f"cannot write {file}: {error.strerror}") from error
