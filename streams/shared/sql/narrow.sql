-- One row per row of the store that belongs to a case in `cases_to_say`: these temporary tables hide the store's own, so
-- that the text of a public view reads only them.
-- reads: waiting_cases, timely_cases, identifiers and the tables of the same names
create or replace temp table cases_to_say as
select case_key from waiting_cases union select case_key from timely_cases;

create or replace temp table gone_cases as
select case_key from waiting_cases anti join case_facts using (case_key);

create or replace temp table case_areas as
select case_key, area from case_facts where case_key in (from cases_to_say)
union all
-- a case that is gone was named by one of its identifiers, or by an event that had none
select identifier_key, area from identifiers where identifier_key in (from gone_cases)
union
select event_key, area from events where event_key in (from gone_cases);

create or replace temp table narrow_case_facts as from case_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_events as
from events semi join cases_to_say using (case_key)
union all
-- what a steward decided on copies that differ ends an alert, whatever becomes of the case of the event
from events e
where e.standing in ('stands', 'retraction')
  and e.event_key in (select event_key from quarantined semi join resolutions using (event_key) where reason = 'conflict')
  and coalesce(e.case_key not in (from cases_to_say), true);
create or replace temp table narrow_handoff_facts as from handoff_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_clock_facts as from clock_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_pause_facts as from pause_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_contact_facts as from contact_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_telling_facts as from telling_facts semi join cases_to_say using (case_key);
create or replace temp table narrow_contradiction_facts as
from contradiction_facts semi join cases_to_say using (case_key);

alter table narrow_case_facts rename to case_facts;
alter table narrow_events rename to events;
alter table narrow_handoff_facts rename to handoff_facts;
alter table narrow_clock_facts rename to clock_facts;
alter table narrow_pause_facts rename to pause_facts;
alter table narrow_contact_facts rename to contact_facts;
alter table narrow_telling_facts rename to telling_facts;
alter table narrow_contradiction_facts rename to contradiction_facts;
