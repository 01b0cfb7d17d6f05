"""Rows that waited for a citizen, taken in when the citizen has come."""

from dataclasses import replace

import asyncpg

from app.ingest.context import Context
from app.ingest.staging import keep_tally
from app.ingest.tables.batches import close_batches
from app.ingest.tables.disbursements import apply_disbursements, stage_released_disbursements
from app.ingest.tables.registrations import apply_registrations, stage_released_registrations
from app.notices.standing import tell_of_registrations


async def release_waiting(connection: asyncpg.Connection, context: Context) -> None:
    """Apply every waiting row whose citizen is known.

    They run through the same statements as a file's rows. Their batches belong to the citizens
    file that brought them in; its tally counts them as released.
    """
    context = replace(context, absent=())
    if await stage_released_registrations(connection):
        await apply_registrations(connection, context)
        await tell_of_registrations(connection, await context.told_in_order())
        await keep_tally(connection, context.import_file_id, released=True)
    if await stage_released_disbursements(connection):
        await apply_disbursements(connection, context)
        await keep_tally(connection, context.import_file_id, released=True)
        await close_batches(connection, context)
