"""The root fields that last."""

from collections.abc import AsyncGenerator
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import RequiresScopes

from app.errors import BadInput, Forbidden, Unavailable
from app.ids import decode_notification_id
from loaders.notifications import AT_ONCE, NotificationRow, SinceKey
from resolvers.access import own_citizen
from resolvers.context import Context, Info
from resolvers.notification import Notification
from resolvers.permissions import PERSON, NeedsOwn

_NOT_OWN = "after: expected the id of a notification of the citizen of the token."


@strawberry.type
class Subscription:
    @strawberry.subscription(  # type: ignore[untyped-decorator]
        description="What the citizen of the token is told, as it is made. With `after`, the id of "
        "the last one that was read, first all that was made since: who comes again misses none.",
        graphql_type=Notification,
        permission_classes=[NeedsOwn],
        directives=[RequiresScopes(scopes=[[PERSON]])],
    )
    async def notification_added(
        self, info: Info, after: strawberry.ID | None = None
    ) -> AsyncGenerator[NotificationRow, None]:
        context: Context = info.context
        citizen = await own_citizen(context)
        if citizen is None:
            raise Forbidden("The register does not know the citizen of this token.")
        if context.live is None:
            raise Unavailable("Nothing is told live just now. Try again later.")
        with context.live.subscribed(citizen.citizen_id) as subscriber:
            given = subscriber.given
            if after is not None:
                given = _own_number(after, citizen.citizen_id)
                async for row in _since(context, SinceKey(citizen.citizen_id, given)):
                    given = row.key.number
                    yield row
            async for row in subscriber.rows():
                if row.key.number > given:
                    context.renew()
                    yield row


def _own_number(after: str, citizen_id: UUID) -> int:
    key = decode_notification_id("after", after)
    if key.citizen_id != citizen_id:
        raise BadInput(_NOT_OWN)
    return key.number


async def _since(context: Context, key: SinceKey) -> AsyncGenerator[NotificationRow, None]:
    """All that is above a number by now, page by page."""
    more = True
    while more:
        context.renew()
        rows = await context.loaders.notifications_since.load(key)
        for row in rows:
            yield row
        more = len(rows) == AT_ONCE
        if more:
            key = key._replace(after=rows[-1].key.number)
