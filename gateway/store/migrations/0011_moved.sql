-- another number of the same person was listed: evidence about the numbers that were known before
-- depends: 0010_denied

-- migrate: apply

create table moved (                                       -- of a number: when, and by whom, a later one of the same person was first listed; never overwritten
    person_id    text collate "C" not null,
    key          bytea not null,                           -- the earlier number
    source       text collate "C" not null,                -- of the later one, as is the next
    verified_on  date,
    at           timestamptz not null
);
create index moved_key on moved (key);

-- migrate: rollback

drop table moved;
