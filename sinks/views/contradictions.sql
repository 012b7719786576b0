-- One row per interval in which two agencies say different things of who holds the case.
create or replace view contradictions as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
)
select
  'c' || lpad(lower(to_hex(f.case_key)), 16, '0') as case_id,
  f.left_agency,
  f.right_agency,
  f.left_claim,
  f.right_claim,
  f.kind,
  f.from_at,
  if(f.to_at > asked.as_of, null, f.to_at) as to_at,
  (epoch_us(coalesce(if(f.to_at > asked.as_of, asked.as_of, f.to_at), greatest(asked.as_of, f.from_at))) - epoch_us(f.from_at)) / 1e6 as seconds
from contradiction_facts f
cross join asked
-- what began later had not begun
where coalesce(f.from_at <= asked.as_of, true);
comment on view contradictions is 'One row per interval in which two agencies say different things of who holds the case.';
comment on column contradictions.case_id is 'The case.';
comment on column contradictions.left_agency is 'One agency (the lesser name).';
comment on column contradictions.right_agency is 'The other.';
comment on column contradictions.left_claim is 'Who holds it, says the one.';
comment on column contradictions.right_claim is 'Who holds it, says the other.';
comment on column contradictions.kind is 'each_points_at_other, both_claim or differ.';
comment on column contradictions.from_at is 'Since when.';
comment on column contradictions.to_at is 'Until when; null while it lasts.';
comment on column contradictions.seconds is 'How long, in seconds; up to `as_of` while it lasts.';
