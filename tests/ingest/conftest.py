"""The office, at an empty database of the test's own."""

from pathlib import Path

import asyncpg
import pytest

from app.privacy import PrivacyKeys
from tests.ingest.office import Office


@pytest.fixture
def office(connection: asyncpg.Connection, keys: PrivacyKeys, tmp_path: Path) -> Office:
    return Office(connection, keys, tmp_path)
