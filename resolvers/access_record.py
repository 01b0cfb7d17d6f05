"""AccessRecord: who read a citizen's data, when and for what; and the pages of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import strawberry

from app.ids import decode_access_cursor, encode_access_cursor, encode_access_record_id
from loaders.access_records import NEWEST, AccessPageKey, AccessRecordRow
from resolvers.context import Context
from resolvers.fields import plain, resolved
from resolvers.paging import Page, PageInfo, PageInfoRow, page_size

DEFAULT_PAGE_SIZE = 20


@strawberry.type(description="That an agency read data of a citizen (บันทึกการเข้าถึงข้อมูล).")
class AccessRecord:
    at: datetime = plain("When.")
    agency: str = plain("Who: the agency's client id.")
    purpose: str = plain("What for, in the agency's words.")
    categories: list[str] = plain(
        "What was read, of IDENTITY, NATIONAL_ID, ENTITLEMENT, PAYMENT, BANK_ACCOUNT, DISABILITY."
    )

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[AccessRecordRow]) -> strawberry.ID:
        return strawberry.ID(encode_access_record_id(root.key))

    @resolved("The name of the agency's operation; `(unnamed)` where it has none.")
    def operation(root: strawberry.Parent[AccessRecordRow]) -> str:
        return root.operation or "(unnamed)"


@dataclass(frozen=True, slots=True)
class AccessRecordEdgeRow:
    """A record and its cursor."""

    node: AccessRecordRow

    @property
    def cursor(self) -> str:
        return _cursor(self.node)


@strawberry.type(description="An access record, and the cursor that names its place.")
class AccessRecordEdge:
    cursor: str = plain("For `after`; stays true when records arrive.")
    node: AccessRecord = plain("The record.")


@dataclass(frozen=True, slots=True)
class AccessRecordConnectionRow:
    """A page of records, newest first."""

    page: Page[AccessRecordRow]

    @property
    def nodes(self) -> list[AccessRecordRow]:
        return list(self.page.rows)

    @property
    def edges(self) -> list[AccessRecordEdgeRow]:
        return [AccessRecordEdgeRow(row) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfoRow[AccessRecordRow]:
        return PageInfoRow(self.page, _cursor)


@strawberry.type(description="A page of access records, newest first.")
class AccessRecordConnection:
    edges: list[AccessRecordEdge] = plain("The records with their cursors.")
    nodes: list[AccessRecord] = plain("The records without.")
    page_info: PageInfo = plain("Where the page stands.")


async def access_history(
    context: Context, citizen_id: UUID, first: int | None, after: str | None
) -> AccessRecordConnectionRow:
    """A page of who read a citizen's data; `BadInput` names the argument that is wrong."""
    size = page_size(DEFAULT_PAGE_SIZE if first is None else first, None)
    below = decode_access_cursor("after", after) if after else NEWEST
    rows = await context.loaders.access_records_by_citizen.load(
        AccessPageKey(citizen_id, below, size.count + 1)
    )
    return AccessRecordConnectionRow(Page.of(rows, size, starts_inside=bool(after)))


def _cursor(row: AccessRecordRow) -> str:
    return encode_access_cursor(row.key.seq)
