-- One row per event of the cases to derive, as it was accepted.
-- reads: dated_events, cases_to_derive, facet_statements
select
  e.case_key, e.event_key, e.event_id, e.type, e.decision, e.agency, e.unit, e.area,
  e.occurred_at, e.occurred_precision, e.recorded_at, e.received_at, e.sequence, e.enhanced,
  e.reason, e.reference, e.answers, e.about, e.holder, e.due_at, e.effect_at, e.channel, e.origin, e.position,
  -- read by facets alone: the rest of it is not copied
  case when e.type in (select type from facet_statements where field is not null) then e.data end as data
from dated_events e
semi join cases_to_derive using (case_key)
where e.standing = 'stands'
