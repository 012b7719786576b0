-- One row per alert that stands at `as_of`: something is owed and late, or two records disagree.
create or replace view alerts as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(last_at)) as as_of from case_facts
),
named as (
  select event_key, event_id from events where standing = 'stands'
),
standing as (
  -- `matter` tells alerts of one kind and case apart, and never changes; `subject` is for people
  select
    f.case_key, 'clock_overdue' as kind, s.owner as agency, f.due_at as since,
    concat_ws(' ', f.standard, f.version, to_hex(f.start_event)) as matter,
    concat_ws(' ', f.standard, n.event_id) as subject
  from clock_facts f
  cross join asked
  join standards s using (standard, version)
  left join named n on n.event_key = f.start_event
  where f.stopped_at is null and f.due_at is not null and asked.as_of > f.due_latest
    and coalesce(f.paused_since > asked.as_of, true)

  union all
  select f.case_key, 'limbo_unacknowledged', f.to_agency, f.sent_at, to_hex(f.sent_event), n.event_id
  from handoff_facts f
  cross join asked
  join alert_rules r on r.kind = 'limbo_unacknowledged'
  left join named n on n.event_key = f.sent_event
  where f.received_at is null and f.ended_at is null and asked.as_of > f.sent_at + to_microseconds((r.days * 86400000000)::bigint)

  union all
  select f.case_key, 'contact_broken', f.agency, f.due_at, to_hex(f.event_key), n.event_id
  from contact_facts f
  cross join asked
  left join named n using (event_key)
  where f.kind in ('promised', 'requested') and f.answered_at is null and f.due_at < asked.as_of

  union all
  select
    f.case_key, 'decision_not_told', e.agency, coalesce(e.effect_at, e.occurred_at), to_hex(f.event_key), e.event_id
  from telling_facts f
  join events e on e.event_key = f.event_key and e.case_key = f.case_key
  cross join asked
  join alert_rules r on r.kind = 'decision_not_told'
  where f.class = 'not_told'
    and asked.as_of > coalesce(e.effect_at, e.occurred_at + to_microseconds((r.days * 86400000000)::bigint))

  union all
  select
    case_key, kind, null, from_at,
    concat_ws(' ', left_agency, right_agency, from_at::varchar),
    concat(left_agency, ' says ', left_claim, ', ', right_agency, ' says ', right_claim)
  from contradiction_facts
  where to_at is null and kind in ('each_points_at_other', 'both_claim')

  union all
  select
    null, 'conflict', (select min(agency) from agencies where role = 'steward'), min(received_at),
    concat_ws(' ', source, event_id), concat_ws(' ', source, event_id)
  from quarantined
  where reason = 'conflict'
  group by source, event_id
)
select
  lpad(lower(to_hex(md5_number_lower(concat_ws(chr(31), kind, to_hex(a.case_key), a.matter)))), 16, '0') as alert_id,
  kind,
  'c' || lpad(lower(to_hex(a.case_key)), 16, '0') as case_id,
  c.area,
  a.agency,
  a.since,
  a.subject,
  r.severity
from standing a
join alert_rules r using (kind)
left join case_facts c using (case_key);
comment on view alerts is 'One row per alert that stands at `as_of`: something is owed and late, or two records disagree.';
comment on column alerts.alert_id is 'Id of the alert: the same matter has the same id for as long as it stands.';
comment on column alerts.kind is 'clock_overdue, limbo_unacknowledged (sent, and nothing acknowledges it), contact_broken (promised or asked for, and not kept), decision_not_told, each_points_at_other, both_claim (see contradictions), or conflict (one event was published twice with other content).';
comment on column alerts.case_id is 'The case; null for a conflict, whose event belongs to no case until a steward has decided.';
comment on column alerts.area is 'Area of the case.';
comment on column alerts.agency is 'Agency that owes the next step; null where two agencies say different things.';
comment on column alerts.since is 'Since when: due, sent, promised for, in effect (or decided), said so, or received.';
comment on column alerts.subject is 'What it is about: the standard, the event or its source, or what the two agencies say.';
comment on column alerts.severity is 'low, medium or high, as the domain says.';
