-- One row per statement of an event of which its source said more than one thing, or took it back.
create or replace view revisions as
with several as (
  select event_key from events where standing in ('superseded', 'retraction')
),
contents as (
  -- the earliest time that any copy of a content states
  select e.*, content_hash_of(e) as content_hash from dated_events e semi join several using (event_key)
),
stated as (
  select event_key, content_hash, revision, min(received_at) as received_at
  from statements
  semi join several using (event_key)
  group by all
  union all
  select event_key, content_hash, null, received_at from contents anti join statements using (event_key, content_hash)
),
-- one content over several revisions, with no other between them, is one statement
counted as (
  select *, count(*) filter (is_change) over (in_order rows unbounded preceding) as statement
  from (
    select
      *, coalesce(
        content_hash <> lag(content_hash) over (partition by event_key order by revision nulls first, content_hash), true
      ) as is_change
    from stated
  )
  window in_order as (partition by event_key order by revision nulls first, content_hash)
),
statements_made as (
  select
    event_key, content_hash, statement, min(revision) as from_revision, max(revision) as to_revision,
    min(received_at) as received_at
  from counted
  group by all
),
fields as (
  select
    s.* exclude (received_at), s.received_at as stated_received_at,
    c.* exclude (event_key, content_hash, received_at),
    -- every field that says something, as text; that an event is taken back is all that a retraction says
    if(c.retracts, null, list_filter([
      {'name': 'type', 'says': c.type}, {'name': 'area', 'says': c.area}, {'name': 'agency', 'says': c.agency},
      {'name': 'unit', 'says': c.unit}, {'name': 'occurred_at', 'says': c.occurred_at || ' ' || c.occurred_precision},
      {'name': 'sequence', 'says': c.sequence}, {'name': 'identifiers', 'says': list_sort(c.identifiers)::varchar},
      {'name': 'decision', 'says': c.decision}, {'name': 'reason', 'says': c.reason},
      {'name': 'reference', 'says': c.reference}, {'name': 'answers', 'says': c.answers},
      {'name': 'about', 'says': c.about}, {'name': 'holder', 'says': c.holder},
      {'name': 'due_at', 'says': c.due_at::varchar}, {'name': 'effect_at', 'says': c.effect_at::varchar},
      {'name': 'enhanced', 'says': c.enhanced::varchar}, {'name': 'channel', 'says': c.channel},
      {'name': 'victim', 'says': c.victim}, {'name': 'officer', 'says': c.officer},
      {'name': 'correlation', 'says': c.correlation}, {'name': 'causation', 'says': c.causation}
    ] || list_transform(json_keys(c.data), lambda k: {'name': k, 'says': c.data->>('$."' || k || '"')}),
    lambda f: f.says is not null)) as said
  from statements_made s
  join contents c using (event_key, content_hash)
),
compared as (
  select
    * replace (if(retracts, null, to_revision) as to_revision),
    last_value(said ignore nulls) over before_it as before,
    last_value(if(retracts, null, {'type': type, 'agency': agency, 'unit': unit, 'at': occurred_at, 'prec': occurred_precision})
      ignore nulls) over before_it as taken_back,
    to_revision is not distinct from max(to_revision) over (partition by event_key) as is_highest
  from fields
  window before_it as (
    partition by event_key order by statement rows between unbounded preceding and 1 preceding
  )
),
-- what stands says where the event belongs; where nothing does, what it carries says so
placed as (
  select event_key, min(case_key) as case_key
  from (
    select event_key, case_key from contents where standing = 'stands'
    union all
    select c.event_key, i.case_key
    from (select event_key, unnest(identifier_keys) as identifier_key from contents where retracts is null) c
    join identifiers i using (identifier_key)
    where not i.is_hub and c.event_key not in (select event_key from contents where standing = 'stands')
  )
  group by all
)
select
  'c' || lpad(lower(to_hex(p.case_key)), 16, '0') as case_id,
  d.source,
  d.event_id,
  d.statement::integer as statement,
  d.from_revision,
  d.to_revision,
  if(d.is_highest, d.standing, 'superseded') as standing,
  -- of a retraction: what it takes back
  if(d.retracts, d.taken_back.type, d.type) as type,
  if(d.retracts, d.taken_back.agency, d.agency) as agency,
  if(d.retracts, d.taken_back.unit, d.unit) as unit,
  if(d.retracts, d.taken_back.at, d.occurred_at) as occurred_at,
  if(d.retracts, d.taken_back.prec, d.occurred_precision) as occurred_precision,
  if(d.retracts, null, d.decision) as decision,
  if(d.retracts, null, d.reason) as reason,
  if(d.before is null or d.retracts, null, list_sort(list_distinct(list_transform(
    -- in one of the two, and not in the other
    list_filter(d.said, lambda f: not list_contains(d.before, f))
    || list_filter(d.before, lambda f: not list_contains(d.said, f)),
    lambda f: f.name
  )))) as changed,
  if(d.retracts, null, d.recorded_at) as recorded_at,
  d.stated_received_at as received_at
from compared d
left join placed p using (event_key);
comment on view revisions is 'One row per statement of an event of which its source said more than one thing, or took it back.';
comment on column revisions.case_id is 'The case of the event, or that its identifiers lead to; null where they lead to none.';
comment on column revisions.source is 'System that published it.';
comment on column revisions.event_id is 'The publisher''s id; unique within the source.';
comment on column revisions.statement is 'Place among the statements of the event, from 1, in the order of their revisions.';
comment on column revisions.from_revision is 'Lowest revision at which this was stated without another statement between; null for none.';
comment on column revisions.to_revision is 'Highest revision of that; null for none, and where the event was taken back.';
comment on column revisions.standing is 'stands; superseded: a higher revision says otherwise; retraction: the event was taken back; conflict: the highest revision says several things.';
comment on column revisions.type is 'Type in the catalogue; where the event was taken back, that of what was stated before.';
comment on column revisions.agency is 'Agency that says it happened.';
comment on column revisions.unit is 'Its unit, if stated.';
comment on column revisions.occurred_at is 'When it happened, as stated: UTC for an instant, else the label (first day) of the day or month.';
comment on column revisions.occurred_precision is 'instant, day, month, or so many days or months.';
comment on column revisions.decision is 'What was decided, as stated.';
comment on column revisions.reason is 'Reasons given, joined by "; ".';
comment on column revisions.changed is 'Names of the fields that say something else than the statement before; null for the first, and where the event was taken back.';
comment on column revisions.recorded_at is 'When the agency wrote down what it says (UTC), the earliest time that is stated; null where the event was taken back.';
comment on column revisions.received_at is 'When it was first received (UTC).';
