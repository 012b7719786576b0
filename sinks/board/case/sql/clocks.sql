-- One row per clock of the case that has a limit, as it stands: those that are missed or still run first.
select
  standard, version, title, owner, started_at, due_at, stopped_at, state, elapsed, overdue, unit, confirmed, local
from clocks
where case_id = $case_id and due_at is not null and state <> 'cancelled'
order by case state when 'overdue' then 0 when 'running' then 1 when 'paused' then 1 when 'late' then 2 else 3 end, due_at, standard
