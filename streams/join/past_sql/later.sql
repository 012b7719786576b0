-- What stands and had not happened by $as_of is no event of the past. It was there to be judged beside its other contents.
-- reads: events
delete from events
where standing = 'stands' and occurred_at > $as_of::timestamp
  and not ($later_acts and agency in (select agency from agencies where role = 'steward'))
