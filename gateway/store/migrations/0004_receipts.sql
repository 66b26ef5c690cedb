-- receipts that carry no reference of ours, codes mapped at run time, asking vendors, consents
-- depends: 0002_reading

-- migrate: apply

create table part (                                        -- ids under which reports of a message will come, one a segment
    provider     text collate "C" not null,
    vendor_id    text collate "C" not null,
    message_id   bigint not null,
    call_id      bigint not null,
    part         smallint not null,                        -- which of `parts`, from 1
    parts        smallint not null,
    status       text collate "C"                          -- the first final word on this part, kept only where there are several
) with (fillfactor = 90);
create index part_vendor_id on part (vendor_id);           -- not unique: vendors begin again, and then the latest is meant
create index part_message on part (message_id) where parts > 1;

-- A report that cannot be joined yet: by its vendor's id, or our own, once that is known. `sealed`: the report as the driver read it.
alter table receipt_unjoined add column vendor_id text collate "C", add column message_id bigint, add column sealed bytea;
create index receipt_unjoined_vendor_id on receipt_unjoined (vendor_id) where vendor_id is not null;
create index receipt_unjoined_at on receipt_unjoined (received_at);

alter table unmapped_code add column stage text collate "C" not null default 'report', add column example bytea; -- sealed: the vendor's words, redacted
alter table unmapped_code drop constraint unmapped_code_pkey;
alter table unmapped_code add primary key (provider, stage, code);

create table unmapped_message (                            -- messages that a code nobody mapped was said of, until it is mapped
    provider     text collate "C" not null,
    stage        text collate "C" not null,
    code         text collate "C" not null,
    message_id   bigint not null,
    fact_id      bigint not null,                          -- the call or the receipt that said it
    vendor_id    text collate "C"                          -- the part it was said of
);
create index unmapped_message_code on unmapped_message (provider, stage, code);

create table code_meaning (                                -- codes that operators mapped at run time
    provider     text collate "C" not null,
    stage        text collate "C" not null,                -- answer, report
    code         text collate "C" not null,
    meaning      jsonb not null,
    at           timestamptz not null default now(),
    who          text not null,
    primary key (provider, stage, code)
);

create table ask (                                         -- calls whose vendor is to be asked what became of them
    call_id      bigint primary key,
    provider     text collate "C" not null,
    asks         smallint not null default 0,
    ask_at       timestamptz not null,
    ends_at      timestamptz                               -- then whatever is still open ends as no_receipt
);
create index ask_due on ask (provider, ask_at);
create index ask_ends on ask (ends_at) where ends_at is not null;

create table consent (                                     -- whether an account may be written to, as its owner last said
    key          bytea not null,
    template     text collate "C" not null,                -- ours; empty: everything
    channel      text collate "C" not null,
    provider     text collate "C" not null,
    state        text collate "C" not null,                -- followed, unfollowed, consented, refused
    at           timestamptz not null,
    primary key (key, template)
);
alter table number add column refused text[];              -- templates (ours; empty: all) whose last word in `consent` is a no; null: none

drop view message_now;                                     -- not replaced in place: its columns are those that message has now
create view message_now as                                 -- a stored `sending` whose last call was taken, by its answer or by a later mapping of it, reads as `sent`
select m.*,
       case when m.status = 'sending' and c.outcome in ('accepted', 'unknown') then 'sent' else m.status end as status_now
from message m left join call c on c.id = m.calls[cardinality(m.calls)];

-- migrate: rollback

drop view message_now;
create view message_now as
select m.*,
       case when m.status = 'sending' and c.outcome = 'accepted' then 'sent' else m.status end as status_now
from message m left join call c on c.id = m.calls[cardinality(m.calls)];
alter table number drop column refused;
drop table consent, ask, code_meaning, unmapped_message;
delete from unmapped_code where stage <> 'report';
alter table unmapped_code drop constraint unmapped_code_pkey;
alter table unmapped_code drop column stage, drop column example;
alter table unmapped_code add primary key (provider, code);
drop index receipt_unjoined_at, receipt_unjoined_vendor_id;
alter table receipt_unjoined drop column vendor_id, drop column message_id, drop column sealed;
drop table part;
