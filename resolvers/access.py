"""Which citizens a request may read. Unknown and forbidden are the same answer: None."""

from collections.abc import Sequence
from uuid import UUID

from app.accountability import Category
from app.policies import Refused, Scope, may_serve, may_use
from app.viewer import AgencyViewer, CitizenViewer
from loaders.citizens import CitizenRow
from resolvers.context import Context

# One of a citizen's, None where it may not be read, or why that can not be told.
Found = CitizenRow | Exception | None


async def own_citizen(context: Context) -> CitizenRow | None:
    """The citizen of the token; None for an agency, for nobody, and for one not in the register."""
    if not isinstance(context.viewer, CitizenViewer):
        return None
    return await context.loaders.own_citizen(context.viewer.national_id_hmac)


async def readable_citizen(context: Context, citizen_id: UUID, scope: Scope) -> CitizenRow | None:
    """The citizen of an id, for themselves or for an agency with the scope."""
    (found,) = await readable_citizens(context, [citizen_id], scope)
    return _given(found)


async def readable_citizens(
    context: Context, citizen_ids: Sequence[UUID], scope: Scope
) -> list[Found]:
    """The same for many, asked together."""
    return _noted(context, await _readable(context, citizen_ids, scope))


async def _readable(context: Context, citizen_ids: Sequence[UUID], scope: Scope) -> list[Found]:
    match context.viewer:
        case CitizenViewer():
            own = await own_citizen(context)
            own_id = None if own is None else own.citizen_id
            return [own if each == own_id else None for each in citizen_ids]
        case AgencyViewer() as agency if not isinstance(may_use(agency, scope), Refused):
            rows = await context.loaders.citizen_by_id.load_each(citizen_ids)
            return [_served(agency, row) for row in rows]
        case _:
            return [None] * len(citizen_ids)


async def citizen_of_hmac(context: Context, hmac: bytes, scope: Scope) -> CitizenRow | None:
    """The citizen of a national ID, for themselves or for an agency with the scope."""
    (found,) = await citizens_of_hmacs(context, [hmac], scope)
    return _given(found)


async def citizens_of_hmacs(context: Context, hmacs: Sequence[bytes], scope: Scope) -> list[Found]:
    """The same for many, asked together."""
    match context.viewer:
        case CitizenViewer() as citizen:
            asked = citizen.national_id_hmac in hmacs
            own = await own_citizen(context) if asked else None
            return [own if each == citizen.national_id_hmac else None for each in hmacs]
        case AgencyViewer() as agency if not isinstance(may_use(agency, scope), Refused):
            rows = await context.loaders.citizen_by_national_id_hmac.load_each(hmacs)
            return _noted(context, [_served(agency, row) for row in rows])
        case _:
            return [None] * len(hmacs)


async def may_read(
    context: Context, citizen_ids: Sequence[UUID], scope: Scope
) -> list[bool | Exception]:
    """Whether the request may read what each citizen has; asks the register only where it must.

    Whoever then gives something of the citizen notes it.
    """
    match context.viewer:
        case AgencyViewer(local_authority_codes=None) as agency:
            return [not isinstance(may_use(agency, scope), Refused)] * len(citizen_ids)
        case _:
            found = await _readable(context, citizen_ids, scope)
            return [row if isinstance(row, Exception) else row is not None for row in found]


def _given(found: Found) -> CitizenRow | None:
    if isinstance(found, Exception):
        raise found
    return found


def _noted(context: Context, found: list[Found]) -> list[Found]:
    read = [row.citizen_id for row in found if isinstance(row, CitizenRow)]
    if read:
        context.note_reads(read, Category.IDENTITY)
    return found


def _served(agency: AgencyViewer, row: Found) -> Found:
    if not isinstance(row, CitizenRow):
        return row
    codes = (row.local_authority_code, *row.registered_at)
    return None if isinstance(may_serve(agency, codes), Refused) else row
