select id, title, given_name, family_name, birth_date, birth_date_precision, local_authority_code
from citizen
where id = any($1::uuid[])
