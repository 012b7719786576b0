-- Which figures were published, and when?
-- One row per publication of a figure, the latest first.
select
  publication_id as publication,
  any_value(figure) as figure,
  min(published_at) as published,
  min(as_of) as "counted to",
  min(known_at) as "known at",
  count(*) as rows,
  any_value(figure_rows) - count(*) as "rows missing here"
from publications
group by publication_id
order by published desc, publication
