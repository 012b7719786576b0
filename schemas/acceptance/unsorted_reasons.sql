-- One row per event whose reasons are not sorted, each once, by its number `row`.
-- reads: to_admit (EVENTS and row)
select row
from to_admit
where contains(reason, ';')
  and string_split(reason, '; ') <> list_sort(list_distinct(string_split(reason, '; ')))
