-- One row per case: who holds it now, what it consists of, and what it is about.
create or replace view cases as
select
  'c' || lpad(lower(to_hex(case_key)), 16, '0') as case_id,
  area,
  identifiers,
  opened_at,
  closed_at,
  holder_agency,
  holder_unit,
  holder_since,
  events,
  handoffs,
  state,
  awaiting_agency,
  -- one for each facet of the store's domain (sinks/schema.py)
  stated_facet(facets, '$facet', asked.as_of) as "$facet",
from case_facts
cross join (select as_of from as_at) asked;
comment on view cases is 'One row per case: who holds it now, what it consists of, and what it is about.';
comment on column cases.case_id is 'Id of the case, made of the least of its identifiers; every identifier it ever had resolves to it.';
comment on column cases.area is 'Area (police force code).';
comment on column cases.identifiers is 'Its identifiers, as kind:value.';
comment on column cases.opened_at is 'Time of its first event.';
comment on column cases.closed_at is 'When it was closed, if its last step closed it.';
comment on column cases.holder_agency is 'Agency that holds it now; null in limbo and when closed.';
comment on column cases.holder_unit is 'Unit that holds it now, if known.';
comment on column cases.holder_since is 'Since when it is in this state.';
comment on column cases.events is 'Number of its events.';
comment on column cases.handoffs is 'Number of its handoffs.';
comment on column cases.state is 'held, limbo (sent and not received), closed, or unknown (no event says who holds it).';
comment on column cases.awaiting_agency is 'In limbo: the agency that it was sent to.';
comment on column cases."$facet" is '$meaning';
