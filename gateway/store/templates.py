"""Every text that was ever used, so that what went out can be rendered again for ever."""

from collections.abc import Sequence

from gateway.store.pool import Queries

KEEP = """
insert into template_version (name, version, source) select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing"""

KEPT = "select name, source from template_version order by name, version"

ONE = "select source from template_version where name = $1 and version = $2"


async def keep(connection: Queries, versions: Sequence[tuple[str, str, str]]) -> None:
    """Keeps (name, version, source)."""
    await connection.execute(KEEP, [v[0] for v in versions], [v[1] for v in versions], [v[2] for v in versions])


async def kept(connection: Queries) -> list[tuple[str, str]]:
    """All versions, as (name, source)."""
    return [tuple(row) for row in await connection.fetch(KEPT)]


async def source(connection: Queries, name: str, version: str) -> str | None:
    """One version's source."""
    return await connection.fetchval(ONE, name, version)  # type: ignore[no-any-return]
