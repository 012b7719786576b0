-- What is said to others in the shared topics, and what was read from them; and the words for columns that are shared.

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

comment on column case_facts.case_key is 'The case.';
comment on column case_facts.area is 'Area (police force code).';
comment on column case_facts.identifiers is 'Its identifiers, as kind:value.';
comment on column case_facts.opened_at is 'Time of its first event.';
comment on column case_facts.closed_at is 'When it was closed, if its last step closed it.';
comment on column case_facts.state is 'held, limbo (sent and not received), closed, or unknown (no event says who holds it).';
comment on column case_facts.holder_agency is 'Agency that holds it now; null in limbo and when closed.';
comment on column case_facts.holder_unit is 'Unit that holds it now, if known.';
comment on column case_facts.awaiting_agency is 'In limbo: the agency that it was sent to.';
comment on column case_facts.holder_since is 'Since when it is in this state.';
comment on column case_facts.events is 'Number of its events.';
comment on column case_facts.handoffs is 'Number of its handoffs.';
comment on column case_facts.last_at is 'Time of its latest event.';

comment on column holding_facts.case_key is 'The case.';
comment on column holding_facts.position is 'Place in the case, from 1.';
comment on column holding_facts.agency is 'Agency that held it.';
comment on column holding_facts.unit is 'Unit that held it, if known.';
comment on column holding_facts.from_at is 'When it began.';
comment on column holding_facts.from_precision is 'Precision of from_at: instant, day or month.';
comment on column holding_facts.to_at is 'When it ended; null while it lasts.';
comment on column holding_facts.to_precision is 'Precision of to_at.';
comment on column holding_facts.from_date is 'Local date on which it began.';
comment on column holding_facts.to_date is 'Local date on which it ended; null while it lasts.';

comment on column handoff_facts.case_key is 'The case.';
comment on column handoff_facts.position is 'Place in the case, from 1.';
comment on column handoff_facts.from_agency is 'Agency that gave.';
comment on column handoff_facts.from_unit is 'Its unit, if known.';
comment on column handoff_facts.to_agency is 'Agency that took, or was sent to.';
comment on column handoff_facts.to_unit is 'Its unit, if known.';
comment on column handoff_facts.sent_at is 'When it was sent; for an implied handoff, the giver''s last step.';
comment on column handoff_facts.sent_precision is 'Precision of sent_at: instant, day or month.';
comment on column handoff_facts.received_at is 'When the taker first acted; null where nothing acknowledges it.';
comment on column handoff_facts.received_precision is 'Precision of received_at.';
comment on column handoff_facts.kind is 'sent, implied (changed hands without a word), or the catalogue''s kind, such as return.';
comment on column handoff_facts.reason is 'Reasons given with the sending.';
comment on column handoff_facts.limbo_seconds is 'Seconds between sent and received, by the stated times.';
comment on column handoff_facts.limbo_least_seconds is 'The least that limbo can have lasted, given the precision of both times.';
comment on column handoff_facts.limbo_most_seconds is 'The most that limbo can have lasted.';
comment on column handoff_facts.held_seconds is 'Seconds that the giver had held it before.';
comment on column handoff_facts.ended_at is 'For one never received: when the case was closed.';
comment on column handoff_facts.sent_event is 'Key of the event that sent it (or of the giver''s last step).';
comment on column handoff_facts.received_event is 'Key of the event that acknowledged it.';

comment on column clock_facts.case_key is 'The case.';
comment on column clock_facts.standard is 'Id of the standard.';
comment on column clock_facts.version is 'Version of the standard.';
comment on column clock_facts.start_event is 'Key of the event that started it.';
comment on column clock_facts.started_at is 'When it started, as stated.';
comment on column clock_facts.started_precision is 'Precision of started_at: instant, day or month.';
comment on column clock_facts.start_earliest is 'The earliest that it can have started (UTC).';
comment on column clock_facts.start_latest is 'The latest that it can have started (UTC).';
comment on column clock_facts.start_first is 'The first local date on which it can have started.';
comment on column clock_facts.start_last is 'The last local date on which it can have started.';
comment on column clock_facts.stop_event is 'Key of the event that stopped or cancelled it.';
comment on column clock_facts.stopped_at is 'When it stopped or was cancelled, as stated; null while it runs.';
comment on column clock_facts.stop_earliest is 'The earliest that it can have stopped (UTC).';
comment on column clock_facts.stop_latest is 'The latest that it can have stopped (UTC).';
comment on column clock_facts.stop_first is 'The first local date on which it can have stopped.';
comment on column clock_facts.stop_last is 'The last local date on which it can have stopped.';
comment on column clock_facts.cancelled is 'Its matter ended before it was met.';
comment on column clock_facts.amount is 'The limit, in `unit`; null where it is set for the case, or nothing is owed.';
comment on column clock_facts.unit is 'hours, calendar_days, working_days or months.';
comment on column clock_facts.due_at is 'The last moment in time (UTC); null without a limit.';
comment on column clock_facts.due_latest is 'As due_at, counted from the latest that the start can have been.';
comment on column clock_facts.paused is 'How long it stood still, in `unit` (days for months).';
comment on column clock_facts.paused_since is 'When the pause began that is still open.';
comment on column clock_facts.pause_earliest is 'The earliest that the open pause can have begun (UTC).';
comment on column clock_facts.pause_latest is 'The latest that the open pause can have begun (UTC).';
comment on column clock_facts.pause_first is 'The first local date on which the open pause can have begun.';
comment on column clock_facts.pause_last is 'The last local date on which the open pause can have begun.';

comment on column contact_facts.case_key is 'The case.';
comment on column contact_facts.position is 'Place of the event in the timeline of the case.';
comment on column contact_facts.kind is 'promised, requested, agreed, attempted, made or told.';
comment on column contact_facts.agency is 'Agency that recorded it.';
comment on column contact_facts.unit is 'Its unit, if stated.';
comment on column contact_facts.occurred_at is 'When.';
comment on column contact_facts.occurred_precision is 'Precision of occurred_at: instant, day or month.';
comment on column contact_facts.channel is 'How.';
comment on column contact_facts.reference is 'Id of the promise or request.';
comment on column contact_facts.due_at is 'When it was promised for, or asked by.';
comment on column contact_facts.answered_at is 'When it was answered.';
comment on column contact_facts.answered_by is 'Key of the event that answered it.';
comment on column contact_facts.event_key is 'Key of the event.';

comment on column telling_facts.case_key is 'The case.';
comment on column telling_facts.event_key is 'Key of the deciding event.';
comment on column telling_facts.position is 'Place of the decision in the timeline of the case.';
comment on column telling_facts.told_at is 'When the victim was first told.';
comment on column telling_facts.told_precision is 'Precision of told_at: instant, day or month.';
comment on column telling_facts.told_by is 'Agency that told.';
comment on column telling_facts.channel is 'How.';
comment on column telling_facts.lag_seconds is 'Seconds from the decision to the telling; negative where the victim was told before.';
comment on column telling_facts.class is 'before_effect, after_effect, told (no effect time known) or not_told.';
comment on column telling_facts.told_event is 'Key of the telling event.';

comment on column claim_facts.case_key is 'The case.';
comment on column claim_facts.agency is 'Agency that says it.';
comment on column claim_facts.position is 'Place in the case, from 1.';
comment on column claim_facts.claimed_holder is 'Agency that it says holds the case.';
comment on column claim_facts.from_at is 'Since when.';
comment on column claim_facts.to_at is 'Until when; null while it stands.';
comment on column claim_facts.event_key is 'Key of the event that said it first.';

comment on column contradiction_facts.case_key is 'The case.';
comment on column contradiction_facts.left_agency is 'One agency (the lesser name).';
comment on column contradiction_facts.right_agency is 'The other.';
comment on column contradiction_facts.left_claim is 'Who holds it, says the one.';
comment on column contradiction_facts.right_claim is 'Who holds it, says the other.';
comment on column contradiction_facts.kind is 'each_points_at_other, both_claim or differ.';
comment on column contradiction_facts.from_at is 'Since when.';
comment on column contradiction_facts.to_at is 'Until when; null while it lasts.';
