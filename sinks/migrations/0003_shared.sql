-- What is said to others in the shared topics, and what was read from them.

create table alert_rules (kind varchar not null, severity varchar not null, days double);
comment on table alert_rules is 'One row per kind of alert that the domain raises.';
comment on column alert_rules.kind is 'Kind of alert.';
comment on column alert_rules.severity is 'low, medium or high.';
comment on column alert_rules.days is 'Days after which it is raised, where it is raised for something that lasts.';

create table published_handoffs (case_key ubigint not null, sent_event ubigint not null, content varchar not null);
comment on table published_handoffs is 'One row per handoff that stands in the shared topic.';
comment on column published_handoffs.case_key is 'The case.';
comment on column published_handoffs.sent_event is 'Event that sent it.';
comment on column published_handoffs.content is 'MD5 of what was said of it: the same is not said twice.';

create table published_alerts (alert_id varchar not null, case_key ubigint, content varchar not null);
comment on table published_alerts is 'One row per alert that stands in the shared topic.';
comment on column published_alerts.alert_id is 'The alert.';
comment on column published_alerts.case_key is 'The case; null for what belongs to none.';
comment on column published_alerts.content is 'MD5 of what was said of it.';

create table published_quarantine (quarantine_id ubigint not null);
comment on table published_quarantine is 'One row per record in quarantine that stands in the shared topic.';
comment on column published_quarantine.quarantine_id is 'The record.';

create table alerts_until (as_of timestamp not null);
comment on table alerts_until is 'At most one row: up to when the passing of time has been looked at for alerts.';
comment on column alerts_until.as_of is 'That time (UTC).';

create table case_versions (case_key ubigint not null, version bigint not null);
comment on table case_versions is 'One row per case that was read from the shared topics, gone or not; empty in a store that is fed with events.';
comment on column case_versions.case_key is 'The case.';
comment on column case_versions.version is 'Version of the message that was taken last: a lesser one is old.';

create table quarantine_versions (quarantine_id ubigint not null, version bigint not null);
comment on table quarantine_versions is 'One row per record in quarantine that was read from the shared topics, gone or not.';
comment on column quarantine_versions.quarantine_id is 'The record.';
comment on column quarantine_versions.version is 'Version of the message that was taken last: a lesser one is old.';

