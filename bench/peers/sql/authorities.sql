select code, kind, province, phone from local_authority where code = any($1::text[])
