"""Which citizen a request may read. Unknown and forbidden are the same answer: None."""

from uuid import UUID

from app.accountability import Category
from app.policies import Refused, Scope, may_serve, may_use
from app.viewer import AgencyViewer, CitizenViewer
from loaders.citizens import CitizenRow
from resolvers.context import Context


async def own_citizen(context: Context) -> CitizenRow | None:
    """The citizen of the token; None for an agency, for nobody, and for one not in the register."""
    if not isinstance(context.viewer, CitizenViewer):
        return None
    return await context.loaders.citizen_by_national_id_hmac.load(context.viewer.national_id_hmac)


async def readable_citizen(context: Context, citizen_id: UUID, scope: Scope) -> CitizenRow | None:
    """The citizen of an id, for themselves or for an agency with the scope."""
    return _noted(context, await _readable(context, citizen_id, scope))


async def _readable(context: Context, citizen_id: UUID, scope: Scope) -> CitizenRow | None:
    match context.viewer:
        case CitizenViewer():
            own = await own_citizen(context)
            return own if own is not None and own.citizen_id == citizen_id else None
        case AgencyViewer() as agency if not isinstance(may_use(agency, scope), Refused):
            return _served(agency, await context.loaders.citizen_by_id.load(citizen_id))
        case _:
            return None


async def citizen_of_hmac(context: Context, hmac: bytes, scope: Scope) -> CitizenRow | None:
    """The citizen of a national ID, for themselves or for an agency with the scope."""
    match context.viewer:
        case CitizenViewer() as citizen:
            return await own_citizen(context) if citizen.national_id_hmac == hmac else None
        case AgencyViewer() as agency if not isinstance(may_use(agency, scope), Refused):
            row = await context.loaders.citizen_by_national_id_hmac.load(hmac)
            return _noted(context, _served(agency, row))
        case _:
            return None


async def may_read(context: Context, citizen_id: UUID, scope: Scope) -> bool:
    """Whether the request may read what a citizen has; asks the register only where it must.

    Whoever then gives something of the citizen notes it.
    """
    match context.viewer:
        case AgencyViewer(local_authority_codes=None) as agency:
            return not isinstance(may_use(agency, scope), Refused)
        case _:
            return await _readable(context, citizen_id, scope) is not None


def _noted(context: Context, row: CitizenRow | None) -> CitizenRow | None:
    if row is not None:
        context.note_reads([row.citizen_id], Category.IDENTITY)
    return row


def _served(agency: AgencyViewer, row: CitizenRow | None) -> CitizenRow | None:
    if row is None:
        return None
    codes = (row.local_authority_code, *row.registered_at)
    return None if isinstance(may_serve(agency, codes), Refused) else row
