-- contacts that were given up and are used again: whether a number that was tried for a duty is worth another message
-- depends: 0008_beliefs_in_place

-- migrate: apply

create index quality_change_taken_back on quality_change (person_id, key)
    where before in ('dead', 'wrong_person') and after not in ('dead', 'wrong_person');

-- migrate: rollback

drop index quality_change_taken_back;
