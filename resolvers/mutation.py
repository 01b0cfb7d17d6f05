"""The root fields that write."""

import strawberry
from strawberry.federation.schema_directives import Cost

from app.ingest.submission import MOST_RECORDS, Submitted
from app.policies import Scope
from resolvers.context import Info
from resolvers.fields import resolved
from resolvers.notification import (
    MarkedRead,
    MarkNotificationsReadPayload,
    mark_notifications_read,
)
from resolvers.paging import MAX_PAGE_SIZE
from resolvers.submission import (
    SubmitDisbursementsInput,
    SubmitDisbursementsPayload,
    submit_disbursements,
)


@strawberry.type
class Mutation:
    @resolved(
        f"Send disbursements in real time, at most {MOST_RECORDS:,} records a call, for an agency "
        "with the scope `disbursement:write`. All that is taken is taken in one transaction, and "
        "the next query shows it; a record that is not taken is named in `rejected`. The same "
        "checks as for the monthly file.",
        gives=SubmitDisbursementsPayload,
        agency=Scope.DISBURSEMENT_WRITE,
        cost=Cost(weight=MOST_RECORDS),
    )
    async def submit_disbursements(
        info: Info,
        input: SubmitDisbursementsInput,  # noqa: A002 - the contract's name
    ) -> Submitted:
        return await submit_disbursements(info.context, input)

    @resolved(
        f"Note that the citizen has read these of their own notifications, at most {MAX_PAGE_SIZE} "
        "a call. Again, it changes nothing: `readAt` stays the first time.",
        gives=MarkNotificationsReadPayload,
        own=True,
    )
    async def mark_notifications_read(info: Info, ids: list[strawberry.ID]) -> MarkedRead:
        return await mark_notifications_read(info.context, ids)
