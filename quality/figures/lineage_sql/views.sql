-- One row per view of the store: its query, as DuckDB reads it, and what it and its columns mean.
-- reads: the catalogue of the database
with described as (
  select
    table_name as view_name,
    list({'name': column_name, 'type': data_type, 'description': comment} order by column_index) as columns
  from duckdb_columns()
  where not internal
  group by all
)
select v.view_name, v.comment, json_serialize_sql(regexp_extract(v.sql, '^CREATE VIEW .*? AS (.*);\s*$', 1, 's')) as query, d.columns
from duckdb_views() v
join described d using (view_name)
where not v.internal and not v.temporary
order by v.view_name
