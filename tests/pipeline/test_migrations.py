"""Each migration can be taken back: what its rollback leaves is what was there before it, and it applies again."""

import shutil
from pathlib import Path

import asyncpg
from pogo_core.util import migrate as pogo

from gateway.store.migrate import MIGRATIONS

# Oids and the order of columns may differ: what is added again stands last.
SCHEMA = """
select 'column', c.relname, format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
       || coalesce((select ' collate ' || collname from pg_collation where oid = a.attcollation), '')
  from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
 union all select 'table', relname, array_to_string(reloptions, ' ') from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
 union all select 'index', tablename, indexdef from pg_indexes where schemaname = 'public'
 union all select 'view', viewname, definition from pg_views where schemaname = 'public'
 union all select 'constraint', conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
 union all select 'function', proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace"""

ROWS = """
insert into number (key, channel, last_at) select n::text::bytea, 'sms', now() from generate_series(1, 3) n;
insert into contact (id, person_id, channel, key, relation, source, sealed, state) values (1, 'p1', 'sms', '1', 'self', 'counter', '', 'dead')"""


async def schema(connection: asyncpg.Connection) -> set[tuple[str, ...]]:
    return {tuple(row) for row in await connection.fetch(SCHEMA) if not row[1].startswith("_pogo")}


async def test_every_migration_is_taken_back_to_what_was_before_it_and_applies_again(bare_dsn: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(bare_dsn)
    try:
        stages = []
        for file in sorted(MIGRATIONS.glob("*.sql")):
            shutil.copy(file, tmp_path)
            stages.append((file.stem, await schema(connection)))
            await pogo.apply(connection, tmp_path, schema_name="public")
        whole = await schema(connection)
        await connection.execute(ROWS)
        for name, before in reversed(stages):
            await pogo.rollback(connection, tmp_path, schema_name="public", count=1)
            after = await schema(connection)
            assert (name, after - before, before - after) == (name, set(), set())
        await pogo.apply(connection, tmp_path, schema_name="public")
        assert await schema(connection) == whole
    finally:
        await connection.close()
