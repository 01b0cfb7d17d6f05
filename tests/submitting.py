"""An agency that submits: a service over a database of its own, and who writes to it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.demo.home import DataDirectory
from app.demo.service import create_demo
from app.migrations.service_role import make_service_logins
from app.service import Service
from tests.callers import office
from tests.conftest import Asker
from tests.ingest.office import ACCOUNT, AUTHORITY, Office, national_id

SUBMIT = """
mutation ($input: SubmitDisbursementsInput!) {
  submitDisbursements(input: $input) {
    batch {
      id scheme period status version localAuthority { code }
      totals { rows accepted rejected unchanged waiting amount }
    }
    rejected { index field code message }
  }
}"""
WRITE = "disbursement:write"


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    given = {
        "nationalId": national_id(number),
        "localAuthorityCode": AUTHORITY,
        "amount": "600.00",
        "status": "PAID",
        "paidOn": "2026-11-10",
        "bankCode": "006",
        "accountNumber": ACCOUNT,
    }
    return {name: value for name, value in (given | changes).items() if value is not ...}


def submission(*records: dict[str, Any], **changes: Any) -> dict[str, Any]:
    given = {"requestId": "november-1", "period": "2026-11", "scheme": "OLD_AGE_ALLOWANCE"}
    return {"input": given | {"records": list(records)} | changes}


@dataclass
class Agency:
    """A service over a database of its own, and an agency that writes to it."""

    ask: Asker
    service: Service
    office: Office

    async def submit(
        self, *records: dict[str, Any], limited_to: Sequence[str] | None = None, **changes: Any
    ) -> Any:
        """The payload of a submission that is taken."""
        token = self.ask.agency(WRITE, None)
        if limited_to is not None:
            token = office(self.ask.home.issuer(), WRITE, *limited_to)
        data = await self.ask.data(SUBMIT, submission(*records, **changes), token=token)
        return data["submitDisbursements"]

    async def refused(self, *records: dict[str, Any], **changes: Any) -> Any:
        """The only error of a submission that is not."""
        token = self.ask.agency(WRITE, None)
        answer = await self.ask.answer(SUBMIT, submission(*records, **changes), token=token)
        assert answer.get("data") is None
        (error,) = answer["errors"]
        return error

    async def payments(self) -> list[Any]:
        return await self.office.connection.fetch(
            "select * from payment order by citizen_id, period, sequence"
        )


async def running(url: str, home: DataDirectory, office: Office) -> AsyncIterator[Agency]:
    app = create_demo(home, url, 8000, reference_refresh_seconds=3600)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            yield Agency(Asker(http, home), app.state.service, office)


@pytest.fixture
async def office_at(connection: asyncpg.Connection, home: DataDirectory, tmp_path: Path) -> Office:
    """A register of three citizens, and the logins of the service."""
    await make_service_logins(connection)
    office = Office(connection, home.keys(), tmp_path)
    await office.open(3)
    return office


@pytest.fixture
async def agency(
    database_url: str, home: DataDirectory, office_at: Office
) -> AsyncIterator[Agency]:
    async for each in running(database_url, home, office_at):
        yield each
