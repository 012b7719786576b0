-- One row per case whose message is taken (`taken_cases`): what the store had of it, and of those that are gone, goes.
-- reads: fresh, decoded
create or replace temp table taken_cases as
select
  * exclude (log_origin, log_offset), log_origin as origin, log_offset as position,
  ('0x' || case_id[2:])::ubigint as case_key
from decoded;

create or replace temp table known_cases as
select case_key from fresh semi join case_versions using (case_key);
delete from case_facts where case_key in (from known_cases);
delete from events where case_key in (from known_cases);
delete from holding_facts where case_key in (from known_cases);
delete from handoff_facts where case_key in (from known_cases);
delete from clock_facts where case_key in (from known_cases);
delete from pause_facts where case_key in (from known_cases);
delete from contact_facts where case_key in (from known_cases);
delete from telling_facts where case_key in (from known_cases);
delete from claim_facts where case_key in (from known_cases);
delete from contradiction_facts where case_key in (from known_cases);
delete from identifiers where case_key in (from known_cases);
delete from case_versions where case_key in (from known_cases);
drop table known_cases;

insert into case_versions select case_key, version from fresh;
-- so that a case is found by what others call it
insert into identifiers
select md5_number_lower(concat_ws(chr(31), area, kind, value)), area, kind, value, case_key, false
from (
  select case_key, area, split_part(name, ':', 1) as kind, name[strpos(name, ':') + 1:] as value
  from (select case_key, area, unnest(facts.identifiers) as name from taken_cases)
);
