"""One live service for the suites that nobody here wrote."""

from collections.abc import Iterator

import pytest

from app.demo.home import DataDirectory
from tests.suites.known import Known
from tests.suites.live import Live, serving


@pytest.fixture(scope="session")
def live(
    demo_database: str, home: DataDirectory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """`serve` over the demo's database. Its tests belong to the xdist group `suites`."""
    with serving(home, demo_database, tmp_path_factory.mktemp("live") / "log") as live:
        yield live


@pytest.fixture(scope="session")
def known(live: Live) -> Known:
    return Known.of(live)
