-- One row per communication with the victim, and for a promise or a request what answered it.
-- reads: case_events, event_types, agencies
with contacts as (
  select e.*, t.contact as kind
  from case_events e
  join event_types t using (type)
  where t.contact is not null
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
    q.case_key, q.position,
    min_by(struct_pack(at := a.occurred_at, id := a.event_id), a.position) as answer
  from asked q
  join answers a
    on a.case_key = q.case_key and a.position > q.position
    and case
      when q.by_reference then a.answers = q.reference
      when q.kind = 'promised' then a.answers is null and a.agency = q.agency
      else a.answers is null and a.is_official
    end
  group by q.case_key, q.position
)
select
  c.case_key,
  c.position::integer as position,
  c.kind,
  c.agency,
  c.unit,
  c.occurred_at,
  c.occurred_precision,
  c.channel,
  c.reference,
  c.due_at,
  w.answer.at as answered_at,
  w.answer.id as answered_by,
  c.event_id
from contacts c
left join answered w using (case_key, position)
