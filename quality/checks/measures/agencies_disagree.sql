-- One row per pair of agencies and month: how far the share of cases in which they contradict one another left its usual share.
-- reads: contradiction_facts, claim_facts
with said as (
  select case_key, agency, min(from_at) as since from claim_facts group by all
),
counted as (
  select
    concat(a.agency, ' and ', b.agency) as subject, date_trunc('month', greatest(a.since, b.since))::date as period,
    count(*) as n, count(c.case_key) as k
  from said a
  join said b on b.case_key = a.case_key and a.agency < b.agency
  left join (
    select distinct case_key, least(left_agency, right_agency) as l, greatest(left_agency, right_agency) as r
    from contradiction_facts
  ) c on c.case_key = a.case_key and c.l = a.agency and c.r = b.agency
  group by all
)
from share_drift('counted')
