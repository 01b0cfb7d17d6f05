select json_build_object('data', json_build_object('citizen', json_build_object(
  'title', c.title, 'givenName', c.given_name, 'familyName', c.family_name,
  'birthDate', c.birth_date, 'birthDatePrecision', c.birth_date_precision,
  'localAuthority', json_build_object(
    'code', l.code, 'kind', l.kind, 'province', l.province, 'phone', l.phone),
  'entitlements', json_build_array(json_build_object(
    'scheme', r.scheme, 'registeredOn', r.registered_on,
    'bankAccount', case when a.id is not null then json_build_object(
      'bank', json_build_object('code', a.bank_code), 'maskedNumber', 'xxxxxx' || a.last_four,
      'accountName', a.name, 'holder', a.holder, 'active', a.active) end,
    'payments', (
      select json_build_object(
        'nodes', coalesce(json_agg(json_build_object(
          'period', to_char(p.period, 'YYYY-MM'), 'kind', p.kind,
          'amount', to_char(p.amount_satang / 100.0, 'FM999999990.00'),
          'status', p.status, 'channel', p.channel, 'paidOn', p.paid_on,
          'bankAccount', case when b.id is not null then json_build_object(
            'bank', json_build_object('code', b.bank_code),
            'maskedNumber', 'xxxxxx' || b.last_four) end)
          order by p.place) filter (where p.place <= $2), '[]'),
        'pageInfo', json_build_object('hasNextPage', count(*) > $2))
      from (
        select *, row_number() over (order by period desc, sequence desc) as place
        from (
          select * from payment
          where citizen_id = c.id and scheme = r.scheme
          order by period desc, sequence desc
          limit $2 + 1) newest) p
      left join bank_account b on b.citizen_id = c.id and b.id = p.bank_account_id)))))
)::text
from citizen c
join local_authority l on l.code = c.local_authority_code
join registration r on r.citizen_id = c.id and r.scheme = 'OLD_AGE_ALLOWANCE'
left join bank_account a on a.citizen_id = c.id and a.id = r.bank_account_id
where c.id = $1
