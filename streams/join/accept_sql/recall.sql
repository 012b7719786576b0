-- Every event unplaced and its keys computed again; rows of `contested` are events of which several contents were received.
-- reads: events
update events
set
  case_key = null, identifier_keys = linking_keys(area, identifiers), revised = null,
  standing = if(retracts, 'retraction', 'stands');

create or replace temp table contested as
select event_key from events group by event_key having count(*) > 1;
