-- One row per source: its events, when they happened, and which numbers its sequence lacks.
-- reads: sources
select source, agency, events, duplicates, sequence_gaps, first_seen, last_seen
from sources
order by events desc, source
