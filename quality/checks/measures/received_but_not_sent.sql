-- One row per receiving agency: how many of its receipts follow nothing that was sent to it.
-- reads: receipts
select agency as subject, null::date as period, count(*) as n, count(*) filter (is_unsent) as k, k / n as value
from receipts
group by agency
