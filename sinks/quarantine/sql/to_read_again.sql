-- One row per record in quarantine that is to be read again, in portions of about 64 MB.
-- Records of one place with other bytes (a file that was edited) have another `turn`. Conflicts are for a steward.
-- reads: quarantined, quarantine_states
create or replace temp table to_read_again as
with chosen as (
  select q.quarantine_id, q.origin, q.position, md5(q.raw) as content, octet_length(q.raw) as bytes
  from quarantined q
  join quarantine_states s using (quarantine_id)
  where q.reason <> 'conflict'
    and (q.quarantine_id = $quarantine_id or ($quarantine_id is null and not s.discarded))
    and (q.reason = $reason or $reason is null)
    and (q.source = $source or $source is null)
)
select
  quarantine_id,
  dense_rank() over (partition by origin, position order by content) as turn,
  -- a thousand for the row itself
  sum(coalesce(bytes, 0) + 1000) over (order by origin, position, quarantine_id rows unbounded preceding)
    // 64_000_000 as portion
from chosen
