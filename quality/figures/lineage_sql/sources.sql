-- One row per source and origin: where the events of the source were read from.
-- reads: events, log_positions
select distinct e.source, e.agency, coalesce(p.topic, e.origin) as origin, p.topic is not null as is_topic
from (select distinct source, agency, origin from events) e
left join log_positions p on e.origin = p.topic || '-' || p.partition
order by all
