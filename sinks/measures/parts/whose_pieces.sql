-- One row per case and piece of its time in which nothing changes: whose it was, and everybody that somebody named.
-- reads: cases_open, holdings, handoffs, contradictions
with between as (
{handed_on}
),
-- whoever is said to hold the case, between two times
said as (
  select case_id, from_at, to_at, agency as holder, null::varchar as other, 'held' as how from holdings
  union all
  -- what passes between two units of an agency is that agency's
  select
    case_id, sent_at, until_at, from_agency, if(from_agency = to_agency, null, to_agency),
    if(from_agency = to_agency, 'held', 'limbo')
  from between
  union all
  select case_id, from_at, to_at, left_claim, right_claim, 'contested' from contradictions
),
spans as (
  select
    o.case_id,
    greatest(s.from_at, o.opened_at) as from_at,
    least(coalesce(s.to_at, o.until_at), o.until_at) as to_at,
    s.holder, s.other, s.how
  from said s
  join cases_open o using (case_id)
),
edges as (
  select case_id, unnest([opened_at, until_at]) as edge from cases_open
  union
  select case_id, unnest([from_at, to_at]) from spans where from_at < to_at
),
pieces as (
  select case_id, edge as from_at, lead(edge) over (partition by case_id order by edge) as to_at from edges
),
judged as (
  select
    p.case_id, p.from_at, p.to_at,
    any_value(s.holder) filter (s.how = 'held') as holder,
    coalesce(bool_or(s.how = 'limbo'), false) as in_limbo,
    coalesce(bool_or(s.how = 'contested'), false) as is_contested,
    list_distinct(flatten(list([s.holder, s.other]) filter (s.holder is not null or s.other is not null))) as named
  from pieces p
  left join spans s on s.case_id = p.case_id and s.from_at <= p.from_at and s.to_at >= p.to_at and s.from_at < s.to_at
  where p.to_at is not null
  group by p.case_id, p.from_at, p.to_at
)
select
  case_id, from_at, to_at, named,
  case
    when is_contested then 'contested'
    when holder is not null then holder
    when in_limbo then 'limbo'
    else 'nobody'
  end as whose
from judged
