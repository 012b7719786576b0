-- One row per event that is not seen to be good, by its number `row` in the table.
-- reads: to_admit (EVENTS, row, and present: a bit for each shared field that is there), type_rules (type, version,
-- agency, listed, required: bits of the shared fields; demands_unit, demands_correlation, demands_causation, needs_data),
-- known_areas, known_agencies; variables: earliest, latest, any_area, any_agency
select e.row
from to_admit e
left join type_rules t on t.type = e.type and t.version = e.version
where coalesce(
  t.type is null
  or e.source is null or e.id is null or e.area is null or e.agency is null
  or not (getvariable('any_area') or e.area in (from known_areas))
  or not (getvariable('any_agency') or e.agency in (from known_agencies))
  or e.agency <> coalesce(t.agency, e.agency)
  or e.occurred_precision not in ('instant', 'day', 'month')
  -- a case, because a time beyond what a calendar has cannot be asked for its day
  or case
    when coalesce(e.occurred_at < getvariable('earliest') or e.occurred_at >= getvariable('latest'), true) then true
    when e.occurred_precision = 'instant' then false
    else e.occurred_at <> date_trunc('day', e.occurred_at)
      or (e.occurred_precision = 'month' and day(e.occurred_at) <> 1)
  end
  or coalesce(e.recorded_at < getvariable('earliest') or e.recorded_at >= getvariable('latest'), false)
  or coalesce(e.due_at < getvariable('earliest') or e.due_at >= getvariable('latest'), false)
  or coalesce(e.effect_at < getvariable('earliest') or e.effect_at >= getvariable('latest'), false)
  or e.origin is null or e.position is null or e.identifiers is null or e.data is null
  -- a field that the type does not list, or lacks
  or (e.present & ~t.listed) <> 0 or (t.required & ~e.present) <> 0
  or (t.demands_unit and e.unit is null)
  or (t.demands_correlation and e.correlation is null)
  or (t.demands_causation and e.causation is null)
  -- a type that needs a field of `data` is looked into elsewhere; here only that there is one at all
  or (t.needs_data and e.data = '{}'),
  true)
