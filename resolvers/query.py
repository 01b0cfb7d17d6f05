"""The root fields that read."""

import strawberry

from app.errors import BadInput
from app.ids import decode_citizen_id
from app.policies import Scope
from app.rules.calendar import YearMonth
from app.rules.national_id import InvalidNationalId, NationalId, parse_national_id
from app.rules.vocabulary import Scheme
from loaders.asked import Perhaps
from loaders.citizens import CitizenRow
from loaders.reference import LocalAuthorityRow
from resolvers.access import citizen_of_hmac, own_citizen, readable_citizen
from resolvers.citizen import Citizen
from resolvers.context import Info
from resolvers.disbursement_batch import (
    DEFAULT_BATCHES,
    DisbursementBatchConnection,
    DisbursementBatchConnectionRow,
    disbursement_batches,
)
from resolvers.fields import page_of, resolved
from resolvers.freshness import DataFreshness, DataFreshnessRow, data_freshness
from resolvers.local_authority import LocalAuthority, local_authority


@strawberry.type
class Query:
    @resolved("The citizen who signed in; null for an agency's token.", gives=Citizen | None)
    async def me(info: Info) -> CitizenRow | None:
        return await own_citizen(info.context)

    @resolved(
        "A citizen by id, for an agency with the scope `citizen:read`, or for themselves. Null "
        "where unknown and where forbidden: the answer does not tell which.",
        gives=Citizen | None,
    )
    async def citizen(info: Info, id: strawberry.ID) -> CitizenRow | None:  # noqa: A002 - the contract's name
        return await readable_citizen(info.context, decode_citizen_id(id), Scope.CITIZEN_READ)

    @resolved(
        "A citizen by national ID, for an agency with the scope `citizen:lookup`, or for "
        "themselves. Null where unknown and where forbidden: the answer does not tell which.",
        gives=Citizen | None,
    )
    async def citizen_by_national_id(info: Info, national_id: NationalId) -> CitizenRow | None:
        hmac = info.context.keys.national_id_hmac(read_national_id("nationalId", national_id))
        return await citizen_of_hmac(info.context, hmac, Scope.CITIZEN_LOOKUP)

    @resolved("A local authority by its eight-digit code. Public.", gives=LocalAuthority | None)
    def local_authority(info: Info, code: strawberry.ID) -> Perhaps[LocalAuthorityRow]:
        return local_authority(info.context, code)

    @resolved(
        "What files and submissions brought, newest first, for an agency with the scope "
        "`batch:read`. An agency limited to local authorities sees the batches of one of its own; "
        "those of several authorities, or still being applied, are not among them.",
        gives=DisbursementBatchConnection,
        agency=Scope.BATCH_READ,
        cost=page_of("first"),
    )
    async def disbursement_batches(
        info: Info,
        period: YearMonth | None = None,
        scheme: Scheme | None = None,
        first: int | None = DEFAULT_BATCHES,
        after: str | None = None,
    ) -> DisbursementBatchConnectionRow:
        return await disbursement_batches(info.context, period, scheme, first, after)

    @resolved("How new the data are. Public.", gives=DataFreshness)
    async def data_freshness(info: Info) -> DataFreshnessRow:
        return await data_freshness(info.context)


def read_national_id(argument: str, text: str) -> NationalId:
    """A national ID from outside; `BadInput` names the argument and never the value."""
    try:
        return parse_national_id(text)
    except InvalidNationalId as error:
        raise BadInput(f"{argument}: {error}") from None
