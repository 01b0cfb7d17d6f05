select citizen_id, id::int, bank_code, last_four, name, holder, active
from bank_account
where citizen_id = any($1::uuid[])
