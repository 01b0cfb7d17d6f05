"""Entitlement: a citizen's standing in one scheme, and what follows from it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo, Undefined
from graphql.pyutils import UndefinedType
from strawberry.federation.schema_directives import Cost

from app.accountability import Category
from app.ids import EntitlementKey, encode_entitlement_id
from app.policies import Scope
from app.rules.calendar import YearMonth
from app.rules.vocabulary import (
    DisabilityType,
    EntitlementState,
    Language,
    PaymentStatus,
    Scheme,
)
from loaders.asked import Perhaps
from loaders.bank_accounts import BankAccountRow
from loaders.citizens import CitizenRow
from loaders.payment_pages import PageKey, Window
from loaders.payments import PaymentRow, TotalsKey, TotalsRow
from loaders.reference import LocalAuthorityRow
from resolvers.bank_account import BankAccount, bank_account_at_hand
from resolvers.context import Context, Info
from resolvers.entitlement_view import DisabilityCardRow, EntitlementView
from resolvers.fields import at_hand, expects, not_at_hand, page_of, plain, resolved, together
from resolvers.local_authority import LocalAuthority, local_authority
from resolvers.payment import (
    DEFAULT_PAYMENTS,
    Payment,
    PaymentConnection,
    PaymentConnectionRow,
    PaymentsArguments,
    PaymentTotals,
    months_of_fiscal_year,
    payment_connections,
    payment_connections_at_hand,
)
from resolvers.reason import Reason
from resolvers.scalars import Baht
from resolvers.state_text import state_heading, state_message

if TYPE_CHECKING:
    from resolvers.citizen import Citizen

_TOTALS_COST = 12  # reads every payment there is
_ALL_MONTHS = (date(1, 1, 1), date(9999, 12, 1))


@strawberry.type(description="A rate (อัตรา) and the days it is valid.")
class Rate:
    amount: Baht = plain("Baht a month.")
    minimum_age: int | None = plain("From this age in completed years.")
    maximum_age: int | None = plain("To this age in completed years.")
    valid_from: date = plain("The first day it is valid.")
    valid_to: date | None = plain("The last day; null while no end is known.")
    rule: str = plain("The rule and its version.")


@strawberry.type(description="When a citizen can register (ช่วงเวลาลงทะเบียน).")
class RegistrationWindow:
    opens_on: date = plain("The first day.")
    closes_on: date = plain("The last day.")
    fiscal_year: int = plain("The fiscal year it is for, in Buddhist era.")


@strawberry.type(description="The next payment to expect, by the rules.")
class UpcomingPayment:
    period: YearMonth = plain("The month it is for.")
    due_on: date = plain("The pay day.")
    amount: Baht = plain("By the rule of that month.")


@strawberry.type(description="The disability card (บัตรประจำตัวคนพิการ). Sensitive data.")
class DisabilityCard:
    issued_on: date | None = plain("The day it was issued.")
    expires_on: date | None = plain("The last day it is valid; null where it does not expire.")
    expired: bool = plain("Whether it has expired.")
    types: list[DisabilityType] = plain("The types of disability it names.")


@strawberry.federation.type(
    keys=["id"],
    description="A citizen's standing in one scheme (สิทธิ): there is one for each, registered "
    "or not.",
)
class Entitlement:
    scheme: Scheme = plain("The allowance.")
    state: EntitlementState = plain("Where the citizen stands today.")
    state_reason: Reason | None = plain("Why, and what to do, where the state needs a reason.")
    as_of: datetime = plain("The age of the data the state was computed from.")
    registered_on: date | None = plain("The day of registration (วันที่ลงทะเบียน).")
    effective_from: date | None = plain("The first day the right takes effect.")
    ended_on: date | None = plain("The day the right ended.")
    eligible_on: date | None = plain(
        "Old age: the day the age is reached, the day before the birthday. Null for disability."
    )
    first_payable_month: YearMonth | None = plain("The first month that is paid.")
    registration_window: RegistrationWindow | None = plain(
        "When to register; null once registered."
    )
    monthly_amount: Baht | None = plain(
        "Baht a month by the rule of today; null where nothing is payable. What was paid is in "
        "`payments`."
    )
    rate: Rate | None = plain("The rule that gave `monthlyAmount`.")
    next_payment: UpcomingPayment | None = plain("The next payment to expect.")

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[EntitlementView]) -> strawberry.ID:
        return strawberry.ID(encode_entitlement_id(root.key))

    @resolved(
        "Whose it is.",
        gives=Annotated["Citizen", strawberry.lazy("resolvers.citizen")],
    )
    def citizen(root: strawberry.Parent[EntitlementView], info: Info) -> CitizenRow:
        info.context.note_reads([root.citizen_id], Category.IDENTITY)
        return root.row.citizen

    @resolved("The screen's heading for this state.")
    def state_text(
        root: strawberry.Parent[EntitlementView],
        info: Info,
        language: Language | None = Language.TH,
    ) -> str:
        return state_heading(info.context, root, language or Language.TH)

    @resolved("The sentence below the heading: what the state means for this citizen.")
    async def state_message(
        root: strawberry.Parent[EntitlementView],
        info: Info,
        language: Language | None = Language.TH,
    ) -> str:
        return await state_message(info.context, root, language or Language.TH)

    @resolved("Where it is registered.", gives=LocalAuthority | None)
    def local_authority(
        root: strawberry.Parent[EntitlementView], info: Info
    ) -> Perhaps[LocalAuthorityRow]:
        return local_authority(info.context, root.row.local_authority_code)

    @resolved(
        "Where it is paid now; null for cash, and where nothing is paid.",
        gives=BankAccount | None,
        scope=Scope.BANK_ACCOUNT_READ,
    )
    @at_hand(bank_account_at_hand)
    @together
    async def bank_account(
        roots: strawberry.Parent[Sequence[EntitlementView]], info: Info
    ) -> list[BankAccountRow | Exception | None]:
        keys = [root.row.bank_account for root in roots]
        return await info.context.loaders.bank_accounts(keys)

    @resolved(
        "The disability card, for the disability allowance. Sensitive: a scope of its own.",
        gives=DisabilityCard | None,
        scope=Scope.DISABILITY_READ,
    )
    def disability_card(
        root: strawberry.Parent[EntitlementView], info: Info
    ) -> DisabilityCardRow | None:
        registration = root.row.facts.registration
        if root.scheme is not Scheme.DISABILITY_ALLOWANCE or registration is None:
            return None
        expires_on = registration.card_expires_on
        return DisabilityCardRow(
            issued_on=registration.card_issued_on,
            expires_on=expires_on,
            expired=expires_on is not None and expires_on < info.context.today,
            types=root.row.disability_types,
        )

    @resolved("The newest payment.", gives=Payment | None, scope=Scope.PAYMENT_READ)
    @expects(lambda info, above, **_given: _expect(info, above, _newest(info.context), 1))
    @at_hand(lambda info: _latest_at_hand(info.context))
    @together
    async def latest_payment(
        roots: strawberry.Parent[Sequence[EntitlementView]], info: Info
    ) -> list[PaymentRow | Exception | None]:
        window = _newest(info.context)
        keys = [_latest(window, root.key) for root in roots]
        pages = await info.context.loaders.payments_by_entitlement(keys)
        return [page if isinstance(page, Exception) else next(iter(page), None) for page in pages]

    @resolved(
        "Payments, newest first. `last` counts from the oldest and takes the place of `first`. "
        "`fiscalYear` is in Buddhist era, October to September.",
        gives=PaymentConnection,
        cost=page_of("first", "last"),
        scope=Scope.PAYMENT_READ,
    )
    @expects(lambda info, above, **given: _expect_page(info, above, given))
    @at_hand(lambda info, **given: payment_connections_at_hand(info.context, **given))
    @together
    async def payments(
        roots: strawberry.Parent[Sequence[EntitlementView]],
        info: Info,
        first: int | None = DEFAULT_PAYMENTS,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        fiscal_year: int | None = None,
        status: list[PaymentStatus] | None = None,
    ) -> list[PaymentConnectionRow | Exception]:
        arguments = PaymentsArguments.of(
            info.context, first, after, last, before, fiscal_year, status
        )
        return await payment_connections(info.context, [root.key for root in roots], arguments)

    @resolved(
        "Its payments counted, in all or of a fiscal year in Buddhist era.",
        gives=PaymentTotals,
        cost=Cost(weight=_TOTALS_COST),
        scope=Scope.PAYMENT_READ,
    )
    @together
    async def totals(
        roots: strawberry.Parent[Sequence[EntitlementView]],
        info: Info,
        fiscal_year: int | None = None,
    ) -> list[TotalsRow | Exception]:
        months = _ALL_MONTHS if fiscal_year is None else months_of_fiscal_year(fiscal_year)
        keys = [TotalsKey(root.key, *months) for root in roots]
        return await info.context.loaders.payment_totals.load_each(keys)

    @classmethod
    def is_type_of(cls, value: object, _info: GraphQLResolveInfo[Any]) -> bool:
        return isinstance(value, EntitlementView)


def _newest(context: Context) -> Window:
    return Window(repayments=context.repayments)


def _latest(window: Window, key: EntitlementKey) -> PageKey:
    return PageKey(key, window, 1)


def _latest_at_hand(
    context: Context,
) -> Callable[[EntitlementView], PaymentRow | UndefinedType | None]:
    if not context.loaders.has_pages:
        return not_at_hand
    window = _newest(context)

    def known(view: EntitlementView) -> PaymentRow | UndefinedType | None:
        page = context.loaders.payments_at_hand(_latest(window, view.key), Undefined)
        return page if isinstance(page, UndefinedType) else next(iter(page), None)

    return known


def _expect_page(info: Info, above: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    arguments = PaymentsArguments.of(info.context, **given)
    _expect(info, above, arguments.window, arguments.limit)


def _expect(info: Info, above: Mapping[str, Any], window: Window, limit: int) -> None:
    """A page of payments will be asked, of the entitlements that the field above gives."""
    info.context.loaders.expect_payments(above.get("scheme"), window, limit)
