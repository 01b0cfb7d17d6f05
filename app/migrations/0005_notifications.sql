-- What a citizen is told, once, and its way to the portal.

create type notification_kind as enum (
  'REGISTER_NOW', 'PAYMENT_FAILED', 'PAYMENT_SENT', 'ENTITLEMENT_GRANTED', 'CARD_EXPIRING',
  'PAYMENT_DELAYED'
);

-- Numbers are given under the turn of the ledger, so they are in the order of the commits: who has
-- read up to one misses none.
create table notification (
  id bigint generated always as identity,
  citizen_id uuid not null references citizen,
  kind notification_kind not null,
  subject text not null,               -- what it is about; with citizen and kind, the natural key
  scheme scheme not null,
  period date,                         -- with sequence, the payment that it is about
  sequence integer,
  facts jsonb not null default '{}',   -- what its sentences are filled with; names nobody
  created_at timestamptz not null,
  read_at timestamptz,
  withdrawn_at timestamptz,            -- no longer true, and no longer shown
  primary key (citizen_id, id),
  unique (citizen_id, kind, subject)
);

create type outbox_state as enum ('WAITING', 'SENT', 'DEAD', 'WITHDRAWN');
create table notification_outbox (
  notification_id bigint primary key,
  citizen_id uuid not null,
  state outbox_state not null default 'WAITING',
  idempotency_key uuid not null default gen_random_uuid(),
  due_at timestamptz not null,         -- not before; moved on by each failure
  claimed_until timestamptz,           -- a sender has it until then
  attempts smallint not null default 0,
  last_error text,                     -- a code of ours; never what the portal wrote
  sent_at timestamptz,
  foreign key (citizen_id, notification_id) references notification
);
create index notification_outbox_due on notification_outbox (due_at) where state = 'WAITING';

-- The name by which the portal knows a citizen, learned from the token of a signed-in one.
create table portal_user (
  citizen_id uuid primary key references citizen,
  user_id text not null unique,
  learned_at timestamptz not null
);
