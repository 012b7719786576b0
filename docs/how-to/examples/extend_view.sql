-- One row per case and agency: how many events of the case are of the agency.
create or replace view shares_of_agencies as
select case_id, agency, count(*) as events
from timeline
group by all;
comment on view shares_of_agencies is 'One row per case and agency: how many events of the case are of the agency.';
comment on column shares_of_agencies.case_id is 'The case.';
comment on column shares_of_agencies.agency is 'The agency.';
comment on column shares_of_agencies.events is 'Events of the case that the agency published.';
