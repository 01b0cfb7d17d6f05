"""The kinds of file: for each its layout, its staging table, and what writes it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from app.ingest.context import Context
from app.ingest.layout import Layout
from app.ingest.layouts.authorities import authorities_layout
from app.ingest.layouts.citizens import citizens_layout
from app.ingest.layouts.disbursements import disbursements_layout
from app.ingest.layouts.registrations import registrations_layout
from app.ingest.report import ImportKind
from app.ingest.staging import Staged, any_waiting
from app.ingest.tables import authorities, citizens, disbursements, registrations
from app.notices.standing import tell_of_citizens, tell_of_registrations


async def _of_no_month(_connection: asyncpg.Connection) -> Sequence[date]:
    return ()


async def _nothing_to_look_at(_connection: asyncpg.Connection, _months: Sequence[date]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of file is read and written.

    `prepare` makes what all that is staged will be written to, and tells its months; `look_at`
    lets the planner know what these hold already, outside of a transaction; `write` applies a part.
    """

    staged: Staged
    layout: Callable[[Context], Layout]
    write: Callable[[asyncpg.Connection, Context], Awaitable[None]]
    prepare: Callable[[asyncpg.Connection], Awaitable[Sequence[date]]] = _of_no_month
    look_at: Callable[[asyncpg.Connection, Sequence[date]], Awaitable[None]] = _nothing_to_look_at


async def _write_authorities(connection: asyncpg.Connection, context: Context) -> None:
    await authorities.apply_authorities(connection, context.absent)


async def _write_citizens(connection: asyncpg.Connection, context: Context) -> None:
    await citizens.apply_citizens(connection, context.now, context.absent)
    await tell_of_citizens(connection, await context.told_in_order())


async def _write_registrations(connection: asyncpg.Connection, context: Context) -> None:
    await registrations.apply_registrations(connection, context)
    await tell_of_registrations(connection, await context.told_in_order())
    if await any_waiting(connection):
        await registrations.keep_registrations_waiting(
            connection, context.import_file_id, context.absent
        )


async def write_disbursements(connection: asyncpg.Connection, context: Context) -> None:
    """Apply the staged disbursements, and put those of unknown citizens aside."""
    await disbursements.apply_disbursements(connection, context)
    if await any_waiting(connection):
        await disbursements.keep_disbursements_waiting(connection, context.import_file_id)


KINDS: Mapping[ImportKind, Kind] = {
    ImportKind.AUTHORITIES: Kind(
        authorities.STAGED, lambda _context: authorities_layout(), _write_authorities
    ),
    ImportKind.CITIZENS: Kind(citizens.STAGED, citizens_layout, _write_citizens),
    ImportKind.REGISTRATIONS: Kind(
        registrations.STAGED, registrations_layout, _write_registrations
    ),
    ImportKind.DISBURSEMENTS: Kind(
        disbursements.STAGED,
        disbursements_layout,
        write_disbursements,
        disbursements.prepare_disbursements,
        disbursements.look_at_payments,
    ),
}
