-- One row per alert that stands of a case in `cases_to_say`, and of every conflict: `content` is what is said of it.
-- reads: `shown_alerts`, the rows of the public view; published_alerts
create or replace temp table said_alerts as
select *, ('0x' || case_id[2:])::ubigint as case_key, md5(a::varchar) as content from shown_alerts a;

create or replace temp table alerts_to_say as
select *, area as area_of_key
from said_alerts
anti join published_alerts using (alert_id, content);

create or replace temp table gone_alerts as
select alert_id, case_key
from published_alerts
anti join said_alerts using (alert_id)
where case_key is null or case_key in (from cases_to_say);
