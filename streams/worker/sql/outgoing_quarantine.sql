-- One row per record that came into quarantine or, as a conflict that was decided, left it: to be published.
-- reads: quarantined, quarantined_before
insert into outgoing_quarantine
(select quarantine_id from quarantined except from quarantined_before)
union all
(from quarantined_before except select quarantine_id from quarantined);
