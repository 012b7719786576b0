-- One row more in `outgoing_cases` per case that was published, of which others may see more or less than before.
-- reads: given (the fields that they may see from now on), shareable_fields, events, log_positions
insert into outgoing_cases
select distinct e.case_key
from events e
left join shareable_fields b using (type)
left join given g using (type)
where e.case_key is not null
  -- what reads no topic publishes nothing
  and exists (from log_positions)
  -- a store of before there were such lists showed everything
  and if(exists (from shareable_fields), shareable_part(e.data, b.fields), e.data) <> shareable_part(e.data, g.fields);
