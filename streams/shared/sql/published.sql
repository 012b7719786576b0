-- What was published is taken off the lists, and noted as said.
-- reads: said_cases and the other tables of `case_state._NOTED`

-- a case that was noted again since it was read has more notes than then: it stays, with one
create or replace temp table noted_again as
select case_key
from (select case_key, count(*) as notes from outgoing_cases group by case_key) n
join said_cases s using (case_key)
where n.notes > s.notes;
delete from outgoing_cases where case_key in (select case_key from said_cases);
insert into outgoing_cases from noted_again;
drop table noted_again;

delete from outgoing_quarantine where quarantine_id in (select quarantine_id from said_quarantine);
delete from published_quarantine
where quarantine_id in (from settled_quarantine) or quarantine_id in (select quarantine_id from said_quarantine);
insert into published_quarantine
select quarantine_id from said_quarantine anti join settled_quarantine using (quarantine_id);

delete from published_handoffs
where (case_key, sent_event) in (
  select (case_key, sent_event) from said_handoffs union all select (case_key, sent_event) from gone_handoffs
);
insert into published_handoffs from said_handoffs;

delete from published_alerts where alert_id in (select alert_id from said_alerts union all from gone_alerts);
insert into published_alerts from said_alerts;
