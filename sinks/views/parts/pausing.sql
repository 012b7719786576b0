-- One row per clock that a pause, over since, held at `as_of`: the first pause that was not over by then. What stood before
-- it stood then.
-- reads: asked
select p.*
from pause_facts p
cross join asked
where p.to_at > asked.as_of
qualify row_number() over (partition by p.case_key, p.standard, p.version, p.start_event order by p.position) = 1
