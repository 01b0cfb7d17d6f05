-- Who read whose data, and why. A request that read people leaves one batch, and one record for each
-- of them. Written by record_access alone, never changed, each batch bound to the one before it by
-- its hash: app/access_chain.py computes the same hashes when it looks for what was altered.

create table access_batch (
  seq bigint primary key check (seq > 0),   -- 1, 2, 3 and so on: a gap is a loss
  at timestamptz not null,
  agency text not null,
  purpose text not null,
  operation text not null,                  -- '' where the operation has no name
  operation_hash bytea not null check (length(operation_hash) = 32),
  record_hashes bytea not null,             -- 16 bytes a record, in the order of citizen_id
  previous_hash bytea not null,
  hash bytea not null
);

create table access_record (
  citizen_id uuid not null,
  seq bigint not null,                      -- the batch
  categories text[] not null check (cardinality(categories) > 0 and categories <@ array[
    'IDENTITY', 'NATIONAL_ID', 'ENTITLEMENT', 'PAYMENT', 'BANK_ACCOUNT', 'DISABILITY']),
  primary key (citizen_id, seq)
);

-- For the verifier alone, which walks by batch. Rows come in that order, so a few pages are enough.
create index access_record_by_batch on access_record using brin (seq) with (pages_per_range = 16);

create function refuse_change_of_access_record() returns trigger
language plpgsql as $$
begin
  raise exception 'An access record is never changed.' using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on access_batch
  for each statement execute function refuse_change_of_access_record();
create trigger append_only before update or delete or truncate on access_record
  for each statement execute function refuse_change_of_access_record();

create function hashed_text(words text) returns bytea
language sql immutable as $$
  select int4send(length(convert_to(words, 'UTF8'))) || convert_to(words, 'UTF8')
$$;

-- categories: for each of the citizens, its words parted by commas. Returns the batch's number.
create function record_access(
  agency text, purpose text, operation text, operation_hash bytea, citizens uuid[], categories text[]
) returns bigint
language plpgsql security definer as $$
declare
  batch access_batch;
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);  -- durable before the answer leaves
  end if;
  batch.agency := record_access.agency;
  batch.purpose := record_access.purpose;
  batch.operation := record_access.operation;
  batch.operation_hash := record_access.operation_hash;
  select string_agg(
    substr(sha256(uuid_send(c.id) || convert_to(c.words, 'UTF8')), 1, 16), '' order by c.id)
  into batch.record_hashes
  from unnest(record_access.citizens, record_access.categories) c (id, words);

  perform pg_advisory_xact_lock(hashtext('access_batch'));  -- from here on one at a time
  select b.seq, b.hash into batch.seq, batch.previous_hash
  from access_batch b order by b.seq desc limit 1;
  batch.seq := coalesce(batch.seq, 0) + 1;
  batch.previous_hash := coalesce(batch.previous_hash, decode(repeat('00', 32), 'hex'));
  batch.at := clock_timestamp();
  batch.hash := sha256(
    batch.previous_hash || int8send(batch.seq)
    || int8send((extract(epoch from batch.at) * 1000000)::bigint)
    || hashed_text(batch.agency) || hashed_text(batch.purpose) || hashed_text(batch.operation)
    || batch.operation_hash || batch.record_hashes);
  insert into access_batch values (batch.*);
  insert into access_record (citizen_id, seq, categories)
  select c.id, batch.seq, string_to_array(c.words, ',')
  from unnest(record_access.citizens, record_access.categories) c (id, words);
  return batch.seq;
end $$;

revoke execute on function record_access(text, text, text, bytea, uuid[], text[]) from public;
revoke execute on function hashed_text(text) from public;
revoke execute on function ensure_payment_partition(integer) from public;

-- What the service may do: read what it serves, and put on record who read. Whoever may log in as the
-- service is a member of this role.
do $$
begin
  if not exists (select from pg_roles where rolname = 'allowances_service') then
    create role allowances_service nologin;
  end if;
exception
  when duplicate_object or unique_violation then
    null;  -- a migration of another database of this server made it meanwhile
  when insufficient_privilege then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'The role allowances_service does not exist, and this user may not make it. '
        'Run `create role allowances_service nologin` as one who may, then migrate again.';
end $$;

do $$
begin
  -- The owner's function looks nowhere but in this schema, whatever its caller has set.
  execute format(
    'alter function record_access(text, text, text, bytea, uuid[], text[])'
    ' set search_path = pg_catalog, %I, pg_temp', current_schema());
  execute format('grant usage on schema %I to allowances_service', current_schema());
end $$;

grant execute on function record_access(text, text, text, bytea, uuid[], text[])
  to allowances_service;
grant select on access_batch, access_record to allowances_service;
grant select on schema_migration, local_authority, rule_row, citizen_lookup to allowances_service;
grant select (id, name) on rule_table to allowances_service;
grant select (id, kind) on import_file to allowances_service;
grant select (
  id, national_id_encrypted, national_id_tail, title, given_name, family_name, birth_date,
  birth_date_precision, nationality, died_on, local_authority_code, as_of
) on citizen to allowances_service;
grant select (citizen_id, id, bank_code, last_four, name, holder, active)
  on bank_account to allowances_service;
grant select (
  citizen_id, scheme, local_authority_code, registered_on, status, status_reason, status_on,
  channel, bank_account_id, card_issued_on, card_expires_on, disability_types, first_paid_month,
  latest_paid_month, as_of
) on registration to allowances_service;
grant select (
  citizen_id, scheme, period, sequence, kind, repays_period, amount_satang, status, channel,
  paid_on, bank_account_id, reason_code, source_code, batch_id
) on payment to allowances_service;
grant select (scheme, period, received_at, version, accepted, unchanged)
  on disbursement_batch to allowances_service;
