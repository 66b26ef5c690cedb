-- beliefs are written in place: contacts' pages keep the room they take, and no index looks at what changes with each
-- depends: 0007_overrides

-- migrate: apply

-- A contact is listed without beliefs, and grows to more than twice its size with the first ones.
alter table contact set (fillfactor = 40);
-- An index that named `state` made a change of any state a change of every index (HOT asks for columns, not for what a predicate says of them).
drop index contact_gone;
alter table contact add column gone text collate "C" generated always as (
    case when denied_at is not null then 'wrong_person' when state in ('dead', 'wrong_person') then state end) stored;   -- given up, as what
create index contact_gone on contact (person_id) where gone is not null;

-- migrate: rollback

drop index contact_gone;
alter table contact drop column gone;
create index contact_gone on contact (person_id) where state in ('dead', 'wrong_person') or denied_at is not null;
alter table contact set (fillfactor = 85);
