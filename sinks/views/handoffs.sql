-- One row per change of holder, acknowledged or not.
create or replace view handoffs as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
-- what was sent by then; what arrived or ended later had not yet
sent as (
  select
    f.* replace (
      if(f.received_at <= asked.as_of, f.received_at, null) as received_at,
      if(f.received_at <= asked.as_of, f.received_precision, null) as received_precision,
      if(f.received_at <= asked.as_of, f.received_event, null) as received_event,
      if(f.received_at <= asked.as_of, f.limbo_seconds, null) as limbo_seconds,
      if(f.received_at <= asked.as_of, f.limbo_least_seconds, null) as limbo_least_seconds,
      if(f.received_at <= asked.as_of, f.limbo_most_seconds, null) as limbo_most_seconds,
      if(f.ended_at > asked.as_of, null, f.ended_at) as ended_at
    ),
    asked.as_of
  from handoff_facts f
  cross join asked
  where coalesce(f.sent_at <= asked.as_of, true)
)
select
  'c' || lpad(lower(to_hex(h.case_key)), 16, '0') as case_id,
  h.position,
  h.from_agency,
  h.from_unit,
  h.to_agency,
  h.to_unit,
  h.sent_at,
  h.received_at,
  h.kind,
  h.reason,
  h.limbo_seconds,
  h.held_seconds,
  s.event_id as sent_event,
  r.event_id as received_event,
  h.sent_precision,
  h.received_precision,
  h.limbo_least_seconds,
  h.limbo_most_seconds,
  h.ended_at,
  case
    when h.received_at is null
      then greatest((epoch_us(coalesce(h.ended_at, h.as_of)) - epoch_us(h.sent_at)) / 1e6, 0)
  end as waiting_seconds
from sent h
left join (select event_key, event_id from events where standing = 'stands') s on s.event_key = h.sent_event
left join (select event_key, event_id from events where standing = 'stands') r on r.event_key = h.received_event;
comment on view handoffs is 'One row per change of holder, acknowledged or not.';
comment on column handoffs.case_id is 'The case.';
comment on column handoffs.position is 'Place in the case, from 1.';
comment on column handoffs.from_agency is 'Agency that gave.';
comment on column handoffs.from_unit is 'Its unit, if known.';
comment on column handoffs.to_agency is 'Agency that took, or was sent to.';
comment on column handoffs.to_unit is 'Its unit, if known.';
comment on column handoffs.sent_at is 'When it was sent; for an implied handoff, the giver''s last step.';
comment on column handoffs.received_at is 'When the taker first acted; null where nothing acknowledges it.';
comment on column handoffs.kind is 'sent, implied (changed hands without a word), or the catalogue''s kind, such as return.';
comment on column handoffs.reason is 'Reasons given with the sending.';
comment on column handoffs.limbo_seconds is 'Seconds between sent and received, by the stated times.';
comment on column handoffs.held_seconds is 'Seconds that the giver had held it before.';
comment on column handoffs.sent_event is 'Event that sent it (or the giver''s last step).';
comment on column handoffs.received_event is 'Event that acknowledged it.';
comment on column handoffs.sent_precision is 'Precision of sent_at: instant, day, month, or so many days or months.';
comment on column handoffs.received_precision is 'Precision of received_at.';
comment on column handoffs.limbo_least_seconds is 'The least that limbo can have lasted, given the precision of both times.';
comment on column handoffs.limbo_most_seconds is 'The most that limbo can have lasted.';
comment on column handoffs.ended_at is 'For one never received: when the case was closed.';
comment on column handoffs.waiting_seconds is 'For one never received: seconds from sent to `as_of`, or to where the case was closed.';
