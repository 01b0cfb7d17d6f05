-- A file is taken in step by step, and each step is in the ledger: killed at any of them, it is taken
-- up again where it stood. Its rows wait in unlogged tables that carry its number (staging_rows_1);
-- a crash of the server empties those, and the file is read again.

create type import_state as enum (
  'RECEIVED',   -- entered; its rows are being read
  'STAGED',     -- every row is read
  'CHECKED',    -- repeats settled, control totals met; rows are being applied, slice by slice
  'APPLIED',    -- every row is applied
  'REPORTED',   -- rejects written, staging removed
  'REFUSED');   -- not taken: nothing of it was applied

alter table import_file
  add column state import_state not null default 'REPORTED',
  add column applied_through bytea,          -- the last slice's upper end
  add column imported_by text not null default '',
  add column request_id text,                -- of a submission: the sender's
  add column ended_at timestamptz,
  drop constraint every_row_accounted_for,
  add constraint every_row_accounted_for check (
    state not in ('APPLIED', 'REPORTED') or rows = accepted + rejected + unchanged + waiting);
alter table import_file alter column state drop default;
create unique index import_file_request on import_file (imported_by, request_id)
  where request_id is not null;
create index import_file_checksum on import_file (checksum);

-- What became of a file's rows, by authority and month. `released` are rows of earlier files, which
-- had waited for a citizen of this one.
create table import_tally (
  import_file_id bigint not null references import_file,
  released boolean not null,
  outcome text not null check (outcome in ('accepted', 'rejected', 'unchanged', 'waiting')),
  local_authority_code text,
  scheme scheme,
  period date,
  rows bigint not null,
  amount_satang bigint not null,
  unique nulls not distinct (
    import_file_id, released, outcome, local_authority_code, scheme, period)
);

-- The rows of a submission that were not taken; its sender may ask again and is told the same.
create table rejected_record (
  import_file_id bigint not null references import_file,
  index integer not null,
  field text not null,
  code text not null,
  message text not null,
  primary key (import_file_id, index)
);

alter table disbursement_batch
  alter column import_file_id set not null,
  add column paid integer not null default 0,      -- of the accepted rows
  add column delayed integer not null default 0,   -- of the accepted rows, for want of budget
  add column reverts bigint unique references disbursement_batch,  -- which batch it took back
  add column replaced integer not null default 0,  -- rows that stood before and were other
  add column local_authority_code text,            -- where all rows taken name the same
  add unique (import_file_id, scheme, period);
create index payment_history_batch on payment_history (replaced_by_batch_id);

-- A payment that a batch had brought is taken away when the batch is reverted; it stays here.
alter table payment_history add column removed boolean not null default false;

grant select (id, kind, state, imported_by) on import_file to allowances_service;
grant select (
  id, import_file_id, reverts, scheme, period, status, received_at, version,
  rows, accepted, rejected, unchanged, waiting, amount_satang, local_authority_code
) on disbursement_batch to allowances_service;

-- Who submits in real time: what a submission writes, and no more. Access records are not among it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'allowances_submission') then
    create role allowances_submission nologin;
  end if;
exception
  when duplicate_object or unique_violation then
    null;  -- a migration of another database of this server made it meanwhile
  when insufficient_privilege then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'The role allowances_submission does not exist, and this user may not make it. '
        'Run `create role allowances_submission nologin` as one who may, then migrate again.';
end $$;

alter function ensure_payment_partition(integer) security definer;
do $$
begin
  execute format(
    'alter function ensure_payment_partition(integer) set search_path = %I, pg_temp',
    current_schema());
  execute format('grant usage on schema %I to allowances_submission', current_schema());
end $$;
grant execute on function ensure_payment_partition(integer) to allowances_submission;
grant select on schema_migration, local_authority, citizen_lookup to allowances_submission;
grant select (id, given_name, family_name) on citizen to allowances_submission;
grant select, insert, update on
  payment, bank_account, registration, import_file, import_tally, disbursement_batch,
  waiting_disbursement to allowances_submission;
grant select, insert on payment_history, rejected_record to allowances_submission;

-- Each month's payments update the whole table: half a page free keeps the new versions beside the
-- old ones and out of the index.
alter table registration set (fillfactor = 50);
