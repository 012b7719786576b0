-- What did the demo find?
-- One row: what the demo found, in figures.
select
  (select count(*) from cases) as cases,
  (select count(*) from timeline) as events,
  (select count(*) from handoffs) as handoffs,
  (select count(*) from handoffs where received_at is null) as never_received,
  (select count(*) from handoffs where kind = 'return') as returned,
  (select count(*) from cases where state = 'limbo') as in_limbo,
  (select count(*) from contradictions where kind = 'each_points_at_other') as each_points_at_other,
  (select count(*) from tellings) as decisions,
  (select count(*) from tellings where class = 'not_told') as not_told
