-- Which files go back and forth?
-- One row per case and pair of agencies between which the case changed hands so often; the most often first.
-- $times integer = 3: handoffs between the two agencies at least
-- $rows integer = 50: rows at most
select
  case_id,
  least(from_agency, to_agency) as one_agency,
  greatest(from_agency, to_agency) as other_agency,
  count(*) as handoffs,
  count(*) filter (kind = 'return') as returns,
  min(sent_at) as first_sent,
  max(sent_at) as last_sent,
  string_agg(distinct reason, ' | ' order by reason) as reasons
from handoffs
where from_agency <> to_agency
group by all
having count(*) >= $times
order by handoffs desc, case_id
limit $rows;
