-- One row less per record that was read again and is not refused as before: it is an event now, or refused otherwise.
-- reads: judged_again (quarantine_id), refused_again (REJECTS)
delete from quarantined
where quarantine_id in (select quarantine_id from judged_again)
  and quarantine_id not in (select quarantine_id_of(reason, raw, source, id) from refused_again)
