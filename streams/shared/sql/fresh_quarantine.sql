-- One row per message in `arrived_messages` that is not older than what was taken of its record in quarantine.
create or replace temp table fresh as
select a.quarantine_id, a.version, a.place
from (select ('0x' || key)::ubigint as quarantine_id, version, place from arrived_messages) a
left join quarantine_versions v using (quarantine_id)
where v.version is null or a.version >= v.version;
