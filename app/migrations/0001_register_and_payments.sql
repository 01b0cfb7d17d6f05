-- Keys lead with citizen_id, so a citizen's rows lie together and the tables can be distributed by it.

create type scheme as enum ('OLD_AGE_ALLOWANCE', 'DISABILITY_ALLOWANCE');
create type date_precision as enum ('DAY', 'MONTH', 'YEAR');
create type registration_status as enum ('ACTIVE', 'SUSPENDED', 'ENDED');
create type payment_kind as enum ('REGULAR', 'BACKPAY', 'SUPPLEMENT', 'ADJUSTMENT');
create type payment_status as enum
  ('SCHEDULED', 'SUBMITTED', 'PAID', 'FAILED', 'RETURNED', 'WITHHELD', 'CANCELLED');
create type payment_channel as enum ('BANK_TRANSFER', 'CASH');
create type account_holder as enum ('SELF', 'PROXY');
create type batch_status as enum
  ('RECEIVED', 'LOADED', 'PARTIAL', 'REJECTED', 'DELAYED', 'CORRECTED');
create type disability_type as enum
  ('VISION', 'HEARING', 'MOBILITY', 'MENTAL', 'INTELLECTUAL', 'LEARNING', 'AUTISM');
create type import_kind as enum ('CITIZENS', 'REGISTRATIONS', 'DISBURSEMENTS', 'AUTHORITIES');

create table local_authority (
  code text primary key check (code ~ '^[0-9]{8}$'),
  name_th text not null,
  name_en text,
  kind text not null,
  province text not null,
  phone text
);

-- The only way from a national ID to a citizen: a keyed HMAC, in a table of its own.
create table citizen_lookup (
  national_id_hmac bytea primary key,
  citizen_id uuid not null
);

create table citizen (
  id uuid primary key,
  national_id_encrypted bytea not null,
  national_id_tail text not null check (national_id_tail ~ '^[0-9]{3}$'),
  title text,
  given_name text not null,
  family_name text not null,
  birth_date date not null,
  birth_date_precision date_precision not null,
  nationality text not null,
  died_on date,
  phone text,
  local_authority_code text not null,
  as_of timestamptz not null
);

create table bank_account (
  citizen_id uuid not null,
  id bigint generated always as identity,
  bank_code text not null check (bank_code ~ '^[0-9]{3}$'),
  number_hmac bytea not null,
  last_four text not null check (last_four ~ '^[0-9]{4}$'),
  name text not null,
  holder account_holder not null,
  active boolean not null default true,
  primary key (citizen_id, id),
  unique (citizen_id, bank_code, number_hmac)
);

create table registration (
  citizen_id uuid not null,
  scheme scheme not null,
  local_authority_code text not null,
  registered_on date,                       -- null: known only from a payment
  status registration_status not null,
  status_reason text,
  status_on date,
  channel payment_channel,
  bank_account_id bigint,
  account_as_of date not null,              -- the newest fact about the account wins
  card_issued_on date,
  card_expires_on date,
  disability_types disability_type[] not null default '{}',
  first_paid_month date,
  latest_paid_month date,
  as_of timestamptz not null,
  primary key (citizen_id, scheme)
);

create table import_file (
  id bigint generated always as identity primary key,
  kind import_kind not null,
  name text not null,
  checksum bytea not null,
  received_at timestamptz not null,
  rows integer not null,
  accepted integer not null,
  rejected integer not null,
  unchanged integer not null,
  waiting integer not null,
  constraint every_row_accounted_for check (rows = accepted + rejected + unchanged + waiting)
);

create table disbursement_batch (
  id bigint generated always as identity primary key,
  import_file_id bigint references import_file,
  scheme scheme not null,
  period date not null,
  status batch_status not null,
  received_at timestamptz not null,
  version integer not null check (version > 0),
  rows integer not null,
  accepted integer not null,
  rejected integer not null,
  unchanged integer not null,
  waiting integer not null,
  amount_satang bigint not null,
  unique (scheme, period, version),
  constraint every_row_accounted_for check (rows = accepted + rejected + unchanged + waiting)
);

create table payment (
  citizen_id uuid not null,
  scheme scheme not null,
  period date not null check (extract(day from period) = 1),
  sequence smallint not null,               -- place within the month; follows from kind and repays_period
  kind payment_kind not null,
  repays_period date check (extract(day from repays_period) = 1),
  amount_satang integer not null,
  status payment_status not null,
  channel payment_channel not null,
  paid_on date,
  bank_account_id bigint,
  reason_code text,
  source_code text,
  source_text text,
  local_authority_code text not null,
  batch_id bigint not null,
  primary key (citizen_id, scheme, period, sequence)
) partition by range (period);

-- One partition a Thai fiscal year (October to September), named by its Buddhist-era year.
create function ensure_payment_partition(fiscal_year integer) returns void
language plpgsql as $$
begin
  execute format(
    'create table if not exists payment_fy%s partition of payment for values from (%L) to (%L)',
    fiscal_year, make_date(fiscal_year - 544, 10, 1), make_date(fiscal_year - 543, 10, 1));
end $$;

-- What a correction replaced: who (batch), when, from what.
create table payment_history (
  citizen_id uuid not null,
  scheme scheme not null,
  period date not null,
  sequence smallint not null,
  replaced_at timestamptz not null,
  replaced_by_batch_id bigint not null,
  kind payment_kind not null,
  repays_period date,
  amount_satang integer not null,
  status payment_status not null,
  channel payment_channel not null,
  paid_on date,
  bank_account_id bigint,
  reason_code text,
  source_code text,
  source_text text,
  local_authority_code text not null,
  batch_id bigint not null,
  primary key (citizen_id, scheme, period, sequence, replaced_by_batch_id)
);

-- Rows for a citizen not yet known: kept aside, tried again after the next citizens file.
create table waiting_registration (
  national_id_hmac bytea not null,
  scheme scheme not null,
  import_file_id bigint not null references import_file,
  record jsonb not null,
  primary key (national_id_hmac, scheme)
);

create table waiting_disbursement (
  national_id_hmac bytea not null,
  scheme scheme not null,
  period date not null,
  sequence smallint not null,
  import_file_id bigint not null references import_file,
  record jsonb not null,
  primary key (national_id_hmac, scheme, period, sequence)
);
