-- One row per publication of a figure and row of it, as it was published.
create or replace view publications as
select
  data->>'$.publication_id' as publication_id,
  data->>'$.figure' as figure,
  occurred_at as published_at,
  (data->>'$.known_at')::timestamptz at time zone 'UTC' as known_at,
  (data->>'$.checked_as_of')::timestamptz at time zone 'UTC' as as_of,
  data->>'$.subject' as subject,
  data->>'$.figure_row' as figure_row,
  (data->>'$.figure_rows')::bigint as figure_rows,
  data->>'$.rows_digest' as rows_digest,
  source
from shareable_events
where type = 'steward.figure.published' and standing = 'stands';
comment on view publications is 'One row per publication of a figure and row of it, as it was published.';
comment on column publications.publication_id is 'Id of the publication.';
comment on column publications.figure is 'The figure: a view of this name.';
comment on column publications.published_at is 'When it was published (UTC).';
comment on column publications.known_at is 'When the latest record had been received that it could know of (UTC).';
comment on column publications.as_of is 'To when it counts: what happened later is not in it (UTC).';
comment on column publications.subject is 'Which row of the figure: for delays the pair of agencies.';
comment on column publications.figure_row is 'The row as JSON, by column.';
comment on column publications.figure_rows is 'How many rows the figure had.';
comment on column publications.rows_digest is 'MD5 of all of them: one that is missing here shows.';
comment on column publications.source is 'The steward''s desk that published it.';
