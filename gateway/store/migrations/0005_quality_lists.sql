-- improving contact data: changes of state as facts, counts by month, numbers that stand for many, what carriers said
-- depends: 0004_receipts

-- migrate: apply

create table quality_change (                              -- the state of a number, or of a number with a person, became another: never changed, never deleted but by retention
    xact       xid8 not null default pg_current_xact_id(), -- whoever reads on reads what is below every transaction still open: ids alone are committed out of order
    id         bigint generated always as identity,
    key        bytea not null,
    person_id  text collate "C",                           -- null: of the number, whoever holds it
    before     text collate "C" not null,
    after      text collate "C" not null,
    why        text not null,                              -- the evidence that decided
    at         timestamptz not null,
    primary key (xact, id)
);

-- Work lists go by region, then person: one order for a county and for the country, which the planner walks or sorts, whichever reads less.
-- "POSIX" orders as "C" does. Under a name of its own the planner cannot take this index for `id = any(…)`: where statistics know one region only,
-- skipping over regions looks as cheap as the primary key, and a day later there are two hundred.
create index person_region on person (region, id collate "POSIX");
create index number_wrong on number (key) where wrong_person_at is not null;

create table quality_census (                              -- when all contacts were counted last in each month: the month's last count stays
    month       date primary key,
    counted_at  timestamptz not null,
    took_s      real not null
);
create table quality_count (                               -- contacts of living persons
    month           date not null,
    region          text collate "C" not null,
    insurance       text collate "C" not null,             -- names joined by +: a person may draw several
    source          text collate "C" not null,
    channel         text collate "C" not null,
    state           text collate "C" not null,
    contacts        bigint not null,
    opted_out       bigint not null,
    wrong_person    bigint not null,
    never_verified  bigint not null,
    primary key (month, region, insurance, source, channel, state)
);
create table quality_people (                              -- living persons, and those whom no contact of theirs can reach
    month            date not null,
    region           text collate "C" not null,
    insurance        text collate "C" not null,
    persons          bigint not null,
    without_contact  bigint not null,
    without_usable   bigint not null,
    primary key (month, region, insurance)
);
create table quality_shared (                              -- numbers that stand for many living persons, as of the last count
    key      bytea primary key,
    persons  integer not null,
    sources  jsonb not null,                               -- {source: persons}
    regions  jsonb not null                                -- {region: persons}
);
create index quality_shared_persons on quality_shared (persons desc, key);

create table lookup (                                      -- what a carrier's service said of a number: evidence, never overwritten
    id          bigint generated always as identity primary key,
    key         bytea not null,
    service     text collate "C" not null,                 -- its name in the configuration
    state       text collate "C" not null,                 -- active, suspended, absent, ported, unknown
    carrier     text collate "C" not null default '',
    at          timestamptz not null,
    expires_at  timestamptz not null                       -- until then nobody asks again
);
create index lookup_key on lookup (key, service, at);

-- migrate: rollback

drop table lookup, quality_shared, quality_people, quality_count, quality_census;
drop index number_wrong, person_region;
drop table quality_change;
