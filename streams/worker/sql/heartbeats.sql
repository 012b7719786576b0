-- One row per source and area whose sign of life is later than the one that was kept: it takes its place.
-- reads: beats, heartbeats
create or replace temp table latest_beats as
select b.*
from (
  from (from beats union all from heartbeats)
  qualify row_number() over (
    partition by source, area order by sent_at desc, sequence desc nulls last, waiting nulls last, every_seconds
  ) = 1
) b
semi join beats using (source, area);

delete from heartbeats where (source, area) in (select source, area from latest_beats);

insert into heartbeats from latest_beats;
