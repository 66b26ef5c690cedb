"""What this store was begun with."""

from gateway.store.pool import Queries

REMEMBER = "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing"

VALUE = "select value from setting where name = $1"


async def remembered(connection: Queries, name: str, value: str) -> str:
    """The value that was given first under this name; ours, where there was none."""
    await connection.execute(REMEMBER, name, value)
    return str(await connection.fetchval(VALUE, name))
