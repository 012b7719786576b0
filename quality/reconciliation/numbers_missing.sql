-- One row per run of numbers that is missing in a source's sequence.
-- reads: sequence_gaps
select
  agency, concat(source, ' ', if(first_number = last_number, first_number::varchar, concat(first_number, ' to ', last_number))) as subject,
  after_at::date as from_day, before_at::date as to_day, numbers as expected, 0 as found
from sequence_gaps
