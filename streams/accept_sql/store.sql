-- Write the batch: new events, further copies, and earlier times that a further copy states.
-- reads: arrived, repeated, kept_copies, further_copies, known_copies
insert into events
select
  event_key, null as case_key, source, event_id, type, version, area, agency, unit, occurred_at, occurred_precision,
  recorded_at, received_at, sequence, identifiers, identifier_keys, decision, reason, reference, answers, about, holder,
  due_at, effect_at, enhanced, channel, victim, officer, correlation, causation, data, false as in_conflict, origin, position
from arrived
anti join repeated using (event_key)
union all
select
  event_key, null, source, event_id, type, version, area, agency, unit, occurred_at, occurred_precision,
  recorded_at, received_at, sequence, identifiers, identifier_keys, decision, reason, reference, answers, about, holder,
  due_at, effect_at, enhanced, channel, victim, officer, correlation, causation, data, false, origin, position
from kept_copies;

insert into duplicates
select f.event_key, f.origin, f.position, f.received_at
from further_copies f
anti join duplicates d on d.event_key = f.event_key and d.origin = f.origin and d.position = f.position;
