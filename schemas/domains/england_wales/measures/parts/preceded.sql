-- One row per case in which the victim withdrew, and thing that may have preceded it: whether it `had`.
-- reads: withdrawn, cases, holdings, handoffs, contacts, tellings
with sent as (
{handed_on}
),
handed as (
  select
    w.case_id,
    bool_or(h.kind = 'return') as sent_back,
    bool_or(h.from_agency <> h.to_agency and coalesce(h.until_at >= w.withdrawn_at, true)) as in_limbo,
    count(*) >= 3 as many_hands
  from withdrawn w
  join sent h on h.case_id = w.case_id and h.sent_at < w.withdrawn_at
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
)
select
  w.case_id, w.withdrawn_at, w.agency,
  unnest([
    {'before': 'a promise of contact that was not kept in time', 'had': coalesce(c.promise_broken, false)},
    {'before': 'four weeks without a word from anybody', 'had': o.opened_at <= w.withdrawn_at - interval 28 days and not coalesce(c.heard, false)},
    {'before': 'a decision that the victim was not told of', 'had': coalesce(d.untold, false)},
    {'before': 'a file that was sent back', 'had': coalesce(h.sent_back, false)},
    {'before': 'a case that lay between two agencies', 'had': coalesce(h.in_limbo, false)},
    {'before': 'three or more changes of hands', 'had': coalesce(h.many_hands, false)}
  ], recursive := true)
from withdrawn w
join cases o using (case_id)
left join handed h using (case_id)
left join contacted c using (case_id)
left join decided d using (case_id)
