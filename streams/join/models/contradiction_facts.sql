-- One row per interval in which two agencies say different things of who holds the case.
-- reads: claim_facts
select
  l.case_key,
  l.agency as left_agency,
  r.agency as right_agency,
  l.claimed_holder as left_claim,
  r.claimed_holder as right_claim,
  case
    when l.claimed_holder = r.agency and r.claimed_holder = l.agency then 'each_points_at_other'
    when l.claimed_holder = l.agency and r.claimed_holder = r.agency then 'both_claim'
    else 'differ'
  end as kind,
  greatest(l.from_at, r.from_at) as from_at,
  -- the one that ends, if one does
  least(l.to_at, r.to_at) as to_at
from claim_facts l
join claim_facts r
  on r.case_key = l.case_key and l.agency < r.agency
  and l.claimed_holder <> r.claimed_holder
  and (r.to_at is null or l.from_at < r.to_at)
  and (l.to_at is null or r.from_at < l.to_at)
  -- a claim that another replaced at once contradicts nothing
  and (l.to_at is null or l.from_at < l.to_at)
  and (r.to_at is null or r.from_at < r.to_at)
