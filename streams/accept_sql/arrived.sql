-- One row per record of the batch, with its keys.
-- reads: incoming (the Arrow table), identifier_kinds
create or replace temp table arrived as
select
  event_key_of(source, id) as event_key,
  source, id as event_id, type, version, area, agency, unit, occurred_at, occurred_precision, recorded_at,
  getvariable('received_at')::timestamp as received_at,
  sequence, identifiers,
  list_transform(
    list_filter(identifiers, lambda x: list_contains(getvariable('linking_kinds'), x.kind)),
    lambda x: identifier_key_of(area, x.kind, x.value)
  ) as identifier_keys,
  decision, reason, reference, answers, about, holder, due_at, effect_at, enhanced, channel, victim, officer,
  correlation, causation, data, origin, position
from incoming;
