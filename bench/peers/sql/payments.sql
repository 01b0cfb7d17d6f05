select p.*
from registration k
cross join lateral (
  select p.citizen_id, p.scheme, p.period, p.kind, p.amount_satang, p.status, p.channel, p.paid_on,
    p.bank_account_id::int
  from payment p
  where p.citizen_id = k.citizen_id and p.scheme = k.scheme
  order by p.period desc, p.sequence desc
  limit $3
) p
where k.citizen_id = any($1::uuid[]) and k.scheme = any($2::scheme[])
