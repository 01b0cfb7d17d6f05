"""The database roles of the service: logins of their own, and what none may be able to do."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from app.errors import SettingsError

LOGIN = "allowances_app"
SUBMISSION_LOGIN = "allowances_submission_app"
DELIVERY_LOGIN = "allowances_delivery_app"

# Logins without a password: for the embedded server alone, whose socket only its owner can reach.
# The service's plans are made once, not for each request's arguments: docs/storage.md has what that
# saves. Set on the role, since a pooler between may refuse what a connection asks for.
_MAKE_LOGINS = """
do $$
begin
  if not exists (select from pg_roles where rolname = 'allowances_app') then
    create role allowances_app login in role allowances_service;
  end if;
  if not exists (select from pg_roles where rolname = 'allowances_app'
      and 'plan_cache_mode=force_generic_plan' = any(rolconfig)) then
    alter role allowances_app set plan_cache_mode = force_generic_plan;
  end if;
  if not exists (select from pg_roles where rolname = 'allowances_submission_app') then
    create role allowances_submission_app login in role allowances_submission;
  end if;
  if not exists (select from pg_roles where rolname = 'allowances_delivery_app') then
    create role allowances_delivery_app login in role allowances_delivery;
  end if;
exception
  when duplicate_object or unique_violation then null;  -- another process made it meanwhile
end $$"""

_MAY_ALTER = """
select coalesce(bool_or(has_table_privilege(t, p)), false)
from unnest(array['access_batch', 'access_record']) t,
  unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p
"""
_MAY_SUBMIT = "select pg_has_role(current_user, 'allowances_submission', 'USAGE')"
_MAY_DELIVER = "select pg_has_role(current_user, 'allowances_delivery', 'USAGE')"


async def make_service_logins(connection: asyncpg.Connection) -> None:
    """The roles that may log in: as the service, as a submission and as delivery; made once."""
    await connection.execute(_MAKE_LOGINS)


def as_service(dsn: str) -> str:
    """The embedded server's DSN with the service's login in place of its owner's."""
    return _as(LOGIN, dsn)


def as_submission(dsn: str) -> str:
    """The same with the login of submissions."""
    return _as(SUBMISSION_LOGIN, dsn)


def as_delivery(dsn: str) -> str:
    """The same with the login of delivery."""
    return _as(DELIVERY_LOGIN, dsn)


def _as(login: str, dsn: str) -> str:
    parts = urlsplit(dsn)
    query = {**dict(parse_qsl(parts.query)), "user": login}
    return urlunsplit(parts._replace(query=urlencode(query)))


async def refuse_owner(connection: asyncpg.Connection) -> None:
    """`SettingsError` when the reading connection's role could alter an access record, or could
    submit."""
    await _refuse_altering(connection, "DATABASE_URL", "allowances_service")
    if await connection.fetchval(_MAY_SUBMIT):
        raise SettingsError(
            "DATABASE_URL: the role that reads must not be in allowances_submission as well. Give "
            "submissions a login of their own, in SUBMISSION_DATABASE_URL."
        )


async def refuse_unfit_submission(connection: asyncpg.Connection) -> None:
    """`SettingsError` when the writing connection's role could alter an access record, or could
    not submit."""
    may_submit = _MAY_SUBMIT, "submit", "allowances_submission"
    await _refuse_unfit(connection, "SUBMISSION_DATABASE_URL", *may_submit)


async def refuse_unfit_delivery(connection: asyncpg.Connection) -> None:
    """`SettingsError` when the delivering connection's role could alter an access record, or could
    not deliver."""
    may_deliver = _MAY_DELIVER, "deliver", "allowances_delivery"
    await _refuse_unfit(connection, "DELIVERY_DATABASE_URL", *may_deliver)


async def _refuse_unfit(
    connection: asyncpg.Connection, setting: str, may: str, what: str, role: str
) -> None:
    await _refuse_altering(connection, setting, role)
    if not await connection.fetchval(may):
        raise SettingsError(
            f"{setting}: this role can not {what}. Connect as a role of its own: "
            f"`create role ... login in role {role}`."
        )


async def _refuse_altering(connection: asyncpg.Connection, setting: str, role: str) -> None:
    if await connection.fetchval(_MAY_ALTER):
        raise SettingsError(
            f"{setting}: the service must not connect as a role that can alter access records, "
            "such as the owner of the tables. Connect as a role of its own: `create role ... "
            f"login in role {role}`."
        )
