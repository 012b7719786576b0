-- One row per alert that stands at `as_of`: something is owed and late, or two records disagree.
create or replace view alerts as
with asked as (
  select coalesce(getvariable('as_of')::timestamp, max(reached_at), max(last_at)) as as_of from case_facts
),
named as (
  select event_key, event_id from events where standing = 'stands'
),
pausing as (
{pausing}
),
-- clocks that ran by then: what stopped or paused later had not yet
running as (
  select
    f.case_key, f.standard, f.version, f.start_event,
    if(p.position is null, f.due_at, p.due_at) as due_at,
    if(p.position is null, f.due_latest, p.due_latest) as due_latest
  from clock_facts f
  cross join asked
  left join pausing p using (case_key, standard, version, start_event)
  where f.started_at <= asked.as_of
    and coalesce(f.stopped_at > asked.as_of, true)
    and coalesce(if(p.position is null, f.paused_since, p.from_at) > asked.as_of, true)
),
standing as (
  -- `matter` tells alerts of one kind and case apart, and never changes; `subject` is for people
  select
    f.case_key, 'clock_overdue' as kind, s.owner as agency, f.due_at as since,
    concat_ws(' ', f.standard, f.version, to_hex(f.start_event)) as matter,
    concat_ws(' ', f.standard, n.event_id) as subject
  from running f
  cross join asked
  join standards s using (standard, version)
  left join named n on n.event_key = f.start_event
  where f.due_at is not null and asked.as_of > f.due_latest

  union all
  select f.case_key, 'limbo_unacknowledged', f.to_agency, f.sent_at, to_hex(f.sent_event), n.event_id
  from handoff_facts f
  cross join asked
  join alert_rules r on r.kind = 'limbo_unacknowledged'
  left join named n on n.event_key = f.sent_event
  where coalesce(f.received_at > asked.as_of, true) and coalesce(f.ended_at > asked.as_of, true)
    and asked.as_of > f.sent_at + to_microseconds((r.days * 86400000000)::bigint)

  union all
  select f.case_key, 'contact_broken', f.agency, f.due_at, to_hex(f.event_key), n.event_id
  from contact_facts f
  cross join asked
  left join named n using (event_key)
  where f.kind in ('promised', 'requested') and f.occurred_at <= asked.as_of
    and coalesce(f.answered_at > asked.as_of, true) and f.due_at < asked.as_of

  union all
  select
    f.case_key, 'decision_not_told', e.agency, coalesce(e.effect_at, e.occurred_at), to_hex(f.event_key), e.event_id
  from telling_facts f
  join events e on e.event_key = f.event_key and e.case_key = f.case_key
  cross join asked
  join alert_rules r on r.kind = 'decision_not_told'
  where e.occurred_at <= asked.as_of and coalesce(f.told_at > asked.as_of, true)
    and asked.as_of > coalesce(e.effect_at, e.occurred_at + to_microseconds((r.days * 86400000000)::bigint))

  union all
  select
    f.case_key, f.kind, null, f.from_at,
    concat_ws(' ', f.left_agency, f.right_agency, f.from_at::varchar),
    concat(f.left_agency, ' says ', f.left_claim, ', ', f.right_agency, ' says ', f.right_claim)
  from contradiction_facts f
  cross join asked
  where f.from_at <= asked.as_of and coalesce(f.to_at > asked.as_of, true)
    and f.kind in ('each_points_at_other', 'both_claim')

  union all
  select
    null, 'conflict', (select min(agency) from agencies where role = 'steward'), min(q.received_at),
    concat_ws(' ', q.source, q.event_id), concat_ws(' ', q.source, q.event_id)
  from quarantined q
  -- of an event on which a steward has decided, the copies that do not stand are kept
  anti join (select event_key from events where standing in ('stands', 'retraction')) using (event_key)
  where q.reason = 'conflict'
  group by q.source, q.event_id
  -- a store that was filled at once received everything after the latest event
  having coalesce(min(q.received_at) <= getvariable('as_of')::timestamp, true)
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
left join case_facts c using (case_key)
-- who loads years of history does not want to be told what was late in it
where c.backlog is null;
comment on view alerts is 'One row per alert that stands at `as_of`: something is owed and late, or two records disagree. A case of which nothing but a backlog is known has none.';
comment on column alerts.alert_id is 'Id of the alert: the same matter has the same id for as long as it stands.';
comment on column alerts.kind is 'clock_overdue, limbo_unacknowledged (sent, and nothing acknowledges it), contact_broken (promised or asked for, and not kept), decision_not_told, each_points_at_other, both_claim (see contradictions), or conflict (one event was published twice with other content).';
comment on column alerts.case_id is 'The case; null for a conflict, whose event belongs to no case until a steward has decided.';
comment on column alerts.area is 'Area of the case.';
comment on column alerts.agency is 'Agency that owes the next step; null where two agencies say different things.';
comment on column alerts.since is 'Since when: due, sent, promised for, in effect (or decided), said so, or received.';
comment on column alerts.subject is 'What it is about: the standard, the event or its source, or what the two agencies say.';
comment on column alerts.severity is 'low, medium or high, as the domain says.';
