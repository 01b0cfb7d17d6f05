"""Migrations: once each, by two at once, and never over a changed past."""

import asyncio

import asyncpg
import pytest

from app.errors import SettingsError
from app.migrations.apply import migrate, migrations, pending
from tests.conftest import Databases


async def test_two_at_once_apply_each_migration_once(databases: Databases) -> None:
    name = await databases.create()
    first, second = [await asyncpg.connect(databases.url(name)) for _ in range(2)]
    done = await asyncio.gather(migrate(first), migrate(second))
    names = [migration.name for migration in migrations()]
    assert sorted(done) == [[], names]
    assert await migrate(first) == []
    assert await pending(second) == []
    await asyncio.gather(first.close(), second.close())
    await databases.drop(name)


async def test_an_empty_database_lacks_them_all(databases: Databases) -> None:
    name = await databases.create()
    connection = await asyncpg.connect(databases.url(name))
    assert await pending(connection) == [migration.name for migration in migrations()]
    await connection.close()
    await databases.drop(name)


async def test_a_changed_past_is_refused_by_name(connection: asyncpg.Connection) -> None:
    await connection.execute("update schema_migration set checksum = '' where number = 1")
    with pytest.raises(SettingsError, match=r"0001_register_and_payments\.sql was changed"):
        await migrate(connection)


def test_the_numbers_have_no_gap() -> None:
    assert [m.number for m in migrations()] == list(range(1, len(migrations()) + 1))
