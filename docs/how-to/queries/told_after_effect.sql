-- One row per deciding agency: when its victims were told, among those decisions whose effect has a time.
select
  agency,
  count(*) as decisions,
  count(*) filter (class = 'before_effect') as told_before,
  count(*) filter (class = 'after_effect') as told_after,
  count(*) filter (class = 'not_told') as not_told
from tellings
where effect_at is not null
group by agency
order by told_after + not_told desc, agency;
