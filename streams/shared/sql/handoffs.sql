-- One row per handoff of a case in `waiting_cases`; `sent_key` is the key of the event that sent it, and `content` what is
-- said of it, as a digest.
-- reads: handoff_facts, published_handoffs, case_areas; `shown_handoffs`, the rows of the public view
create or replace temp table said_handoffs as
with rows as (
  select
    f.case_key, f.sent_event as sent_key,
    v.case_id || '/' || lpad(lower(to_hex(f.sent_event)), 16, '0') as handoff_id,
    v.* exclude (waiting_seconds)
  from handoff_facts f
  join shown_handoffs v
    on v.case_id = 'c' || lpad(lower(to_hex(f.case_key)), 16, '0') and v.position = f.position
  where f.case_key in (select case_key from waiting_cases)
)
select *, md5(r::varchar) as content from rows r;

create or replace temp table gone_handoffs as
select p.case_key, p.sent_event
from published_handoffs p
anti join said_handoffs s on s.case_key = p.case_key and s.sent_key = p.sent_event
where p.case_key in (select case_key from waiting_cases);

-- what is said already is not said again
create or replace temp table handoffs_to_say as
select s.*, a.area as area_of_key
from said_handoffs s
anti join published_handoffs p on p.case_key = s.case_key and p.sent_event = s.sent_key and p.content = s.content
left join case_areas a using (case_key);
