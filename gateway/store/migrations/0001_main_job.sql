-- the main job
-- depends:

-- migrate: apply

-- The truth: events, persons, contacts, notices, messages, calls, receipts, numbers, seals.
-- Text enums (gateway/words.py) are kept as text; what is personal is sealed (bytea, AEAD) and found by keyed hash (`key`).
-- Hot tables keep room on their pages (fillfactor) so that status updates stay on the page (HOT) and touch no index.

create sequence event_no;                                  -- drawn under the person's lock: one person's events are numbered in order of acceptance
create sequence fact_id increment by 1000;                 -- hi/lo: a process takes a thousand ids at a time for contacts, notices, messages, calls, receipts

create table person (
    id                  text collate "C" primary key,
    region              text collate "C" not null default '',
    residence_region    text collate "C" not null default '',
    insurance           text[] not null default '{}',
    beneficiary         text,
    details             bytea,                             -- sealed: name, residence, managing unit, birth year, abroad, home service
    certified           date[] not null default '{}',      -- history, ascending: a revocation falls back to the one before
    benefit_started_on  date,
    cycle_start         date,
    deadline            date,
    deceased            boolean not null default false,
    died_on             date,
    conflict            boolean not null default false,
    benefits            bytea,                             -- msgpack: state of each benefit
    listed              boolean not null default true,     -- stands on the uncertified list once its months are over (deceased and most terminations leave it)
    plan_due            timestamptz,                       -- when the calendar must look again
    pending             boolean not null default false,    -- accepted events wait to be planned: nothing is sent until they are
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now()
) with (fillfactor = 85);
create index person_plan_due on person (plan_due) where plan_due is not null;
create index person_cycle_start on person (cycle_start, id) where listed;

create table contact (
    id           bigint not null,
    person_id    text collate "C" not null,
    channel      text collate "C" not null,
    key          bytea not null,                           -- keyed hash of the address
    relation     text collate "C" not null,
    source       text collate "C" not null,
    verified_on  date,
    sealed       bytea not null,                           -- sealed: address, name
    removed_at   timestamptz,
    updated_at   timestamptz not null default now(),
    unique (person_id, channel, key, relation)
);
create index contact_key on contact (key);

create table number (                                      -- what we believe of an address, whoever holds it
    key           bytea primary key,
    channel       text collate "C" not null,
    delivered     integer not null default 0,
    failed        integer not null default 0,
    absent_streak integer not null default 0,
    p_alive       real not null,
    state         text collate "C" not null default 'unverified',
    opted_out_at  timestamptz,
    wrong_person_at timestamptz,
    last_at       timestamptz not null
) with (fillfactor = 80);

create table event (
    no           bigint not null,
    source       text collate "C" not null,
    id           text collate "C" not null,
    type         text collate "C" not null,
    person_id    text collate "C" not null,
    digest       bytea not null,                           -- of type, subject and data as they came
    sealed       bytea,                                    -- sealed: the event as it came; null once erased
    accepted_at  timestamptz not null default clock_timestamp(),
    accepted_by  text collate "C" not null default '',     -- token name
    verdict      text collate "C" not null default '',
    detail       text not null default '',
    notice_id    bigint,
    pending      boolean not null default false,           -- planning failed; the scheduler tries again
    seal_id      bigint not null,
    unique (source, id)
);
create index event_person on event (person_id);
create index event_by_no on event using brin (no) with (autosummarize = on);  -- written in order: a block range finds it, and costs an insert nothing
create index event_pending on event (person_id) where pending;

create table notice (
    id            bigint primary key,
    person_id     text collate "C" not null,
    duty          text collate "C" not null,
    kind          text collate "C" not null,
    cause         text collate "C" not null,
    insurance     text collate "C" not null default '',      -- names joined by +: an array costs three times as much to write
    effective     date not null,
    status        text collate "C" not null,
    reason        text collate "C",
    lane          text collate "C" not null,
    due_at        timestamptz not null,
    expires_at    timestamptz,
    cycle_start   date,
    deadline      date,
    request       bytea,                                   -- sealed: template, params, channels of a requested notice
    checks        text collate "C" not null default '',      -- rule and checks of the decision, coded, with blanks between
    event_source  text collate "C" not null default '',
    event_id      text collate "C" not null default '',
    created_at    timestamptz not null default clock_timestamp(),
    closed_at     timestamptz,
    seal_id       bigint not null,
    closing_seal  bigint,
    unique (person_id, duty)
) with (fillfactor = 50);
-- No index on status: it would make each change of status a change of every index. Those not informed stand in `outreach`.

create table message (
    id            bigint primary key,
    notice_id     bigint not null,
    person_id     text collate "C" not null,
    rung          smallint not null,
    channel       text collate "C" not null,
    lane          text collate "C" not null,
    contact_id    bigint not null,
    key           bytea not null,
    addressee     text collate "C" not null,
    template      text collate "C" not null,
    version       text collate "C" not null,
    sealed        bytea,                                   -- sealed: address, values of the template
    segments      smallint not null,
    status        text collate "C" not null,
    provider      text collate "C",
    reason        text collate "C",
    fault         text collate "C",
    permanent     boolean,
    vendor_code   text collate "C",
    created_at    timestamptz not null default clock_timestamp(),
    expires_at    timestamptz,
    sent_at       timestamptz,                             -- the last claim
    final_at      timestamptz,
    provisional   boolean not null default false,          -- no_receipt or unmapped: a later report may settle it, once
    calls         bigint[] not null default '{}',
    receipts      bigint[] not null default '{}',
    seal_id       bigint not null
) with (fillfactor = 45);
create index message_notice on message (notice_id);
create index message_key on message (key);

create table queue (                                       -- what may be claimed; nobody but the claim locks it
    message_id  bigint not null,
    person_id   text collate "C" not null,
    lane        text collate "C" not null,
    channel     text collate "C" not null,
    due_at      timestamptz not null default now()
);
create index queue_due on queue (channel, lane, due_at);
alter table queue set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_threshold = 100000);

create table call (                                        -- an attempt: one call to a vendor, written before it is made
    id            bigint primary key,
    provider      text collate "C" not null,
    message_ids   bigint[] not null,
    claimed_at    timestamptz not null,
    claimed_by    text collate "C" not null,
    lease_until   timestamptz not null,
    answered_at   timestamptz,
    outcome       text collate "C",                        -- of those messages that are still at this call
    answers       bytea,                                   -- sealed: what the vendor said of each message
    swept         boolean not null default false,          -- its receipts' time is up and was dealt with
    seal_id       bigint not null,
    answer_seal   bigint
) with (fillfactor = 80);
create index call_open on call (lease_until) where answered_at is null;
create index call_unswept on call (claimed_at) where not swept;

create table inbox (                                       -- callbacks that were acknowledged and not applied yet
    id           bigint generated always as identity primary key,
    provider     text collate "C" not null,
    sealed       bytea not null,                           -- sealed: raw body and what was read in it
    received_at  timestamptz not null default clock_timestamp(),
    tries        smallint not null default 0,              -- applying it alone failed so often
    due_at       timestamptz not null default now()
);
alter table inbox alter column sealed set storage external;
alter table inbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create table receipt (                                     -- one callback body and what it said of which message
    id           bigint primary key,
    provider     text collate "C" not null,
    received_at  timestamptz not null,
    sealed       bytea,                                    -- sealed: raw body
    message_ids  bigint[] not null,
    statuses     text[] not null,
    reasons      text[] not null,
    codes        text[] not null,
    seal_id      bigint not null
);
create table receipt_unjoined (                            -- reports whose reference we do not know (yet)
    receipt_id   bigint not null,
    position     integer not null,
    provider     text collate "C" not null,
    reference    text collate "C" not null,
    received_at  timestamptz not null,
    primary key (receipt_id, position)
);
create index receipt_unjoined_reference on receipt_unjoined (reference);

create table inbound (                                     -- what people replied (MO)
    id           bigint primary key,
    provider     text collate "C" not null,
    key          bytea not null,
    message_id   bigint,
    keyword      text collate "C" not null,                -- opt_out, wrong_person, other
    sealed       bytea,
    received_at  timestamptz not null,
    seal_id      bigint not null
);
create index inbound_key on inbound (key);

create table outreach (                                    -- people to be told by people
    id           bigint primary key,
    person_id    text collate "C" not null,
    notice_id    bigint,
    kind         text collate "C" not null,
    why          text collate "C" not null,
    tried        text[] not null default '{}',
    goes_to      text collate "C" not null default 'grassroots', -- or unit: who is asked first [16]
    opened_at    timestamptz not null,
    closed_at    timestamptz
);
create unique index outreach_open on outreach (person_id, kind, why, coalesce(notice_id, 0)) where closed_at is null;
create index outreach_since on outreach (id) where closed_at is null;
create index outreach_notice on outreach (notice_id) where closed_at is null;

create table template_version (                            -- every text that was ever used, so that it can be rendered again for ever
    name        text collate "C" not null,
    version     text collate "C" not null,
    source      text not null,
    first_used  timestamptz not null default now(),
    primary key (name, version)
);

create table seal (                                        -- one row per transaction and chain: digests of the facts it wrote, under a MAC over the row before
    id       bigint primary key,
    chain    bigint not null,
    seq      bigint not null,
    at       timestamptz not null,
    entries  bytea not null,                               -- packed (kind 1 byte, id 8 bytes, digest 16 bytes)
    mac      bytea not null,
    unique (chain, seq)
);
create table seal_head (                                   -- heads of all chains at a moment, published: a cut-off end or a missing chain shows
    id     bigint generated always as identity primary key,
    at     timestamptz not null,
    heads  jsonb not null,
    mac    bytea not null
);
create table erasure (                                     -- what was erased on purpose, so that a missing content is no broken chain
    kind      text collate "C" not null,
    fact_id   bigint not null,
    at        timestamptz not null,
    why       text not null,
    primary key (kind, fact_id)
);

create table setting (                                     -- what this store was begun with: the keys' fingerprint
    name   text collate "C" primary key,
    value  text not null
);
create table token (
    name        text collate "C" primary key,
    hash        bytea not null unique,
    scopes      text[] not null,
    region      text collate "C",
    sources     text[] not null default '{}',
    created_at  timestamptz not null default now(),
    revoked_at  timestamptz
);
create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    who     text not null,
    what    text not null,
    detail  text not null default ''
);
create table unmapped_code (
    provider  text collate "C" not null,
    code      text collate "C" not null,
    seen      bigint not null,
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    primary key (provider, code)
);

-- Digests and ciphertext do not compress: do not try.
alter table seal alter column entries set storage external;
alter table receipt alter column sealed set storage external;
alter table event alter column sealed set storage external;
alter table call alter column answers set storage external;

create view message_now as                                 -- a stored `sending` whose last call was accepted reads as `sent`
select m.*,
       case when m.status = 'sending' and c.outcome = 'accepted' then 'sent' else m.status end as status_now
from message m left join call c on c.id = m.calls[cardinality(m.calls)];

-- migrate: rollback

drop view message_now;
drop table inbox, setting, unmapped_code, audit, token, erasure, seal_head, seal, template_version, outreach, inbound, receipt_unjoined, receipt, call, queue, message, notice, event, number, contact, person;
drop sequence event_no, fact_id;
