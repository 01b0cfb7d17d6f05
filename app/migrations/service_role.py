"""The database role that serves: a login of its own, and what no such role may be able to do."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from app.errors import SettingsError

LOGIN = "allowances_app"

# A login without a password: for the embedded server alone, whose socket only its owner can reach.
# Its plans are made once, not for each request's arguments: docs/storage.md has what that saves.
# Set on the role, since a pooler between may refuse what a connection asks for.
_MAKE_LOGIN = """
do $$
begin
  if not exists (select from pg_roles where rolname = 'allowances_app') then
    create role allowances_app login in role allowances_service;
  end if;
  if not exists (select from pg_roles where rolname = 'allowances_app'
      and 'plan_cache_mode=force_generic_plan' = any(rolconfig)) then
    alter role allowances_app set plan_cache_mode = force_generic_plan;
  end if;
exception
  when duplicate_object or unique_violation then null;  -- another process made it meanwhile
end $$"""

_MAY_ALTER = """
select coalesce(bool_or(has_table_privilege(t, p)), false)
from unnest(array['access_batch', 'access_record']) t,
  unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p
"""


async def make_service_login(connection: asyncpg.Connection) -> None:
    """The role `allowances_app`, which may log in and do what the service may; once."""
    await connection.execute(_MAKE_LOGIN)


def as_service(dsn: str) -> str:
    """The embedded server's DSN with the service's login in place of its owner's."""
    parts = urlsplit(dsn)
    query = {**dict(parse_qsl(parts.query)), "user": LOGIN}
    return urlunsplit(parts._replace(query=urlencode(query)))


async def refuse_owner(connection: asyncpg.Connection) -> None:
    """`SettingsError` when the connection's role could alter an access record."""
    if await connection.fetchval(_MAY_ALTER):
        raise SettingsError(
            "DATABASE_URL: the service must not connect as a role that can alter access records, "
            "such as the owner of the tables. Connect as a role of its own: `create role ... "
            "login in role allowances_service`."
        )
