"""DisbursementBatch: what a file or a submission brought; and the pages of them."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from app.ids import decode_batch_cursor, encode_batch_cursor, encode_batch_id
from app.rules.calendar import YearMonth
from app.rules.vocabulary import BatchStatus, Scheme
from app.viewer import AgencyViewer
from loaders.asked import Perhaps
from loaders.batches import NEWEST, BatchPageKey, BatchRow
from loaders.reference import LocalAuthorityRow
from resolvers.context import Context, Info
from resolvers.fields import plain, resolved
from resolvers.local_authority import LocalAuthority, local_authority
from resolvers.paging import Page, PageInfo, PageInfoRow, page_size
from resolvers.scalars import Baht

DEFAULT_BATCHES = 20


@strawberry.type(description="The rows of a batch, counted; each is in one of the four counts.")
class BatchTotals:
    rows: int = plain("All.")
    accepted: int = plain("Rows that brought something new, or changed what was known.")
    rejected: int = plain("Rows that were not taken.")
    unchanged: int = plain("Rows that said what was known already.")
    waiting: int = plain("Rows of citizens whom the register does not know yet.")
    amount: Baht = plain("What the accepted and the unchanged rows add up to.")


@strawberry.type(
    description="What one file or one submission brought for one month of a scheme (งวดการจ่ายเงิน)."
)
class DisbursementBatch:
    scheme: Scheme | None = plain("The allowance.")
    period: YearMonth = plain("The month.")
    status: BatchStatus = plain("What became of it.")
    received_at: datetime = plain("When it arrived.")
    version: int = plain("Which batch of its month and scheme it is, from 1.")

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[BatchRow]) -> strawberry.ID:
        return strawberry.ID(encode_batch_id(root.id))

    @resolved(
        "The local authority that all its rows name, but for the rejected ones. Null where they "
        "name several, where none was taken, and while it is being applied.",
        gives=LocalAuthority | None,
    )
    def local_authority(
        root: strawberry.Parent[BatchRow], info: Info
    ) -> Perhaps[LocalAuthorityRow]:
        return local_authority(info.context, root.local_authority_code)

    @resolved(
        "Its rows, counted; all zero while they are being applied (RECEIVED).", gives=BatchTotals
    )
    def totals(root: strawberry.Parent[BatchRow]) -> BatchRow:
        return root


@dataclass(frozen=True, slots=True)
class DisbursementBatchEdgeRow:
    """A batch and its cursor."""

    node: BatchRow

    @property
    def cursor(self) -> str:
        return _cursor(self.node)


@strawberry.type(description="A batch, and the cursor that names its place.")
class DisbursementBatchEdge:
    cursor: str = plain("For `after`; stays true when batches arrive.")
    node: DisbursementBatch = plain("The batch.")


@dataclass(frozen=True, slots=True)
class DisbursementBatchConnectionRow:
    """A page of batches, newest first."""

    page: Page[BatchRow]

    @property
    def nodes(self) -> list[BatchRow]:
        return list(self.page.rows)

    @property
    def edges(self) -> list[DisbursementBatchEdgeRow]:
        return [DisbursementBatchEdgeRow(row) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfoRow[BatchRow]:
        return PageInfoRow(self.page, _cursor)


@strawberry.type(description="A page of batches, newest first.")
class DisbursementBatchConnection:
    edges: list[DisbursementBatchEdge] = plain("The batches with their cursors.")
    nodes: list[DisbursementBatch] = plain("The batches without.")
    page_info: PageInfo = plain("Where the page stands.")


async def disbursement_batches(
    context: Context,
    period: YearMonth | None,
    scheme: Scheme | None,
    first: int | None,
    after: str | None,
) -> DisbursementBatchConnectionRow:
    """A page of the batches that the viewer may see; `BadInput` names the argument at fault."""
    size = page_size(DEFAULT_BATCHES if first is None else first, None)
    below = decode_batch_cursor("after", after) if after else NEWEST
    viewer = context.viewer
    codes = viewer.local_authority_codes if isinstance(viewer, AgencyViewer) else frozenset()
    key = BatchPageKey(below, size.count + 1, scheme, period, codes)
    rows = await context.loaders.batch_pages.load(key)
    return DisbursementBatchConnectionRow(Page.of(rows, size, starts_inside=bool(after)))


def _cursor(row: BatchRow) -> str:
    return encode_batch_cursor(row.id)
