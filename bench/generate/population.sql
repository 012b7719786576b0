-- One row per generated event, in the EVENTS layout, in the order in which they happened. Variables: first_case, cases,
-- events (at most so many rows), seed. Times are UTC; a case begins between 2021 and 2025 and runs for some months.

-- a number in [0, 1) for case i, drawn by `salt`; the same for the same seed
create or replace temp macro u(i, salt) as
  (hash(i * 1009 + salt, getvariable('seed')::bigint) % 1000000)::double / 1e6;

-- one row per generated event, narrow, so that little is sorted
create or replace temp table step as
with drawn as (
  select
    i,
    timestamp '2021-01-01' + to_seconds((u(i, 1) * 5 * 365 * 86400)::bigint) as began,
    u(i, 2) < 0.30 as advocated,
    u(i, 3) < 0.55 as filed,
    filed and u(i, 4) < 0.407 as bounced,
    filed and u(i, 5) < 0.35 as planned,
    filed and u(i, 6) < 0.92 as decided,
    decided and u(i, 7) < 0.55 as charged
  from range(getvariable('first_case')::bigint, (getvariable('first_case') + getvariable('cases'))::bigint) r(i)
),
-- when each stretch begins, in days after the crime was recorded
timed as (
  select *, 20 + 40 * u(i, 8) as file_day, file_day + 2 + 5 * u(i, 9) as triage_day,
    triage_day + if(bounced, 10 + 30 * u(i, 10), 0) as ready_day,
    ready_day + if(planned, 20 + 30 * u(i, 11), 3) as plan_day,
    plan_day + 10 + 50 * u(i, 12) as decision_day
  from drawn
)
select i, k, began + to_seconds((day * 86400)::bigint) as happened, step_of_case.type as type, charged
from timed, lateral (values
  (1, 0, 'police.crime.recorded', true),
  (2, 0.1 + u(i, 20), 'police.officer.allocated', true),
  (3, 1.2 + 2 * u(i, 21), 'police.victim.contact_promised', true),
  (4, 3.3 + 10 * u(i, 22), 'police.victim.contact_made', u(i, 23) < 0.6),
  (5, 1.5 + u(i, 24), 'police.victim.referral_made', advocated),
  (6, 2.6 + 2 * u(i, 25), 'advocate.referral.received', advocated),
  (7, 4.7 + 2 * u(i, 26), 'advocate.referral.accepted', advocated and u(i, 27) < 0.9),
  (8, 7 + 5 * u(i, 28), 'advocate.first_contact.made', advocated and u(i, 27) < 0.8),
  (9, file_day, 'police.file.submitted', filed),
  (10, file_day + 1.9 * u(i, 29), 'cps.pcd.received', filed),
  (11, triage_day, 'cps.pcd.triaged', filed),
  (12, ready_day - 3, 'police.file.resubmitted', bounced),
  (13, ready_day - 2, 'cps.pcd.received', bounced),
  (14, ready_day - u(i, 30), 'cps.pcd.triaged', bounced),
  (15, ready_day + 1, 'cps.action_plan.issued', planned),
  (16, ready_day + 2 + u(i, 31), 'police.action_plan.received', planned),
  (17, plan_day, 'police.action_plan.responded', planned),
  (18, decision_day, 'cps.pcd.decided', decided),
  (19, decision_day + 0.2 + 12 * u(i, 32), 'police.victim.told', decided and u(i, 33) < 0.7),
  (20, decision_day + 0.1 + u(i, 34), 'police.suspect.charged', charged),
  (21, if(decided, decision_day + 1.5 + 5 * u(i, 35), 30 + 60 * u(i, 35)), 'police.investigation.outcome_assigned',
    if(filed, decided, u(i, 36) < 0.8))
) step_of_case(k, day, type, present)
where present
order by happened, i, k
limit getvariable('events');

create or replace temp view generated as
with named as (
  select *,
    -- the table above is in order
    rowid + 1 as position,
    if(i % 2 = 0, '20', '21') as area,
    split_part(type, '.', 1) as agency,
    -- the unit of a URN counts on when its five digits are used up
    chr((65 + i // 2600000 % 26)::integer) || chr((65 + i // 100000 % 26)::integer) as urn_unit,
    printf('%05d', i % 100000) as serial,
    'e' || i || '-' || k as id,
    'r' || i as reference_of_case
  from step
),
identified as (
  select *,
    {'kind': 'crime_ref', 'value': area || '/' || i || '/26'} as crime_ref,
    {'kind': 'urn', 'value': area || urn_unit || serial || '26'} as urn,
    {'kind': 'cps_case_id', 'value': (9000000 + i)::varchar} as cps_case_id,
    {'kind': 'advocate_ref', 'value': 'CA-' || i} as advocate_ref,
    {'kind': 'referral_ref', 'value': 'SR-' || i} as referral_ref
  from named
)
select
  'urn:throughline:' || agency || ':' || area || case agency when 'police' then ':rms' when 'cps' then ':cms' else ':crm' end
    as source,
  id, type, 1::smallint as version, area, agency,
  case agency when 'police' then area || 'PP' when 'cps' then 'CPS-' || area else 'ISAC-' || area end as unit,
  happened as occurred_at, 'instant' as occurred_precision,
  happened + to_minutes((u(i, 100 + k) * 600)::bigint) as recorded_at,
  null::varchar as sequence,
  case
    when type in ('police.file.submitted', 'police.file.resubmitted') then [crime_ref, urn]
    when type = 'police.victim.referral_made' then [crime_ref, referral_ref]
    when agency = 'police' then [crime_ref]
    when agency = 'cps' then [cps_case_id, urn]
    else [advocate_ref, referral_ref]
  end as identifiers,
  case type
    when 'cps.pcd.triaged' then if(k = 11 and u(i, 4) < 0.407, 'reject', 'accept')
    when 'cps.pcd.decided' then if(charged, 'charge', if(u(i, 40) < 0.7, 'nfa_evidential', 'nfa_public_interest'))
    when 'police.investigation.outcome_assigned' then if(charged, '1', if(u(i, 41) < 0.6, '16', '15'))
  end as decision,
  case
    when type = 'cps.pcd.triaged' and k = 11 and u(i, 4) < 0.407 then 'No MG3'
    when type = 'cps.pcd.decided' and not charged then 'insufficient_evidence'
  end as reason,
  case type
    when 'police.victim.contact_promised' then 'p' || i
    when 'advocate.referral.received' then reference_of_case
    when 'cps.action_plan.issued' then 'a' || i
  end as reference,
  case type
    when 'police.victim.contact_made' then 'p' || i
    when 'advocate.referral.accepted' then reference_of_case
    when 'police.action_plan.responded' then 'a' || i
  end as answers,
  if(type = 'police.victim.told', 'e' || i || '-18', null) as about,
  null::varchar as holder,
  case type
    when 'police.victim.contact_promised' then happened + to_days(7)
    when 'cps.action_plan.issued' then happened + to_days(28)
  end as due_at,
  if(type = 'cps.pcd.decided', happened + to_days(1), null) as effect_at,
  null::boolean as enhanced,
  case
    when type in ('police.victim.contact_made', 'police.victim.told', 'advocate.first_contact.made')
      then if(u(i, 42) < 0.7, 'telephone', 'email')
  end as channel,
  if(type like '%victim%', 'v-' || i, null) as victim,
  if(agency = 'police', 'o-' || (hash(i, 43) % 5000), null) as officer,
  null::varchar as correlation, null::varchar as causation,
  null::varchar as revision, null::boolean as retracts,
  case type
    when 'police.crime.recorded' then if(u(i, 44) < 0.6, '{"offence_group":"stalking"}', '{"offence_group":"violence"}')
    when 'police.officer.allocated' then '{"officer_role":"officer_in_case"}'
    when 'police.victim.contact_promised' then '{"promised_to":"victim"}'
    when 'police.victim.contact_made' then '{"direction":"outbound","purpose":"update"}'
    when 'police.victim.referral_made' then '{"support_type":"isac"}'
    when 'police.file.submitted' then '{"submission_no":1}'
    when 'police.file.resubmitted' then '{"submission_no":2}'
    else '{}'
  end as data,
  'generated' as origin, position
from identified;
