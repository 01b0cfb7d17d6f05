"""The register from previous keys to the current ones, a transaction at a time.

Each transaction is a slice of the citizens by id, done as a whole or not at all, and done again to
no effect: so the work can be stopped at any point, and begun anew.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.errors import Unavailable
from app.ingest.ledger import take_turn
from app.privacy import PrivacyKeys

_FIRST = UUID(int=0)

_USE = """
select get_byte(national_id_encrypted, 0) as key_id, count(*) as rows from citizen group by 1
"""
_NOT_OF_KEY = """
select id, national_id_encrypted from citizen
where id > $1 and get_byte(national_id_encrypted, 0) <> $3 order by id limit $2
"""
_ALL = "select id, national_id_encrypted from citizen where id > $1 order by id limit $2"
_WRITE = """
update citizen c set national_id_encrypted = n.encrypted
from unnest($1::uuid[], $2::bytea[]) as n (id, encrypted) where c.id = n.id
"""
_LOOK_UP = """
insert into citizen_lookup (national_id_hmac, citizen_id)
select * from unnest($1::bytea[], $2::uuid[]) on conflict do nothing
"""
_DROP_LOOK_UP = """
delete from citizen_lookup where national_id_hmac = any($1) and national_id_hmac <> all($2)
"""
_COUNTS = """
select (select count(*) from citizen) as citizens, (select count(*) from citizen_lookup) as lookups
"""
_WAITING = """
select f.name, count(*) as rows from (
  select import_file_id from waiting_registration
  union all select import_file_id from waiting_disbursement
) w join import_file f on f.id = w.import_file_id group by f.id order by f.id
"""
_FORGET_WAITING = ("delete from waiting_registration", "delete from waiting_disbursement")


class _Citizen(NamedTuple):
    citizen_id: UUID
    national_id: str


_Write = Callable[[Sequence[_Citizen]], Awaitable[None]]


@dataclass(slots=True)
class Rotation:
    """What a run did: rows done, and rows that no configured key can read."""

    done: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """The register, the keys, rows a transaction, and who hears how many each has done.

    No import works during a transaction: it would write back the text that it read before. What
    can't be read is left as it is, and counted.
    """

    connection: asyncpg.Connection
    keys: PrivacyKeys
    at_once: int
    progress: Callable[[int], None]

    async def encryption(self) -> Rotation:
        """Encrypt with the current key whatever another one holds."""
        return await self._walk(_NOT_OF_KEY, [self.keys.encryption_key_id], self._encrypt)

    async def lookup(self) -> Rotation:
        """Let every citizen be found by the current look-up key too."""
        return await self._walk(_ALL, [], self._look_up)

    async def drop_previous_lookup(self) -> Rotation:
        """As `lookup`; and none is found by the previous key any more."""
        return await self._walk(_ALL, [], self._look_up_by_current_alone)

    async def _walk(self, statement: str, more: list[int], write: _Write) -> Rotation:
        rotation, after = Rotation(), _FIRST
        while True:
            async with self.connection.transaction():
                await take_turn(self.connection)
                rows = await self.connection.fetch(statement, after, self.at_once, *more)
                if not rows:
                    return rotation
                readable = _readable(self.keys, rows)
                await write(readable)
            rotation.done += len(readable)
            rotation.unreadable += len(rows) - len(readable)
            after = rows[-1]["id"]
            self.progress(len(rows))

    async def _encrypt(self, citizens: Sequence[_Citizen]) -> None:
        encrypted = [self.keys.encrypt_national_id(each.national_id, each[0]) for each in citizens]
        await self.connection.execute(_WRITE, [each.citizen_id for each in citizens], encrypted)

    async def _look_up(self, citizens: Sequence[_Citizen]) -> None:
        hmacs = [self.keys.national_id_hmac(each.national_id) for each in citizens]
        await self.connection.execute(_LOOK_UP, hmacs, [each.citizen_id for each in citizens])

    async def _look_up_by_current_alone(self, citizens: Sequence[_Citizen]) -> None:
        await self._look_up(citizens)
        current = [self.keys.national_id_hmac(each.national_id) for each in citizens]
        previous = [self.keys.previous_national_id_hmac(each.national_id) for each in citizens]
        await self.connection.execute(_DROP_LOOK_UP, previous, current)


async def encryption_key_use(connection: asyncpg.Connection) -> Counter[int]:
    """How many citizens' national IDs each encryption key holds, by the key's id."""
    return Counter({row["key_id"]: row["rows"] for row in await connection.fetch(_USE)})


async def citizens_and_lookups(connection: asyncpg.Connection) -> tuple[int, int]:
    """How many citizens there are, and how many ways to find one; equal but during a rotation."""
    (counts,) = await connection.fetch(_COUNTS)
    return counts["citizens"], counts["lookups"]


async def files_with_waiting_rows(connection: asyncpg.Connection) -> list[tuple[str, int]]:
    """The files whose rows wait for their citizen, oldest first, and how many of each wait."""
    return [(row["name"], row["rows"]) for row in await connection.fetch(_WAITING)]


async def forget_waiting(connection: asyncpg.Connection) -> None:
    """Delete the rows that wait; their files can be imported again."""
    async with connection.transaction():
        await take_turn(connection)
        for statement in _FORGET_WAITING:
            await connection.execute(statement)


def _readable(keys: PrivacyKeys, rows: Sequence[asyncpg.Record]) -> list[_Citizen]:
    citizens = []
    for citizen_id, encrypted in rows:
        with suppress(Unavailable):
            national_id = keys.decrypt_national_id(encrypted, citizen_id)
            citizens.append(_Citizen(citizen_id, national_id))
    return citizens
