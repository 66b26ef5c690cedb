"""Which errors may be the fault of a single item of a set, so that the others should be tried without it."""

import asyncpg

_AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def poisoned(error: Exception) -> bool:
    """True for what an item can cause; False where the store is away or full, which all items share."""
    return not isinstance(error, _AWAY)
