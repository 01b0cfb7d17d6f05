"""The monthly file of disbursements."""

from datetime import date
from functools import partial

from app.ingest import dates, fields
from app.ingest.context import Context
from app.ingest.layout import Column, Layout, Own, Record
from app.ingest.layouts.account import ACCOUNT_COLUMNS, account_of, account_places
from app.ingest.layouts.national_id import NATIONAL_ID, national_id_place
from app.ingest.refusals import RefusalCode, RefusedError
from app.payment_key import payment_sequence
from app.rules.assessment import REASON_CODES, reason_code_for
from app.rules.calendar import YearMonth
from app.rules.national_id import NationalId
from app.rules.vocabulary import PaymentChannel, PaymentKind, PaymentStatus, Scheme

_NOT_ARRIVED = frozenset({"FAILED", "RETURNED", "WITHHELD"})


def disbursements_layout(context: Context) -> Layout:
    """The layout; a staged record has the columns of `tables.disbursements.STAGED`."""
    period = partial(dates.read_period, today=context.today)
    return Layout(
        columns=(
            NATIONAL_ID,
            Column("scheme", fields.one_of(Scheme), required=True),
            Column(
                "local_authority_code",
                partial(fields.read_authority_code, known=context.authorities),
                required=True,
            ),
            Column("period", period, required=True),
            Column("amount", fields.read_amount, required=True),
            Column("status", fields.one_of(PaymentStatus), required=True),
            Column("kind", fields.one_of(PaymentKind), default="REGULAR"),
            Column("paid_on", dates.read_date),
            Column("channel", fields.one_of(PaymentChannel), default="BANK_TRANSFER"),
            *ACCOUNT_COLUMNS,
            Column("failure_code", fields.read_text),
            Column("failure_text", fields.read_message),
            Column("repays_period", period),
        ),
        record=partial(_record, context),
        counted_by=("local_authority_code", "scheme", "period", "amount"),
        own=(
            national_id_place(context.keys, 1),
            Own(3, "local_authority_code"),
            Own(19, "failure_text"),
            *account_places(context.keys, 12),
        ),
    )


def _record(
    context: Context,
    line: int,
    national_id: NationalId,
    scheme: str,
    local_authority_code: str,
    period: YearMonth,
    amount_satang: int,
    status: str,
    kind: str,
    paid_on: date | None,
    channel: str,
    bank_code: str | None,
    account_number: str | None,
    account_name: str | None,
    holder: str | None,
    failure_code: str | None,
    failure_text: str | None,
    repays_period: YearMonth | None,
) -> Record:
    _refuse_contradictions(kind, amount_satang, period, repays_period)
    return (
        line,
        context.keys.national_id_hmac(national_id),
        scheme,
        local_authority_code,
        period,
        0 if kind == "REGULAR" else payment_sequence(PaymentKind(kind), repays_period),
        kind,
        repays_period,
        amount_satang,
        status,
        channel,
        paid_on,
        *account_of(context.keys, channel, bank_code, account_number, account_name, holder),
        reason_code(status, failure_code),
        failure_code,
        failure_text,
        paid_on or period,
    )


def _refuse_contradictions(
    kind: str, amount_satang: int, period: YearMonth, repays_period: YearMonth | None
) -> None:
    if amount_satang < 0 and kind != "ADJUSTMENT":
        raise RefusedError(
            RefusalCode.AMOUNT_NEGATIVE, "Only an ADJUSTMENT may take money back.", "amount"
        )
    if repays_period is not None and kind != "BACKPAY":
        raise RefusedError(
            RefusalCode.REPAYS_NOT_ALLOWED, "Only a BACKPAY repays a month.", "repays_period"
        )
    if repays_period is not None and repays_period > period:
        raise RefusedError(
            RefusalCode.REPAYS_LATER_MONTH,
            "A payment can not repay a month after its own.",
            "repays_period",
        )


def reason_code(status: str, failure_code: str | None) -> str | None:
    """Our code for why a payment did not arrive; the source's own stays beside it.

    A code of ours is kept for every status but PAID (a delay has a reason too); where the payment
    failed, was returned or withheld, any other becomes OTHER, and none at all UNKNOWN.
    """
    if status == "PAID":
        return None
    if status in _NOT_ARRIVED or (failure_code or "").upper() in REASON_CODES:
        return reason_code_for(failure_code)
    return None
