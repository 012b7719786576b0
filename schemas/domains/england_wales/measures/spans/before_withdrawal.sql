-- One row per case in which the victim withdrew, and thing that may have preceded it: whether it had. It is so from then on:
-- nothing that happens later counts.
with withdrawn as (
  select case_key, occurred_at as withdrawn_at, agency
  from dated_events
  where case_key is not null and ends_with(type, '.victim.support_withdrawn')
  -- as the view `timeline` has it
  qualify row_number() over (
    partition by case_key
    order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
  ) = 1
),
-- when somebody had it again, at a time after it was sent
held_again as (
  select h.case_key, h.from_at
  from holding_facts h
  semi join withdrawn using (case_key)
  -- as the view: of days that the calendar has
  join calendar a on a.day = h.from_date
  where coalesce(h.to_at > h.from_at, true) and coalesce(h.to_date >= (select min(day) from calendar), true)
),
sent as (
  select
    h.case_key, h.kind, h.from_agency, h.to_agency, h.sent_at,
    -- what was never received lies between two agencies until anybody acts; what has not happened is null, and ignored
    least(
      h.received_at, h.ended_at, g.from_at, lead(h.sent_at) over (partition by h.case_key order by h.position)
    ) as until_at
  from (from handoff_facts semi join withdrawn using (case_key)) h
  asof left join held_again g on g.case_key = h.case_key and g.from_at >= h.sent_at
),
handed as (
  select
    w.case_key,
    bool_or(h.kind = 'return') as sent_back,
    bool_or(h.from_agency <> h.to_agency and coalesce(h.until_at >= w.withdrawn_at, true)) as in_limbo,
    count(*) >= 3 as many_hands
  from withdrawn w
  join sent h on h.case_key = w.case_key and h.sent_at < w.withdrawn_at
  group by w.case_key
),
contacted as (
  select
    w.case_key,
    bool_or(c.kind = 'promised' and c.due_at < w.withdrawn_at and coalesce(c.answered_at > c.due_at, true)) as promise_broken,
    bool_or(c.kind in ('made', 'told', 'agreed') and c.occurred_at >= w.withdrawn_at - interval 28 days) as heard
  from withdrawn w
  join contact_facts c on c.case_key = w.case_key and c.occurred_at < w.withdrawn_at
  group by w.case_key
),
decided as (
  select w.case_key, bool_or(coalesce(t.told_at >= w.withdrawn_at, true)) as untold
  from withdrawn w
  join telling_facts t using (case_key)
  join events e on e.event_key = t.event_key and e.case_key = t.case_key
  where e.occurred_at < w.withdrawn_at
  group by w.case_key
),
judged as (
  select
    w.case_key, w.withdrawn_at, w.agency,
    unnest([
      {'before': 'a promise of contact that was not kept in time', 'had': coalesce(c.promise_broken, false)},
      {'before': 'four weeks without a word from anybody', 'had': o.opened_at <= w.withdrawn_at - interval 28 days and not coalesce(c.heard, false)},
      {'before': 'a decision that the victim was not told of', 'had': coalesce(d.untold, false)},
      {'before': 'a file that was sent back', 'had': coalesce(h.sent_back, false)},
      {'before': 'a case that lay between two agencies', 'had': coalesce(h.in_limbo, false)},
      {'before': 'three or more changes of hands', 'had': coalesce(h.many_hands, false)}
    ], recursive := true)
  from withdrawn w
  join case_facts o using (case_key)
  left join handed h using (case_key)
  left join contacted c using (case_key)
  left join decided d using (case_key)
)
select
  case_key,
  withdrawn_at as from_at,
  null::timestamp as until_at,
  withdrawn_at as counted_at,
  agency,
  null::varchar as unit,
  if(had, 'had', 'had_not') as outcome,
  before
from judged
