"""An office that writes files and imports them: what the tests of the importer share."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from app.clock import BANGKOK
from app.ingest.importer import ImportKind, Report, import_file
from app.notices.telling import BY_DEFAULT, Telling
from app.privacy import PrivacyKeys
from app.rules.national_id import check_digit

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=BANGKOK)
AUTHORITY, OTHER_AUTHORITY = "05810109", "06110604"
ACCOUNT, OTHER_ACCOUNT = "9860000014", "9860000022"

Row = dict[str, str]

# Numbers and random keys, which say nothing of what was told.
TOLD = ("notification_outbox", "notification_batch")
_TRUE_ONCE = """(
  select citizen_id, kind, subject, scheme, period, sequence, facts from notification
  where withdrawn_at is null)"""


def national_id(number: int) -> str:
    """A demonstration ID: first digit 9, right check digit."""
    twelve = f"9{number:011}"
    return twelve + str(check_digit(twelve))


def authority(**changes: str) -> Row:
    row = {
        "code": AUTHORITY,
        "name_th": "เทศบาลตำบลทดสอบ",
        "kind": "เทศบาลตำบล",
        "province": "กระบี่",
    }
    return row | changes


def citizen(number: int = 1, **changes: str) -> Row:
    row = {
        "national_id": national_id(number),
        "title": "นาง",
        "given_name": "มาลี",
        "family_name": "ใจดี",
        "birth_date": "1957-05-20",
        "local_authority_code": AUTHORITY,
    }
    return row | changes


def registration(number: int = 1, **changes: str) -> Row:
    row = {
        "national_id": national_id(number),
        "scheme": "OLD_AGE_ALLOWANCE",
        "local_authority_code": AUTHORITY,
        "registered_on": "2016-02-15",
        "status": "",
        "status_reason": "",
        "status_on": "",
        "channel": "",
        "bank_code": "006",
        "account_number": ACCOUNT,
        "account_name": "",
        "holder": "",
        "card_issued_on": "",
        "card_expires_on": "",
        "disability_types": "",
    }
    return row | changes


def disbursement(number: int = 1, **changes: str) -> Row:
    row = {
        "national_id": national_id(number),
        "scheme": "OLD_AGE_ALLOWANCE",
        "local_authority_code": AUTHORITY,
        "period": "2026-11",
        "amount": "600.00",
        "status": "PAID",
        "kind": "REGULAR",
        "paid_on": "2026-11-10",
        "channel": "",
        "bank_code": "006",
        "account_number": ACCOUNT,
        "account_name": "",
        "holder": "",
        "failure_code": "",
        "failure_text": "",
        "repays_period": "",
    }
    return row | changes


def csv_text(rows: Iterable[Mapping[str, str]]) -> str:
    """Rows of the same columns as CSV with a header."""
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass
class Office:
    """Imports what it is given into one database."""

    connection: asyncpg.Connection
    keys: PrivacyKeys
    directory: Path

    async def load(
        self,
        kind: ImportKind,
        content: str | bytes | list[Row],
        name: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        now: datetime = NOW,
        telling: Telling = BY_DEFAULT,
    ) -> Report:
        path = self.directory / (name or f"{kind.value.lower()}.csv")
        text = csv_text(content) if isinstance(content, list) else content
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return await import_file(
            self.connection,
            kind,
            path,
            keys=self.keys,
            now=now,
            progress=progress,
            telling=telling,
        )

    async def authorities(self, *rows: Row) -> Report:
        return await self.load(ImportKind.AUTHORITIES, list(rows))

    async def citizens(self, *rows: Row) -> Report:
        return await self.load(ImportKind.CITIZENS, list(rows))

    async def registrations(self, *rows: Row) -> Report:
        return await self.load(ImportKind.REGISTRATIONS, list(rows))

    async def disbursements(self, *rows: Row) -> Report:
        return await self.load(ImportKind.DISBURSEMENTS, list(rows))

    async def open(self, citizens: int = 1) -> None:
        """The reference file, and so many citizens."""
        await self.authorities(authority(), authority(code=OTHER_AUTHORITY))
        await self.citizens(*(citizen(number) for number in range(1, citizens + 1)))

    async def row(self, query: str) -> dict[str, Any]:
        """The only row of a query."""
        (row,) = await self.connection.fetch(query)
        return dict(row)

    async def value(self, query: str) -> Any:
        return await self.connection.fetchval(query)

    async def tables(
        self, but: Iterable[str] = ("import_file", "import_tally", *TOLD)
    ) -> dict[str, list[str]]:
        """Every row of every table as text, in a fixed order; partitions through their parent."""
        names = await self.connection.fetch(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition and relname <> all($1)"
            " and relname not like 'staging%'",
            ["schema_migration", *but],
        )
        return {row["relname"]: await self._dump(row["relname"]) for row in names}

    async def _dump(self, table: str) -> list[str]:
        source = _TRUE_ONCE if table == "notification" else table
        rows = await self.connection.fetch(f"select to_jsonb(t)::text as row from {source} t")  # noqa: S608 - the name comes from the catalogue
        return sorted(row["row"] for row in rows)


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until a question to the database is answered with yes."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)


def rejects(report: Report) -> list[Row]:
    """The rows of the report's file of rejects."""
    assert report.rejects_file is not None
    with report.rejects_file.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def reasons(report: Report) -> list[tuple[int, str, str]]:
    """Line, field and code of every rejected row."""
    return [(int(row["line"]), row["field"], row["code"]) for row in rejects(report)]


def content(dumped: dict[str, list[str]], table: str) -> list[Any]:
    return [json.loads(row) for row in dumped[table]]
