-- Was the victim told before the decision took effect?
-- One row per deciding agency: when its victims were told; of some decisions nobody stated when they took effect.
select
  agency,
  count(*) as decisions,
  count(*) filter (class = 'before_effect') as told_before,
  count(*) filter (class = 'after_effect') as told_after,
  count(*) filter (class = 'told') as told_effect_not_stated,
  count(*) filter (class = 'not_told') as not_told
from tellings
group by agency
order by told_after + not_told desc, agency;
