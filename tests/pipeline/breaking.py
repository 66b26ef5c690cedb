"""Ways to break a transaction from inside the store."""

from types import TracebackType

import asyncpg

_TRIGGER = "create {constraint} trigger breaks after insert on {table} {when} for each row execute function breaks()"


class on_insert:  # noqa: N801 - reads as what it is in a test's line
    """While entered, each row that is inserted into `table` runs `statement` (PL/pgSQL)."""

    constraint, when = "", ""

    def __init__(self, pool: asyncpg.Pool, statement: str, table: str = "event") -> None:
        self._pool, self._statement, self._table = pool, statement, table

    async def __aenter__(self) -> None:
        body = f"begin {self._statement}; return null; end"
        await self._pool.execute(f"create function breaks() returns trigger language plpgsql as $$ {body} $$")
        await self._pool.execute(_TRIGGER.format(constraint=self.constraint, table=self._table, when=self.when))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._pool.execute("drop function breaks() cascade")


class at_commit(on_insert):  # noqa: N801 - see above
    """The same, but when the transaction commits."""

    constraint, when = "constraint", "deferrable initially deferred"
