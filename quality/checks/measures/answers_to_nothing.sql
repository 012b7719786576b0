-- One row per source: how many of its answers name a reference that no event of the case opened.
-- reads: observed
select
  a.source as subject, null::date as period, count(*) as n, count(*) filter (q.reference is null) as k, k / n as value
from observed a
left join (select distinct case_key, reference from observed where reference is not null) q
  on q.case_key = a.case_key and q.reference = a.answers
where a.answers is not null
group by a.source
having n >= 20
