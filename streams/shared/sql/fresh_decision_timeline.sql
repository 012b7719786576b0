-- One row per message in `arrived_messages` that is not older than what was taken of its case.
create or replace temp table fresh as
select a.case_key, a.version, a.place
from (select ('0x' || key)::ubigint as case_key, version, place from arrived_messages) a
left join case_versions v using (case_key)
where v.version is null or a.version >= v.version;
