-- One row per record of the batch: its key. The records themselves stay in the Arrow table until they are written.
-- reads: incoming, event_keys
create or replace temp table arrived as
select event_key_of(area, source, id) as event_key, type, retracts from incoming;

create or replace temp table known as
from event_keys semi join arrived using (event_key);

create or replace temp table repeated as
select event_key from arrived group by event_key having count(*) > 1
union
select event_key from known;

insert into event_keys select distinct event_key from arrived anti join known using (event_key);
