"""The chain of access records as the verifier walks it: in order, on one snapshot."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

import asyncpg

from app.access_chain import AccessBatch

_BATCHES_AT_ONCE = 200  # of at most as many records as a request may have representations

BATCHES = """
select seq, at, agency, purpose, operation, operation_hash, record_hashes, previous_hash, hash
from access_batch
order by seq"""

RECORDS = "select seq, citizen_id, categories from access_record where seq between $1 and $2"

WITHOUT_BATCH = """
select r.seq, count(*)
from access_record r
where not exists (select from access_batch b where b.seq = r.seq)
group by r.seq
order by r.seq"""

Records = Mapping[UUID, Sequence[str]]


async def batches_with_records(
    connection: asyncpg.Connection,
) -> AsyncIterator[tuple[AccessBatch, Records]]:
    """Every batch in order, with its records; to be asked inside a transaction."""
    cursor = await connection.cursor(BATCHES)
    while rows := await cursor.fetch(_BATCHES_AT_ONCE):
        records: dict[int, dict[UUID, Sequence[str]]] = {row["seq"]: {} for row in rows}
        for row in await connection.fetch(RECORDS, rows[0]["seq"], rows[-1]["seq"]):
            if row["seq"] in records:
                records[row["seq"]][row["citizen_id"]] = row["categories"]
        for row in rows:
            yield AccessBatch(*row), records[row["seq"]]


async def records_without_batch(connection: asyncpg.Connection) -> list[tuple[int, int]]:
    """Numbers of batches that are not there though records of them are, and how many."""
    return [(row["seq"], row["count"]) for row in await connection.fetch(WITHOUT_BATCH)]
