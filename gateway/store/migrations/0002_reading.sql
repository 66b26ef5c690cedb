-- indexes of the reading side
-- depends: 0001_main_job

-- migrate: apply

-- Lists of one region are what agencies ask for [38]; with the region first a county's page reads that county's rows alone. It takes the place
-- of the index by cycle_start, so accepting an event pays for as many indexes as before.
create index person_uncertified on person (region, cycle_start, id) where listed;
drop index person_cycle_start;

-- Notices since a moment. A block-range index costs an insert nothing that can be measured (a b-tree on created_at: 0.8 µs a row, and 1.9 µs more
-- at each change of status) and finds the blocks, since rows are appended in order of time.
create index notice_created on notice using brin (created_at) with (pages_per_range = 32, autosummarize = on);

-- How many live where: without it the planner guesses that hardly anybody does, and reads whole tables for a page of the outreach list.
create statistics person_lives on (coalesce(nullif(residence_region, ''), region)) from person;

-- Small tables: a person's rows of the outreach list and a notice's (those not informed are listed from there, also once their rows are
-- closed), and the numbers that people are to work through.
create index outreach_of_notice on outreach (notice_id);
drop index outreach_notice;
create index outreach_person on outreach (person_id);
create index number_dead on number (key) where state = 'dead';

-- migrate: rollback

create index outreach_notice on outreach (notice_id) where closed_at is null;
drop index outreach_of_notice;
drop statistics person_lives;
drop index number_dead, outreach_person, notice_created, person_uncertified;
create index person_cycle_start on person (cycle_start, id) where listed;
