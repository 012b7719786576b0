-- One row per record that could not be accepted, with its reason and without its content.
create or replace view quarantine as
select quarantine_id, reason, field, detail, source, event_id, type, origin, position, received_at, content_hash
from quarantined;
comment on view quarantine is 'One row per record that could not be accepted, with its reason and without its content.';
comment on column quarantine.quarantine_id is 'Id of the row.';
comment on column quarantine.reason is 'Code of the reason.';
comment on column quarantine.field is 'Dotted path of the field at fault.';
comment on column quarantine.detail is 'What was expected.';
comment on column quarantine.source is 'Its source, where readable.';
comment on column quarantine.event_id is 'Its id, where readable.';
comment on column quarantine.type is 'Its type, where readable.';
comment on column quarantine.origin is 'File or topic-partition that it was read from.';
comment on column quarantine.position is 'Line, row or offset there.';
comment on column quarantine.received_at is 'When it was read (UTC).';
comment on column quarantine.content_hash is 'For a conflict: the name of this copy, for the steward''s decision.';
