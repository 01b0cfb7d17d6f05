"""Rows that waited for a citizen, taken in when the citizen has come."""

import asyncpg

from app.ingest.context import Context
from app.ingest.staging import FORGET_TALLY
from app.ingest.tables.disbursements import apply_disbursements, stage_released_disbursements
from app.ingest.tables.registrations import apply_registrations, stage_released_registrations


async def release_waiting(connection: asyncpg.Connection, context: Context) -> int:
    """Apply every waiting row whose citizen is known; returns how many.

    They run through the same statements as a file's rows. Their batches belong to the citizens
    file that brought them in. The tally is theirs afterwards, so read the file's own before.
    """
    await connection.execute(FORGET_TALLY)
    registrations = await stage_released_registrations(connection)
    if registrations:
        await apply_registrations(connection, context.now, absent=())
    await connection.execute(FORGET_TALLY)
    disbursements = await stage_released_disbursements(connection)
    if disbursements:
        await apply_disbursements(
            connection, context.import_file_id, context.now, seen_before=None, absent=()
        )
    return registrations + disbursements
