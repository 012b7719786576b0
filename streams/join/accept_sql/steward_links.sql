-- Which pairs of identifiers stewards linked or unlinked; rows of `decided_links` are pairs, with the decision in force.
-- reads: link_acts
create or replace temp table decided_links as
select left_key, right_key, links as linked from link_acts where state = 'in force';

-- identifiers whose pair was decided again, or is no longer decided
insert into unsettled_identifiers
select unnest([left_key, right_key])
from (
  (from decided_links except from steward_links)
  union all
  (from steward_links except from decided_links)
);
delete from steward_links;
insert into steward_links from decided_links;

