-- Who holds what?
-- One row per state and agency: how many cases it holds, or has been sent and not taken, and since when the oldest.
select
  state,
  coalesce(holder_agency, awaiting_agency) as agency,
  count(*) as cases,
  min(holder_since) as oldest_since
from cases
where state in ('held', 'limbo')
group by all
order by cases desc, agency, state;
