-- One row per thing counted that is asked about; what is not stated is a value like any other. Its cuts follow the case.
-- reads: facts
create or replace temp table cut as
select
  case_id,
  {columns}
  {numbers}
from facts
where {chosen}
