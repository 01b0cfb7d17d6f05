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
  awaits_user_id boolean not null default false,  -- kept aside until portal_user knows the citizen
  push_key uuid,                       -- the push it is in, while that has no certain outcome
  due_at timestamptz not null,         -- not before
  attempts smallint not null default 0,
  last_error text,                     -- a code of ours; never what the portal wrote
  sent_at timestamptz
);

-- The name by which the portal knows a citizen, learned from the token of a signed-in one.
create table portal_user (
  citizen_id uuid primary key references citizen,
  user_id text not null unique,
  learned_at timestamptz not null
);

-- One request to the portal: its notifications stay together, and keep its key, until the portal has
-- said what became of them. An answer that got lost is asked for again by the very same request.
create table notification_push (
  key uuid primary key,                -- the idempotency key
  due_at timestamptz not null,         -- not before; infinity: given up, until it is retried
  claimed_until timestamptz,           -- a sender has it until then
  attempts smallint not null default 0,
  shrunk boolean not null default false,  -- some of it was withdrawn after it was first sent
  last_error text                      -- a code of ours
);
create index notification_push_due on notification_push (due_at);
alter table notification_outbox add foreign key (push_key) references notification_push;
create index notification_outbox_due on notification_outbox (due_at, notification_id)
  where state = 'WAITING' and push_key is null and not awaits_user_id;
create index notification_outbox_push on notification_outbox (push_key)
  where push_key is not null;
create index notification_outbox_awaiting on notification_outbox (citizen_id) where awaits_user_id;
create index notification_outbox_dead on notification_outbox (notification_id)
  where state = 'DEAD';

-- Citizens whose user ID becomes known have what was kept aside sent. Setting aside takes the lock
-- alone, learning shares it: so neither passes by the other unseen. Rows are locked by number over
-- all citizens, as who withdraws locks them. An array, so that no plan reads the whole outbox.
create function release_what_awaits_the_user_id() returns trigger
language plpgsql security definer as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('notification_outbox'));
  update notification_outbox o set awaits_user_id = false
  from (
    select notification_id from notification_outbox
    where citizen_id = any(array(select citizen_id from learned)) and awaits_user_id
    order by notification_id for update) d
  where o.notification_id = d.notification_id;
  return null;
end $$;
revoke execute on function release_what_awaits_the_user_id() from public;
create trigger release_what_awaits after insert on portal_user
  referencing new table as learned for each statement execute function release_what_awaits_the_user_id();

-- Who sends: what a push needs, and no more.
do $$
begin
  if not exists (select from pg_roles where rolname = 'allowances_delivery') then
    create role allowances_delivery nologin;
  end if;
exception
  when duplicate_object or unique_violation then
    null;  -- a migration of another database of this server made it meanwhile
  when insufficient_privilege then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'The role allowances_delivery does not exist, and this user may not make it. '
        'Run `create role allowances_delivery nologin` as one who may, then migrate again.';
end $$;
do $$
begin
  execute format(
    'alter function release_what_awaits_the_user_id() set search_path = pg_catalog, %I, pg_temp',
    current_schema());
  execute format('grant usage on schema %I to allowances_delivery', current_schema());
end $$;
grant select on schema_migration, portal_user to allowances_delivery;
grant select (id, citizen_id, kind, period, created_at, withdrawn_at)
  on notification to allowances_delivery;
grant select, update on notification_outbox to allowances_delivery;
grant select, insert, update, delete on notification_push to allowances_delivery;
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

-- By look-up keys, in one call for many; returns those of the register. A name that has passed to
-- another citizen is theirs alone.
create function learn_portal_users(hmacs bytea[], user_ids text[], at timestamptz)
returns setof bytea
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
  where portal_user.user_id <> excluded.user_id;
  select national_id_hmac from citizen_lookup where national_id_hmac = any(hmacs)
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
