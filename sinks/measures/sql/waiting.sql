-- One row per case that somebody holds, or that lies between two agencies, at `as_of`.
select
  c.case_id,
  c.holder_since as counted_at,
  coalesce(c.holder_agency, c.awaiting_agency) as agency,
  c.holder_unit as unit,
  c.state as outcome,
  greatest(epoch_us(a.as_of) - epoch_us(c.holder_since), 0) / 1e6 as seconds
from cases c
cross join as_at a
where c.state in ('held', 'limbo')
