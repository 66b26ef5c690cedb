"""What went wrong, as one sentence for whoever typed the command: what, where, what to do. None for a bug, which needs its traceback."""

import errno
from collections.abc import Callable

import asyncpg
from redis.exceptions import RedisError

from gateway.config.errors import ConfigError
from gateway.engines.errors import EngineError
from gateway.logs import mask
from gateway.render.errors import RenderError
from gateway.runtime import NotMigrated
from gateway.security.errors import SecurityError
from providers.base.types import SettingsError

_NETWORK = "is it running and can this machine reach it? Look at store.url and redis.url (docs/configuration.md)"
_ERRNO = {
    errno.ENOSPC: "the disk is full: make room and run it again; nothing accepted is lost",
    errno.EADDRINUSE: "another process uses that address: set server.port (or TIXING__SERVER__PORT)",
    errno.EACCES: "this account may not: run as its owner, or open the permissions",
    errno.EPIPE: "whoever was to read the rest has stopped reading",
    errno.EPERM: "this account may not: run as its owner, or open the permissions",
}


def sentence(error: BaseException) -> str | None:
    """One line a problem; None where nobody but a developer can help."""
    if isinstance(error, BaseExceptionGroup):
        said = [sentence(one) for one in error.exceptions]
        return "\n".join(dict.fromkeys(line for line in said if line)) if all(said) else None
    for kinds, say in SENTENCES:
        if isinstance(error, kinds):
            return mask(say(error))
    return None


def _os(error: BaseException) -> str:
    assert isinstance(error, OSError)
    what = error.strerror or str(error) or "no answer in time"
    if error.filename is not None:
        return f"{error.filename}: {what}{_todo(error, '')}"
    return f"{what}{_todo(error, _NETWORK)}"


def _todo(error: OSError, otherwise: str) -> str:
    todo = _ERRNO.get(error.errno or 0, otherwise)
    return f"; {todo}" if todo else ""


def _store(error: BaseException) -> str:
    return f"the store refused: {error}"


SENTENCES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[BaseException], str]], ...] = (
    (ConfigError, str),
    ((EngineError, NotMigrated), str),
    (SecurityError, lambda e: f"keys: {e}"),
    (RenderError, lambda e: "\n".join(f"templates/{line}" for line in str(e).splitlines())),
    (SettingsError, lambda e: f"config: {e}"),
    (
        (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
        lambda e: f"the store lets nobody in with that user and password ({e}): look at store.url",
    ),
    (asyncpg.InvalidCatalogNameError, lambda e: f"{e}: create it (createdb), or correct store.url"),
    (asyncpg.CannotConnectNowError, lambda e: f"{e}: run it again in a moment"),
    (asyncpg.ReadOnlySQLTransactionError, lambda e: f"{e}: store.url names a standby; name the primary"),
    (asyncpg.InsufficientPrivilegeError, lambda e: f"{e}: the user of store.url needs more rights, at least to create in its database"),
    (asyncpg.PostgresError, _store),
    (asyncpg.InterfaceError, lambda e: f"the connection to the store failed: {e}; {_NETWORK}"),
    (RedisError, lambda e: f"Redis: {e}; {_NETWORK}"),
    (OSError, _os),
)
"""From the special to the general: the first that fits speaks."""
