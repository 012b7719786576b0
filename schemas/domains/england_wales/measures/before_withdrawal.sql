-- One row per case in which the victim withdrew, and thing that may have preceded it: whether it had.
with withdrawn as (
  select t.case_id, min(t.occurred_at) as withdrawn_at, arg_min(t.agency, (t.occurred_at, t.position)) as agency
  from timeline t
  cross join as_at a
  where ends_with(t.type, '.victim.support_withdrawn') and t.occurred_at <= a.as_of
  group by t.case_id
),
handed as (
  select
    w.case_id,
    bool_or(h.kind = 'return') as sent_back,
    bool_or(h.from_agency <> h.to_agency and coalesce(h.received_at, h.ended_at, w.withdrawn_at) >= w.withdrawn_at) as in_limbo,
    count(*) >= 3 as many_hands
  from withdrawn w
  join handoffs h on h.case_id = w.case_id and h.sent_at < w.withdrawn_at
  group by w.case_id
),
contacted as (
  select
    w.case_id,
    bool_or(c.kind = 'promised' and c.due_at < w.withdrawn_at and coalesce(c.answered_at > c.due_at, true)) as promise_broken,
    bool_or(c.kind in ('made', 'told', 'agreed') and c.occurred_at >= w.withdrawn_at - interval 28 days) as heard
  from withdrawn w
  join contacts c on c.case_id = w.case_id and c.occurred_at < w.withdrawn_at
  group by w.case_id
),
decided as (
  select w.case_id, bool_or(coalesce(t.told_at >= w.withdrawn_at, true)) as untold
  from withdrawn w
  join tellings t on t.case_id = w.case_id and t.decided_at < w.withdrawn_at
  group by w.case_id
),
judged as (
  select
    w.case_id, w.withdrawn_at, w.agency,
    unnest([
      {'before': 'a promise of contact that was not kept in time', 'had': coalesce(c.promise_broken, false)},
      {'before': 'four weeks without a word from anybody', 'had': not coalesce(c.heard, false)},
      {'before': 'a decision that the victim was not told of', 'had': coalesce(d.untold, false)},
      {'before': 'a file that was sent back', 'had': coalesce(h.sent_back, false)},
      {'before': 'a case that lay between two agencies', 'had': coalesce(h.in_limbo, false)},
      {'before': 'three or more changes of hands', 'had': coalesce(h.many_hands, false)}
    ], recursive := true)
  from withdrawn w
  left join handed h using (case_id)
  left join contacted c using (case_id)
  left join decided d using (case_id)
)
select case_id, withdrawn_at as counted_at, agency, null::varchar as unit, if(had, 'had', 'had_not') as outcome, before
from judged
