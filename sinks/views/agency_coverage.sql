-- One row per agency and figure: its coverage over all months, and why a figure of the agency is withheld.
create or replace view agency_coverage as
with summed as (
  select
    agency, figure,
    min(period) as first_period,
    max(period) as last_period,
    round(
      sum(events) / sum(events + missing + refused + in_conflict)
        * (1 - coalesce(sum(undated) / nullif(sum(rests_on), 0), 0)),
      6
    ) as coverage,
    any_value(threshold) as threshold,
    count(*) filter (not trusted) as months_not_trusted
  from coverage
  group by agency, figure
)
select
  agency,
  figure,
  first_period,
  last_period,
  coverage,
  threshold,
  months_not_trusted,
  if(
    coverage < threshold,
    concat(
      'Of what ', agency, ' should have published, ', floor(100 * coverage)::integer, '% is there; ',
      round(100 * threshold)::integer, '% is needed.'
    ),
    null
  ) as withheld
from summed;
comment on view agency_coverage is 'One row per agency and figure: its coverage over all months, and why a figure of the agency is withheld.';
comment on column agency_coverage.agency is 'Agency that publishes it.';
comment on column agency_coverage.figure is 'delays, contacts, tellings or clocks.';
comment on column agency_coverage.first_period is 'First month (its first day).';
comment on column agency_coverage.last_period is 'Last month (its first day).';
comment on column agency_coverage.coverage is 'Share of 1 of what should be there and is, over all these months; see `coverage`.';
comment on column agency_coverage.threshold is 'The least coverage with which the figure is shown; null where the domain states none.';
comment on column agency_coverage.months_not_trusted is 'Months in which by themselves it is not reached.';
comment on column agency_coverage.withheld is 'Why a figure of the agency is not shown; null where it is.';
