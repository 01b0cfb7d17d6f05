select json_build_object('data', json_build_object('_entities', json_agg(json_build_object(
  'id', k.key, 'givenName', c.given_name, 'familyName', c.family_name,
  'localAuthority', json_build_object('code', l.code, 'province', l.province),
  'entitlements', json_build_array(json_build_object(
    'scheme', r.scheme, 'registeredOn', r.registered_on,
    'payments', json_build_object('nodes', json_build_array(json_build_object(
      'period', to_char(p.period, 'YYYY-MM'),
      'amount', to_char(p.amount_satang / 100.0, 'FM999999990.00'),
      'status', p.status, 'paidOn', p.paid_on)))))) order by k.place)))::text
from unnest($1::uuid[], $2::text[]) with ordinality k (id, key, place)
join citizen c on c.id = k.id
join local_authority l on l.code = c.local_authority_code
join registration r on r.citizen_id = c.id and r.scheme = 'OLD_AGE_ALLOWANCE'
cross join lateral (
  select * from payment
  where citizen_id = c.id and scheme = r.scheme
  order by period desc, sequence desc
  limit 1) p
