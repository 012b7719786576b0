-- One row per communication with the victim, and for a promise or a request what answered it.
-- reads: case_events, case_records, rules, agencies
with contacts as (
  select
    e.case_key, e.event_key, e.position, r.contact as kind, e.agency, e.unit, e.occurred_at, e.occurred_precision,
    d.channel, d.reference, d.answers, d.due_at
  from case_events e
  join rules r using (rule)
  join case_records d using (event_key)
  where r.contact is not null
),
answers as (
  select c.*, coalesce(a.role, '') <> 'advocate' as is_official
  from contacts c
  left join agencies a using (agency)
  where c.kind in ('made', 'told')
),
asked as (
  select
    c.*,
    -- a reference that any answer in the case carries is matched by it alone
    exists (select 1 from answers a where a.case_key = c.case_key and a.answers = c.reference) as by_reference
  from contacts c
  where c.kind in ('promised', 'requested')
),
answered as (
  select
    q.event_key,
    min({'position': a.position, 'occurred_at': a.occurred_at, 'event': a.event_key}) as answer
  from asked q
  join answers a
    on a.case_key = q.case_key and a.position > q.position
    and case
      when q.by_reference then a.answers = q.reference
      when q.kind = 'promised' then a.answers is null and a.agency = q.agency
      else a.answers is null and a.is_official
    end
  group by q.event_key
)
select
  c.case_key,
  c.position,
  c.kind,
  c.agency,
  c.unit,
  c.occurred_at,
  c.occurred_precision,
  c.channel,
  c.reference,
  c.due_at,
  w.answer.occurred_at as answered_at,
  w.answer.event as answered_by,
  c.event_key
from contacts c
left join answered w using (event_key)
