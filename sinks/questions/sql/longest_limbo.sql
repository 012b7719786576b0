-- What has been in limbo longest?
-- One row per handoff that nothing acknowledges and that is still open: sent longest ago first.
-- $rows integer = 50: rows at most
select h.case_id, h.from_agency, h.to_agency, h.to_unit, h.kind, h.sent_at, round(h.waiting_seconds / 86400, 1) as days_in_limbo, h.reason
from handoffs h
join cases c using (case_id)
where c.state = 'limbo' and h.position = c.handoffs
order by h.waiting_seconds desc
limit $rows;
