-- Write the records whose key is new to the store and stands once in the batch: nearly all.
-- reads: incoming, repeated
insert into events by name
select
  event_key, null as case_key, source, id as event_id, type, version, area, agency, unit, occurred_at,
  occurred_precision, recorded_at, received_at, sequence, identifiers,
  linking_keys(area, identifiers) as identifier_keys, decision, reason, reference, answers, about, holder, due_at,
  effect_at, enhanced, channel, victim, officer, correlation, causation, retracts, data,
  if(retracts, 'retraction', 'stands') as standing, origin, position
from (select *, event_key_of(area, source, id) as event_key from incoming)
anti join repeated using (event_key);
