"""Reference data, small and seldom changed: held in memory, read again when it changed."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.database import Database
from app.ingest.rule_tables import rule_tables_in_force
from app.rules.rule_book import RuleBook
from app.rules.rule_tables import rule_book_of
from app.rules.vocabulary import Language
from loaders.queue import Queue

_MISS_SECONDS = 1.0  # an unknown code may make us look again this often, no more


@dataclass(frozen=True, slots=True)
class LocalAuthorityRow:
    """A municipality, sub-district organisation or special authority that pays."""

    code: str
    name_th: str
    name_en: str | None
    kind: str
    province: str
    phone: str | None

    def name(self, language: Language) -> str:
        """Its name; in Thai where no English one is known."""
        return (self.name_en or self.name_th) if language is Language.EN else self.name_th


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The reference data as of one revision."""

    revision: tuple[int, int]
    authorities: Mapping[str, LocalAuthorityRow]
    book: RuleBook


REVISION = """
select (select count(*) from import_file
  where kind = 'AUTHORITIES' and state in ('APPLIED', 'REPORTED')) as authorities,
  (select coalesce(max(id), 0) from rule_table) as rules"""

AUTHORITIES = "select code, name_th, name_en, kind, province, phone from local_authority"


class Reference:
    """The snapshot in use. One statement asks whether it is still the newest."""

    def __init__(self, database: Database, snapshot: Snapshot) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._looked_at = time.monotonic()
        self.current = snapshot
        self.unseen = Queue(self.local_authorities)

    @classmethod
    async def load(cls, database: Database) -> "Reference":
        return cls(database, await _read(database))

    async def refresh(self) -> Snapshot:
        """The newest snapshot, read again only if the revision moved."""
        async with self._lock:
            self._looked_at = time.monotonic()
            if await _revision(self._database) != self.current.revision:
                self.current = await _read(self._database)
        return self.current

    async def local_authorities(self, codes: Sequence[str]) -> list[LocalAuthorityRow | None]:
        """For each code its authority; a code not yet seen makes it look for news first."""
        authorities = self.current.authorities
        missed = any(code not in authorities for code in codes)
        if missed and time.monotonic() - self._looked_at > _MISS_SECONDS:
            authorities = (await self.refresh()).authorities
        return [authorities.get(code) for code in codes]


async def _revision(database: Database) -> tuple[int, int]:
    (row,) = await database.fetch(REVISION)
    return row["authorities"], row["rules"]


async def _read(database: Database) -> Snapshot:
    revision = await _revision(database)
    rows = await database.fetch(AUTHORITIES)
    authorities = {row[0]: LocalAuthorityRow(*row) for row in rows}
    return Snapshot(revision, authorities, await rule_book(database))


async def rule_book(database: Database) -> RuleBook:
    """The rules in force: the tables that were loaded, the shipped ones where none was."""
    return rule_book_of(await rule_tables_in_force(database.fetch))
