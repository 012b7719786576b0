-- One row per case, and per record in quarantine, that waits to be published, the longest waiting first.
-- reads: outgoing_cases, outgoing_quarantine, published_quarantine, quarantined; variable: most
create or replace temp table waiting_cases as
select case_key, count(*) as notes
from outgoing_cases
group by case_key
order by min(rowid)
limit getvariable('most');

create or replace temp table waiting_quarantine as
select quarantine_id, count(*) as notes
from outgoing_quarantine
group by quarantine_id
order by min(rowid)
limit getvariable('most');

-- what was settled since: nothing notes that, and it is found here
create or replace temp table settled_quarantine as
select quarantine_id from published_quarantine anti join quarantined using (quarantine_id)
union
select quarantine_id from waiting_quarantine anti join quarantined using (quarantine_id)
limit getvariable('most');
