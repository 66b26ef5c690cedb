-- notices whose message was answered "not me": they say informed, and the person was not
-- depends: 0009_taken_back

-- migrate: apply

alter table notice add column denied boolean not null default false;   -- somebody answered "not me" to a message of it

-- migrate: rollback

alter table notice drop column denied;
