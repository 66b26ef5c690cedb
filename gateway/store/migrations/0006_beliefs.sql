-- what is believed of each contact, worked out from the record; the listings that a contact replaced; models that were learned
-- depends: 0005_quality_lists

-- migrate: apply

alter table contact
    add column state          text collate "C",            -- null: nothing is believed yet (unverified)
    add column p_reach        real,
    add column p_alive        real,
    add column p_mine         real,
    add column delivered      integer,                     -- messages to this person at this number that the phone took
    add column failed         integer,                     -- and those it did not
    add column observations   integer,
    add column last_at        timestamptz,                 -- when the latest evidence came
    add column why            text,                        -- the evidence that decided, one sentence
    add column believed_at    timestamptz,                 -- when this was worked out
    add column model          integer,                     -- with which model; 0: what is assumed before anything is learned
    add column denied_at      timestamptz,                 -- somebody answered "not me" about this person
    add column override_until timestamptz;                 -- used although it was given up, until then
-- A person may hold a number in two relations: what is believed is of person and number, and stands in both rows.
-- `updated_at` is when this listing was given; what it replaced is in `listing`. Beliefs are written in place: pages keep room.
alter table contact set (fillfactor = 85);
create index contact_gone on contact (person_id) where state in ('dead', 'wrong_person') or denied_at is not null;

create table listing (                                     -- what a contact's row said before somebody listed it otherwise: evidence, never overwritten
    person_id    text collate "C" not null,
    key          bytea not null,
    source       text collate "C" not null,
    verified_on  date,
    at           timestamptz not null
);
create index listing_key on listing (key);

create table unlearned (                                   -- numbers that something came of since their beliefs were worked out; the same one may stand in it often
    key  bytea not null,
    at   timestamptz not null default now()
);
create index unlearned_at on unlearned using brin (at) with (autosummarize = on);
alter table unlearned set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

drop index number_wrong;
delete from number where opted_out_at is null and wrong_person_at is null and refused is null;
alter table number drop column delivered, drop column failed, drop column absent_streak, drop column p_alive, drop column state,
    add column dead_at timestamptz;                        -- somebody's contact with it is dead: the claim looks at the message's own
update contact c set denied_at = n.wrong_person_at from number n where n.key = c.key and n.wrong_person_at is not null;
insert into unlearned (key) select distinct key from message;

create table quality_model (                               -- what beliefs assume, as learned; the newest is in force
    id       integer generated always as identity primary key,
    version  text collate "C" not null unique,             -- of its content
    at       timestamptz not null default now(),
    model    jsonb not null,
    basis    jsonb not null,                               -- what it was learned from: pairs, observations, until when
    report   jsonb not null                                -- weights of codes, routes that are suspect
);

create table learning (                                    -- how far the walk over all contacts has come, one row
    one        boolean primary key default true check (one),
    model      integer not null default 0,                 -- of the walk under way
    after      bytea not null default '',
    began_at   timestamptz not null default now(),
    ended_at   timestamptz                                 -- null: under way
);


-- migrate: rollback

drop table learning, quality_model, unlearned, listing;
drop index contact_gone;
alter table contact reset (fillfactor);
alter table contact drop column state, drop column p_reach, drop column p_alive, drop column p_mine, drop column delivered, drop column failed,
    drop column observations, drop column last_at, drop column why, drop column believed_at, drop column model, drop column denied_at,
    drop column override_until;
alter table number add column delivered integer not null default 0, add column failed integer not null default 0,
    add column absent_streak integer not null default 0, add column p_alive real not null default 0.5,
    add column state text collate "C" not null default 'unverified';
alter table number alter column p_alive drop default;
update number set state = 'dead' where dead_at is not null;
alter table number drop column dead_at;
create index number_dead on number (key) where state = 'dead';
create index number_wrong on number (key) where wrong_person_at is not null;
