"""Notification: what a citizen was told; the pages of them, and marking them as read."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from app.errors import BadInput
from app.ids import (
    decode_notification_cursor,
    decode_notification_id,
    encode_notification_cursor,
    encode_notification_id,
)
from app.rules.vocabulary import Language, NotificationKind
from loaders.asked import Perhaps
from loaders.notifications import NEWEST, NotificationPageKey, NotificationRow
from loaders.payments import PaymentRow
from resolvers.access import own_citizen
from resolvers.context import Context, Info
from resolvers.entitlement_view import EntitlementView, entitlement
from resolvers.fields import at_most, plain, resolved
from resolvers.paging import MAX_PAGE_SIZE, Page, PageInfo, PageInfoRow, page_size

if TYPE_CHECKING:
    from resolvers.entitlement import Entitlement
    from resolvers.payment import Payment

DEFAULT_PAGE_SIZE = 20


@strawberry.type(description="What a citizen was told (การแจ้งเตือน).")
class Notification:
    kind: NotificationKind = plain("What it is about.")
    created_at: datetime = plain("When it was made.")
    read_at: datetime | None = plain("When the citizen first read it; null while they have not.")

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[NotificationRow]) -> strawberry.ID:
        return strawberry.ID(encode_notification_id(root.key))

    @resolved("What it is about, in a few words.")
    def title(
        root: strawberry.Parent[NotificationRow],
        info: Info,
        language: Language | None = Language.TH,
    ) -> str:
        return root.notice.title(info.context.texts, language or Language.TH)

    @resolved("What it says; it names no national ID and no account.")
    def body(
        root: strawberry.Parent[NotificationRow],
        info: Info,
        language: Language | None = Language.TH,
    ) -> str:
        return root.notice.body(info.context.texts, language or Language.TH)

    @resolved(
        "The entitlement that it is about.",
        gives=Annotated["Entitlement", strawberry.lazy("resolvers.entitlement")] | None,
    )
    async def entitlement(
        root: strawberry.Parent[NotificationRow], info: Info
    ) -> EntitlementView | None:
        return await entitlement(info.context, root.entitlement_key)

    @resolved(
        "The payment that it is about; null where it is about none.",
        gives=Annotated["Payment", strawberry.lazy("resolvers.payment")] | None,
    )
    def payment(root: strawberry.Parent[NotificationRow], info: Info) -> Perhaps[PaymentRow]:
        key = root.payment_key
        return None if key is None else info.context.loaders.payment_by_key.load(key)


@dataclass(frozen=True, slots=True)
class NotificationEdgeRow:
    """A notification and its cursor."""

    node: NotificationRow

    @property
    def cursor(self) -> str:
        return _cursor(self.node)


@strawberry.type(description="A notification, and the cursor that names its place.")
class NotificationEdge:
    cursor: str = plain("For `after`; stays true when notifications arrive.")
    node: Notification = plain("The notification.")


@dataclass(frozen=True, slots=True)
class NotificationConnectionRow:
    """A page of notifications, newest first."""

    page: Page[NotificationRow]

    @property
    def nodes(self) -> list[NotificationRow]:
        return list(self.page.rows)

    @property
    def edges(self) -> list[NotificationEdgeRow]:
        return [NotificationEdgeRow(row) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfoRow[NotificationRow]:
        return PageInfoRow(self.page, _cursor)


@strawberry.type(description="A page of notifications, newest first.")
class NotificationConnection:
    edges: list[NotificationEdge] = plain("The notifications with their cursors.")
    nodes: list[Notification] = plain("The notifications without.")
    page_info: PageInfo = plain("Where the page stands.")


@dataclass(frozen=True, slots=True)
class MarkedRead:
    """Those that were named, as they stand now."""

    notifications: list[NotificationRow]


@strawberry.type(description="What was marked as read.")
class MarkNotificationsReadPayload:
    notifications: list[Notification] = strawberry.federation.field(
        description="The citizen's own of those that were named, in that order. An id of somebody "
        "else's, of one withdrawn and of none are left out alike.",
        directives=[at_most(MAX_PAGE_SIZE)],
    )


async def notifications(
    context: Context, citizen_id: UUID, first: int | None, after: str | None, *, unread_only: bool
) -> NotificationConnectionRow:
    """A page of what a citizen was told; `BadInput` names the argument that is wrong."""
    size = page_size(DEFAULT_PAGE_SIZE if first is None else first, None)
    below = decode_notification_cursor("after", after) if after else NEWEST
    key = NotificationPageKey(citizen_id, below, unread_only, size.count + 1)
    rows = await context.loaders.notifications_by_citizen.load(key)
    return NotificationConnectionRow(Page.of(rows, size, starts_inside=bool(after)))


async def mark_notifications_read(context: Context, ids: list[strawberry.ID]) -> MarkedRead:
    """Note that the citizen of the token has read these; `BadInput` for an id that is none."""
    if len(ids) > MAX_PAGE_SIZE:
        raise BadInput(f"ids: expected at most {MAX_PAGE_SIZE}, got {len(ids)}.")
    named = list(dict.fromkeys(decode_notification_id("ids", each) for each in ids))
    citizen = await own_citizen(context)
    keys = [key for key in named if citizen is not None and key.citizen_id == citizen.citizen_id]
    if citizen is None or not keys:
        return MarkedRead([])
    numbers = [key.number for key in keys]
    await context.loaders.mark_notifications_read(citizen.citizen_id, numbers, context.now)
    rows = await context.loaders.notification_by_key.load_many(keys)
    return MarkedRead([row for row in rows if row is not None])


def _cursor(row: NotificationRow) -> str:
    return encode_notification_cursor(row.key.number)
