-- One row per interval in which an agency says the same of who holds the case.
create or replace view claims as
select
  'c' || lpad(lower(to_hex(f.case_key)), 16, '0') as case_id,
  f.agency,
  f.position,
  f.claimed_holder,
  f.from_at,
  f.to_at,
  e.event_id
from claim_facts f
left join (select event_key, event_id from events where standing = 'stands') e on e.event_key = f.event_key;
comment on view claims is 'One row per interval in which an agency says the same of who holds the case.';
comment on column claims.case_id is 'The case.';
comment on column claims.agency is 'Agency that says it.';
comment on column claims.position is 'Place in the case, from 1.';
comment on column claims.claimed_holder is 'Agency that it says holds the case.';
comment on column claims.from_at is 'Since when.';
comment on column claims.to_at is 'Until when; null while it stands.';
comment on column claims.event_id is 'Event that said it first.';
