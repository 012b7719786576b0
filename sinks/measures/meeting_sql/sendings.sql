-- One row per case that one agency passed to another after $since and by `as_of`, or sent without its being taken.
select distinct case_id from handoffs where from_agency <> to_agency and sent_at > $since::timestamp
