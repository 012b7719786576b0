-- One row per event of a case, in the order in which it happened.
create or replace view timeline as
with placed as (
  select
    * exclude (position),
    row_number() over (
      partition by case_key
      order by
        occurred_at, recorded_at nulls last,
        -- whole numbers as numbers, before all other text
        sequence_number(sequence) nulls last, sequence nulls last,
        event_key
    )::integer as position
  from dated_events
  where case_key is not null
)
select
  'c' || lpad(lower(to_hex(e.case_key)), 16, '0') as case_id,
  e.position,
  e.occurred_at,
  e.occurred_precision,
  e.recorded_at,
  e.received_at,
  e.agency,
  e.unit,
  e.source,
  e.type,
  -- the catalogue's phrase, its placeholders filled
  replace(replace(replace(replace(coalesce(t.summary, e.type),
    '{decision}', coalesce(e.decision, 'not stated')),
    '{reason}', coalesce(e.reason, 'no reason given')),
    '{channel}', coalesce(e.channel, 'channel not stated')),
    '{holder}', coalesce(e.holder, 'not stated')) as summary,
  e.decision,
  w.told_at,
  e.event_id,
  e.reason,
  e.reference,
  e.answers,
  e.about,
  e.due_at,
  e.channel,
  shareable_part(e.data, s.fields) as data,
  w.told_precision,
  coalesce(e.revised, false) as revised
from placed e
left join event_types t using (type)
left join shareable_fields s using (type)
left join telling_facts w on w.case_key = e.case_key and w.event_key = e.event_key;
comment on view timeline is 'One row per event of a case, in the order in which it happened.';
comment on column timeline.case_id is 'The case.';
comment on column timeline.position is 'Place in the case, from 1.';
comment on column timeline.occurred_at is 'When it happened: UTC for an instant, else the label (first day) of the day or month.';
comment on column timeline.occurred_precision is 'instant, day, month, or so many days or months.';
comment on column timeline.recorded_at is 'When the agency wrote it down (UTC).';
comment on column timeline.received_at is 'When the first copy was accepted (UTC).';
comment on column timeline.agency is 'Agency that says it happened.';
comment on column timeline.unit is 'Its unit, if stated.';
comment on column timeline.source is 'System that published it.';
comment on column timeline.type is 'Type in the catalogue.';
comment on column timeline.summary is 'What happened, in a phrase.';
comment on column timeline.decision is 'What was decided, if anything.';
comment on column timeline.told_at is 'For a decision: when the victim was first told of it.';
comment on column timeline.event_id is 'The publisher''s id; unique within the source.';
comment on column timeline.reason is 'Reasons given, joined by "; ".';
comment on column timeline.reference is 'Id of the thing that it opens.';
comment on column timeline.answers is 'The reference that it answers.';
comment on column timeline.about is 'Id of the event that the victim is told of.';
comment on column timeline.due_at is 'When an answer is due (UTC).';
comment on column timeline.channel is 'How a communication was made.';
comment on column timeline.data is 'Its other fields, as JSON: those that the catalogue lets others see; none of a type that is restricted.';
comment on column timeline.told_precision is 'Precision of told_at: instant, day, month, or so many days or months.';
comment on column timeline.revised is 'Whether its source said otherwise before: `revisions` shows what.';
