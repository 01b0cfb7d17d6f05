select citizen_id, scheme, registered_on, bank_account_id::int
from registration
where citizen_id = any($1::uuid[])
