-- several providers a route: what a message must avoid, what operators and the drift of weights decided
-- depends: 0002_reading

-- migrate: apply

alter table queue add column avoid text[];                 -- providers that refused this message (and, marked, those that could not take it for now)

create table provider_state (                              -- what all workers obey; a provider without a row has its weight of rest and is not suspended
    name            text collate "C" primary key,
    weight          real,                                  -- null: at rest
    rest            real,                                  -- the configured weight that `weight` was counted from
    weight_at       timestamptz,
    weight_why      text collate "C",
    suspended_at    timestamptz,
    suspended_by    text,
    suspended_why   text,
    reports_at      timestamptz                            -- when reports of this provider were last seen: one that never reports is not slow
);
create table provider_weight (                             -- every step of a weight: from, to, why
    id       bigint generated always as identity primary key,
    name     text collate "C" not null,
    at       timestamptz not null,
    before   real not null,
    weight   real not null,
    rest     real not null,
    why      text collate "C" not null,
    detail   text not null default ''                      -- the counts that decided
);
create index provider_weight_name on provider_weight (name, at);

-- migrate: rollback

drop table provider_weight, provider_state;
alter table queue drop column avoid;
