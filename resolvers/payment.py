"""Payment, and the pages of an entitlement's payments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo, Undefined
from graphql.pyutils import UndefinedType

from app.errors import BadInput
from app.ids import (
    EntitlementKey,
    PaymentKey,
    decode_payment_cursor,
    encode_payment_cursor,
    encode_payment_id,
)
from app.policies import Scope
from app.rules.calendar import YearMonth, fiscal_year_months
from app.rules.vocabulary import PaymentChannel, PaymentKind, PaymentStatus, Scheme
from loaders.asked import Perhaps
from loaders.bank_accounts import BankAccountRow
from loaders.batches import BatchRow
from loaders.payment_pages import NEWEST, OLDEST, PageKey, Place, Window
from loaders.payments import PaymentRow
from resolvers.bank_account import BankAccount, bank_account_at_hand
from resolvers.context import Context, Info
from resolvers.disbursement_batch import DisbursementBatch
from resolvers.entitlement_view import EntitlementView, entitlement
from resolvers.fields import at_hand, not_at_hand, plain, resolved, together
from resolvers.paging import Page, PageInfo, PageInfoRow, PageSize, page_size
from resolvers.reason import Reason, ReasonRow
from resolvers.scalars import Baht

if TYPE_CHECKING:
    from resolvers.entitlement import Entitlement

DEFAULT_PAYMENTS = 12  # a year of months
_REMEMBERED = 256  # pages that are asked for
_ThisType = Annotated["Payment", strawberry.lazy("resolvers.payment")]
_NOT_PAID = {PaymentStatus.FAILED.value, PaymentStatus.RETURNED.value, PaymentStatus.WITHHELD.value}
_FIRST_FISCAL_YEAR, _LAST_FISCAL_YEAR = 2500, 2700


@strawberry.federation.type(
    keys=["id"], description="One payment of an allowance, for one month (การจ่ายเงิน)."
)
class Payment:
    scheme: Scheme = plain("The allowance it is of.")
    period: YearMonth = plain("The month it is for; the day it was paid may lie in another.")
    kind: PaymentKind = plain("Why it was sent.")
    amount: Baht = plain("What was paid or is to be paid, as the sender said; not our rule's.")
    status: PaymentStatus = plain("How far it has come.")
    channel: PaymentChannel = plain("How it reaches the citizen.")
    paid_on: date | None = plain("The day it was paid.")

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[PaymentRow]) -> strawberry.ID:
        return strawberry.ID(encode_payment_id(root.key))

    @resolved(
        "The entitlement it was paid for.",
        gives=Annotated["Entitlement", strawberry.lazy("resolvers.entitlement")],
        scope=Scope.ENTITLEMENT_READ,
    )
    async def entitlement(
        root: strawberry.Parent[PaymentRow], info: Info
    ) -> EntitlementView | None:
        return await entitlement(info.context, root.entitlement_key)

    @resolved("The month's pay day: the 10th, or the working day before it.")
    def due_on(root: strawberry.Parent[PaymentRow], info: Info) -> date:
        return info.context.book.pay_day(root.period)

    @resolved("Why it was not paid, and what to do; null where all is well.", gives=Reason | None)
    def reason(root: strawberry.Parent[PaymentRow]) -> ReasonRow | None:
        if root.reason_code is None and root.status not in _NOT_PAID:
            return None
        return ReasonRow.of(root.reason_code or "UNKNOWN", root.source_code)

    @resolved(
        "The payment that this one makes good.",
        gives=_ThisType | None,
    )
    def repays(root: strawberry.Parent[PaymentRow], info: Info) -> Perhaps[PaymentRow]:
        return _payment_of(info.context, root.repays_key)

    @resolved(
        "The payment that makes this one good, paid or on its way.",
        gives=_ThisType | None,
    )
    def repaid_by(root: strawberry.Parent[PaymentRow], info: Info) -> Perhaps[PaymentRow]:
        return _payment_of(info.context, root.repaid_by_key)

    @resolved(
        "The account it was sent to; null for cash.",
        gives=BankAccount | None,
        scope=Scope.BANK_ACCOUNT_READ,
    )
    @at_hand(bank_account_at_hand)
    @together
    async def bank_account(
        roots: strawberry.Parent[Sequence[PaymentRow]], info: Info
    ) -> list[BankAccountRow | Exception | None]:
        keys = [root.bank_account for root in roots]
        return await info.context.loaders.bank_accounts(keys)

    @resolved(
        "The file or the submission that brought it, or changed it last.",
        gives=DisbursementBatch | None,
    )
    async def batch(root: strawberry.Parent[PaymentRow], info: Info) -> BatchRow | None:
        return await info.context.loaders.batch_by_id.load(root.batch_id)

    @classmethod
    def is_type_of(cls, value: object, _info: GraphQLResolveInfo[Any]) -> bool:
        return isinstance(value, PaymentRow)


@dataclass(frozen=True, slots=True)
class PaymentEdgeRow:
    """A payment and its cursor."""

    node: PaymentRow

    @property
    def cursor(self) -> str:
        return payment_cursor(self.node)


@strawberry.type(description="A payment, and the cursor that names its place.")
class PaymentEdge:
    cursor: str = plain("For `after` and `before`; stays true when payments arrive.")
    node: Payment = plain("The payment.")


@dataclass(frozen=True, slots=True)
class PaymentConnectionRow:
    """A page of payments, newest first."""

    page: Page[PaymentRow]

    @classmethod
    def of(
        cls, rows: Sequence[PaymentRow], arguments: "PaymentsArguments"
    ) -> "PaymentConnectionRow":
        """From one row more than the arguments ask for, where there is one."""
        return cls(Page.of(rows, arguments.size, starts_inside=arguments.starts_inside))

    @property
    def nodes(self) -> list[PaymentRow]:
        return list(self.page.rows)

    @property
    def edges(self) -> list[PaymentEdgeRow]:
        return [PaymentEdgeRow(row) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfoRow[PaymentRow]:
        return PageInfoRow(self.page, payment_cursor)


@strawberry.type(description="A page of payments, newest first.")
class PaymentConnection:
    edges: list[PaymentEdge] = plain("The payments with their cursors.")
    nodes: list[Payment] = plain("The payments without.")
    page_info: PageInfo = plain("Where the page stands.")


@strawberry.type(description="The payments of an entitlement, counted.")
class PaymentTotals:
    count: int = plain("Payments of any status.")
    paid_count: int = plain("Payments that were paid.")
    paid_amount: Baht = plain("What was paid in all.")
    failed_count: int = plain("Payments that failed or were returned.")


@dataclass(frozen=True, slots=True)
class PaymentsArguments:
    """The arguments of `Entitlement.payments`, checked."""

    size: PageSize
    window: Window
    starts_inside: bool

    @property
    def limit(self) -> int:
        """How many rows: one more tells whether more follow."""
        return self.size.count + 1

    def page_of(self, entitlement: EntitlementKey) -> PageKey:
        return PageKey(entitlement, self.window, self.limit)

    @classmethod
    def of(
        cls,
        context: Context,
        first: int | None = DEFAULT_PAYMENTS,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        fiscal_year: int | None = None,
        status: Sequence[PaymentStatus] | None = None,
    ) -> "PaymentsArguments":
        """From those of the field, as far as they are given; as `read`."""
        statuses = None if status is None else tuple(status)
        return cls.read(first, after, last, before, fiscal_year, statuses, context.repayments)

    @classmethod
    @lru_cache(_REMEMBERED)
    def read(
        cls,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
        fiscal_year: int | None,
        status: tuple[PaymentStatus, ...] | None,
        repayments: bool,
    ) -> "PaymentsArguments":
        """`BadInput` names the argument that is wrong.

        Worked out once for all entitlements of which the same is asked.
        """
        size = page_size(DEFAULT_PAYMENTS if first is None else first, last)
        below = Place(*decode_payment_cursor("after", after)) if after else NEWEST
        above = Place(*decode_payment_cursor("before", before)) if before else OLDEST
        if fiscal_year is not None:
            first_month, last_month = months_of_fiscal_year(fiscal_year)
            below = min(below, Place(last_month, NEWEST.sequence))
            above = max(above, Place(first_month, OLDEST.sequence))
        statuses = None if status is None else tuple(sorted(set(status), key=lambda s: s.value))
        window = Window(below, above, statuses, size.forward, repayments)
        return cls(size, window, starts_inside=bool(after if size.forward else before))


def months_of_fiscal_year(year: int) -> tuple[YearMonth, YearMonth]:
    """The first and the last month of a fiscal year in Buddhist era; `BadInput` if it is none."""
    if not _FIRST_FISCAL_YEAR <= year <= _LAST_FISCAL_YEAR:
        raise BadInput(f"fiscalYear: expected a year in Buddhist era such as 2569, got {year}.")
    return fiscal_year_months(year)


async def payment_connections(
    context: Context, entitlements: Sequence[EntitlementKey], arguments: PaymentsArguments
) -> list[PaymentConnectionRow | Exception]:
    """For each the page that the arguments ask for."""
    keys = [arguments.page_of(each) for each in entitlements]
    return [
        page if isinstance(page, Exception) else PaymentConnectionRow.of(page, arguments)
        for page in await context.loaders.payments_by_entitlement(keys)
    ]


def payment_connections_at_hand(
    context: Context, **given: Any
) -> Callable[[EntitlementView], PaymentConnectionRow | UndefinedType]:
    """The same of each that was brought before; see `at_hand`. `given`: the field's arguments."""
    if not context.loaders.has_pages:
        return not_at_hand
    arguments = PaymentsArguments.of(context, **given)

    def known(view: EntitlementView) -> PaymentConnectionRow | UndefinedType:
        page = context.loaders.payments_at_hand(arguments.page_of(view.key), Undefined)
        return page if isinstance(page, UndefinedType) else PaymentConnectionRow.of(page, arguments)

    return known


def payment_cursor(row: PaymentRow) -> str:
    return encode_payment_cursor(row.key.period, row.key.sequence)


def _payment_of(context: Context, key: PaymentKey | None) -> Perhaps[PaymentRow]:
    """Nothing to wait for in most payments: a dozen of them would wait two dozen times."""
    return None if key is None else context.loaders.payment_by_key.load(key)
