-- One row per case and span of `as_of` in which its victim's last word on their support is the same.
with said as (
  select
    case_key,
    list(
      {'at': occurred_at, 'withdraws': ends_with(type, '.victim.support_withdrawn')}
      -- as the view `timeline` has it
      order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
    ) as words
  from dated_events
  where case_key is not null
    and (ends_with(type, '.victim.support_withdrawn') or ends_with(type, '.victim.support_resumed'))
  group by case_key
),
-- before the first word, after the first, after the second …
spans as (
  select
    c.case_key, c.opened_at, s.words,
    list_position([word.withdraws for word in s.words], true) as withdrawn,
    unnest(range(coalesce(len(s.words), 0) + 1)) as said
  from case_facts c
  left join said s using (case_key)
),
judged as (
  select
    case_key, opened_at,
    if(said = 0, opened_at, words[said].at) as from_at,
    words[said + 1].at as until_at,
    case
      when words[said].withdraws then 'withdrew'
      -- to resume what was never withdrawn says nothing
      when withdrawn <= said then 'resumed'
      else 'supports'
    end as outcome
  from spans
)
select
  case_key, from_at, until_at,
  opened_at as counted_at,
  null::varchar as agency,
  null::varchar as unit,
  outcome
from judged
where coalesce(from_at < until_at, true)
