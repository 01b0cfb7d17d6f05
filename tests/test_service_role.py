"""The barrier in the database: what the service's own role can do, and what it can't."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.errors import SettingsError
from app.migrations import apply
from app.migrations.apply import Migration, migrate, migrations
from app.migrations.service_role import LOGIN, as_service, make_service_logins, refuse_owner
from app.service import Service
from tests.conftest import Databases


@pytest.fixture
async def service_connection(
    database_url: str, connection: asyncpg.Connection
) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service's role, to a database with one access record."""
    await make_service_logins(connection)
    call = "select record_access('a', 'b', '', $1, $2, array['IDENTITY'])"
    await connection.fetch(call, bytes(32), ["00000000-0000-0000-0000-000000000001"])
    as_the_service = await asyncpg.connect(as_service(database_url))
    yield as_the_service
    await as_the_service.close()


async def test_the_application_of_these_tests_connects_as_the_role(service: Service) -> None:
    (row,) = await service.database.fetch("select current_user as name")
    assert row["name"] == "allowances_app"


async def test_plans_are_made_once(service: Service) -> None:
    (row,) = await service.database.fetch("select current_setting('plan_cache_mode') as mode")
    assert row["mode"] == "force_generic_plan"


@pytest.mark.parametrize(
    "statement",
    [
        "update access_record set categories = '{IDENTITY}'",
        "delete from access_record",
        "truncate access_record",
        "insert into access_record values (gen_random_uuid(), 1, '{IDENTITY}')",
        "update access_batch set purpose = ''",
        "delete from access_batch",
        "truncate access_batch",
        "insert into access_batch select * from access_batch",
        "alter table access_record disable trigger append_only",
        "drop table access_record",
        "create table t (x integer)",
        "select * from waiting_registration",
        "select * from waiting_disbursement",
        "select * from payment_history",
        "select number_hmac from bank_account",
        "select phone from citizen",
        "select source_text from payment",
        "select name from import_file",
        "update citizen set given_name = ''",
        "delete from citizen_lookup",
        "insert into local_authority values ('00000000', '', '', '', '')",
        "update payment set amount_satang = 0",
        "update schema_migration set checksum = ''",
        "select ensure_payment_partition(2570)",
        "select hashed_text('')",
        "insert into notification (citizen_id, kind, subject, scheme, created_at) values"
        " (gen_random_uuid(), 'REGISTER_NOW', '', 'OLD_AGE_ALLOWANCE', now())",
        "update notification set read_at = now()",
        "delete from notification",
        "select state from notification_outbox",
        "update notification_outbox set state = 'SENT'",
        "select * from portal_user",
        "insert into portal_user values (gen_random_uuid(), '', now())",
        "set role postgres",
    ],
)
async def test_the_service_can_not(service_connection: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_connection.execute(statement)


async def test_the_service_can_write_nothing_directly(
    service_connection: asyncpg.Connection,
) -> None:
    rows = await service_connection.fetch(
        """
        select c.relname, p from pg_class c
        cross join unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and has_table_privilege(c.oid, p)"""
    )
    assert rows == []


async def test_the_service_reads_access_records_and_writes_them_by_the_function_alone(
    service_connection: asyncpg.Connection,
) -> None:
    assert await service_connection.fetchval("select count(*) from access_record") == 1
    # A table of its own of the same name leads the owner's function nowhere.
    await service_connection.execute("create temporary table access_batch (seq bigint, hash bytea)")
    call = "select record_access('a', 'b', '', $1, $2, array['IDENTITY'])"
    person = ["00000000-0000-0000-0000-000000000002"]
    assert await service_connection.fetchval(call, bytes(32), person) == 2


async def test_not_even_the_owner_alters_a_record_by_accident(
    service_connection: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    assert service_connection
    for statement in (
        "update access_record set seq = 1",
        "delete from access_record",
        "truncate access_batch",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is never changed"):
            await connection.execute(statement)


async def test_serve_refuses_a_role_that_could_alter_records(
    service_connection: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    await refuse_owner(service_connection)
    with pytest.raises(SettingsError, match="login in role allowances_service"):
        await refuse_owner(connection)


@pytest.mark.parametrize("privilege", ["insert", "update", "delete", "truncate", "trigger"])
async def test_serve_refuses_a_role_that_was_given_more(
    service_connection: asyncpg.Connection, connection: asyncpg.Connection, privilege: str
) -> None:
    await connection.execute(f"grant {privilege} on access_record to {LOGIN}")
    with pytest.raises(SettingsError, match="login in role allowances_service"):
        await refuse_owner(service_connection)


@pytest.fixture
async def plain_owner(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may make tables in a database of their own, and no roles."""
    name, role = await databases.create(), f"plain_{databases.worker}"
    admin = await asyncpg.connect(databases.url(name))
    await admin.execute(f"create role {role} login")
    await admin.execute(f"grant all on schema public to {role}")
    owner = await asyncpg.connect(databases.url(name), user=role)
    yield owner
    await owner.close()
    await admin.execute(f"drop owned by {role}; drop role {role}")
    await admin.close()
    await databases.drop(name)


@pytest.mark.usefixtures("migrated_template")  # the server has the role
async def test_where_the_role_is_there_the_owner_need_not_make_it(
    plain_owner: asyncpg.Connection,
) -> None:
    assert len(await migrate(plain_owner)) == len(migrations())


async def test_where_the_role_lacks_the_owner_is_told(
    plain_owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = migrations()[2].sql.replace("allowances_service", "allowances_absent")
    changed = [*migrations()[:2], Migration(3, "0003_access_record.sql", text)]
    monkeypatch.setattr(apply, "migrations", lambda: changed)
    sentence = r"0003_access_record\.sql was not applied: The role .*create role .* nologin"
    with pytest.raises(SettingsError, match=sentence):
        await migrate(plain_owner)
