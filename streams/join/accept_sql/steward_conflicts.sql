-- Which copy stewards let stand; rows of `decided_conflicts` are events, with the latest decision.
-- An act that was itself published with several contents decides nothing.
-- reads: dated_events
create or replace temp table decided_conflicts as
with acts as (
  select
    *, count(*) over (partition by event_key) as contents,
    row_number() over (
      order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
    ) as act
  from dated_events
  -- with its contents of any type
  where event_key in (select event_key from events where type = 'steward.conflict.resolved')
  qualify contents = 1 and type = 'steward.conflict.resolved' and retracts is null
)
select
  event_key_of(area, data->>'$.conflict_source', data->>'$.conflict_id') as event_key,
  arg_max(data->>'$.content_hash', act) as content_hash
from acts
group by all;

insert into contested
select event_key
from ((from decided_conflicts except from resolutions) union all (from resolutions except from decided_conflicts));
delete from resolutions;
insert into resolutions from decided_conflicts;
