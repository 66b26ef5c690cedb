-- numbers that are used although they were given up: asked for by one, confirmed by another, for a time, on record
-- depends: 0006_beliefs

-- migrate: apply

create table suppression_override (                        -- rows are never deleted; each goes from asked to in force to ended, by a withdrawal or by its time
    id            bigint primary key,
    person_id     text collate "C" not null,
    key           bytea not null,                          -- all contacts of the person with this number
    channel       text collate "C" not null,
    contact_id    bigint not null,                         -- the one that was named
    state         text collate "C" not null,               -- what was believed when it was asked for
    sealed        bytea,                                   -- sealed: why, which may name people; null once erased
    until         timestamptz not null,
    asked_by      text collate "C" not null,               -- token name, as in those below
    asked_at      timestamptz not null,
    seal_id       bigint not null,
    confirmed_by  text collate "C",
    confirmed_at  timestamptz,
    confirm_seal  bigint,
    ended_by      text collate "C",                        -- null where its time ended it: nobody writes that down
    ended_at      timestamptz,
    ended_why     text collate "C",
    end_seal      bigint
);
create index suppression_override_person on suppression_override (person_id);
create index suppression_override_asked on suppression_override (asked_at, id);

-- migrate: rollback

drop table suppression_override;
update contact set override_until = null where override_until is not null;
