-- What a citizen is told, once, and its way to the portal.

create type notification_kind as enum (
  'REGISTER_NOW', 'PAYMENT_FAILED', 'PAYMENT_SENT', 'ENTITLEMENT_GRANTED', 'CARD_EXPIRING',
  'PAYMENT_DELAYED'
);

-- Numbers are given under the turn of the ledger, so they are in the order of the commits: who has
-- read up to one misses none.
create table notification (
  id bigint generated always as identity,
  citizen_id uuid not null,
  kind notification_kind not null,
  subject text not null,               -- what it is about; with citizen and kind, the natural key
  scheme scheme not null,
  period date,                         -- with sequence, the payment that it is about
  sequence integer,
  facts jsonb not null default '{}',   -- what its sentences are filled with; names nobody
  created_at timestamptz not null,
  read_at timestamptz,
  withdrawn_at timestamptz,            -- no longer true, and no longer shown
  primary key (citizen_id, id)
);

-- Of those that are true there is one for each key; what is true again has a new number, so that
-- streams and senders see it. The kind leads: what looks for one kind passes over the others.
create unique index notification_true on notification (kind, citizen_id, subject)
  where withdrawn_at is null;

-- Each import, submission or daily run that told something; so a citizen's share of the day is
-- counted without an index by the moment over every notification.
create table notification_batch (
  made_at timestamptz primary key,
  first_id bigint not null
);
create index citizen_deceased on citizen (id) where died_on is not null;
create index registration_by_payment on registration (citizen_id, scheme)
  where registered_on is null;

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
  sent_at timestamptz
);
create index notification_outbox_due on notification_outbox (due_at) where state = 'WAITING';

-- The name by which the portal knows a citizen, learned from the token of a signed-in one.
create table portal_user (
  citizen_id uuid primary key references citizen,
  user_id text not null unique,
  learned_at timestamptz not null
);

-- What the service writes of notifications, and no more: that its citizen has read them, and by what
-- name the portal knows a citizen.
create function mark_notifications_read(citizen uuid, numbers bigint[], at timestamptz)
returns void
language sql security definer as $$
  with unread as (
    select n.citizen_id, n.id from notification n
    where n.citizen_id = citizen and n.id = any(numbers)
      and n.read_at is null and n.withdrawn_at is null
    order by n.id for no key update
  )
  update notification n set read_at = at
  from unread u where n.citizen_id = u.citizen_id and n.id = u.id
$$;

-- By look-up keys, in one call for many. A name that has passed to another citizen is theirs alone.
create function learn_portal_users(hmacs bytea[], user_ids text[], at timestamptz)
returns void
language sql security definer as $$
  delete from portal_user p
  using unnest(hmacs, user_ids) t (hmac, user_id), citizen_lookup l
  where l.national_id_hmac = t.hmac and p.user_id = t.user_id and p.citizen_id <> l.citizen_id;
  insert into portal_user (citizen_id, user_id, learned_at)
  select distinct on (l.citizen_id) l.citizen_id, t.user_id, at
  from (
    select distinct on (user_id) user_id, hmac, place
    from unnest(hmacs, user_ids) with ordinality u (hmac, user_id, place)
    order by user_id, place desc) t
  join citizen_lookup l on l.national_id_hmac = t.hmac
  order by l.citizen_id, t.place desc
  on conflict (citizen_id) do update
  set user_id = excluded.user_id, learned_at = excluded.learned_at
  where portal_user.user_id <> excluded.user_id
$$;

do $$
declare
  signature text;
begin
  foreach signature in array array[
    'mark_notifications_read(uuid, bigint[], timestamptz)',
    'learn_portal_users(bytea[], text[], timestamptz)']
  loop
    execute format('revoke execute on function %s from public', signature);
    execute format(
      'alter function %s set search_path = pg_catalog, %I, pg_temp', signature, current_schema());
    execute format('grant execute on function %s to allowances_service', signature);
  end loop;
end $$;

grant select (
  id, citizen_id, kind, subject, scheme, period, sequence, facts, created_at, read_at, withdrawn_at
) on notification to allowances_service;
grant select (notification_id) on notification_outbox to allowances_service;
grant select (died_on) on citizen to allowances_submission;
grant select, insert, update on notification, notification_outbox to allowances_submission;
grant select, insert on notification_batch to allowances_submission;
