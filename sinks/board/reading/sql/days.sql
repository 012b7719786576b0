-- One row: the days on which anything of the case may begin or end, counted to $as_of; a year more on either side, since a
-- time that is known to a month or to several stands for any of its days.
-- $case_key ubigint, $as_of timestamp
select
  min(opened_at)::date - 400 as first_day,
  greatest(max(last_at), $as_of::timestamp)::date + 400 as last_day
from memory.main.case_facts
where case_key = $case_key::ubigint
