"""How fast this disk takes small durable writes: without it no figure about commits means anything."""

import os
import time
from pathlib import Path

PAGE = b"\0" * 8192
"""What PostgreSQL writes to its log at the least."""


def fdatasync_per_s(folder: Path, seconds: float = 1.0) -> float:
    """Writes of one page, each followed by fdatasync, a second; over a file that keeps its size, as a WAL segment does."""
    path = folder / "fdatasync.probe"
    path.write_bytes(PAGE * 16)
    done = 0
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.fsync(descriptor)
        start = time.monotonic()
        while (spent := time.monotonic() - start) < seconds:
            os.pwrite(descriptor, PAGE, done % 16 * len(PAGE))
            os.fdatasync(descriptor)
            done += 1
    finally:
        os.close(descriptor)
        path.unlink()
    return done / spent
