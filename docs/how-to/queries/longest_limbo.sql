-- One row per handoff that nothing acknowledges and that is still open: sent longest ago first.
select h.case_id, h.from_agency, h.to_agency, h.to_unit, h.kind, h.sent_at, h.sent_precision, h.reason
from handoffs h
join cases c using (case_id)
where c.state = 'limbo' and h.position = c.handoffs
order by h.sent_at
limit 50;
