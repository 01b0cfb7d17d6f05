"""SubmitDisbursements: what an agency sends in real time, and what it is told."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.unset import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.baht import baht_text
from app.errors import Forbidden, SubmissionsNotAccepted, Unavailable
from app.ingest.submission import MOST_RECORDS, Rejected, Submission, Submitted, submit
from app.rules.calendar import YearMonth, format_year_month
from app.rules.national_id import NationalId
from app.rules.vocabulary import (
    AccountHolder,
    PaymentChannel,
    PaymentKind,
    PaymentStatus,
    Scheme,
)
from app.viewer import AgencyViewer
from loaders.batches import BatchRow
from resolvers.context import Context, Info
from resolvers.disbursement_batch import DisbursementBatch
from resolvers.fields import at_most, plain, resolved
from resolvers.scalars import Baht


def _given(description: str) -> Any:
    """A field that may be left out."""
    return strawberry.field(description=description, default=UNSET)


@strawberry.input(
    description="One payment, as a row of the monthly file. What every record of a call leaves out "
    "is as a column that a file lacks: where the money goes then stays as it is known."
)
class DisbursementInput:
    national_id: NationalId = strawberry.field(description="Whose it is.")
    local_authority_code: strawberry.ID = strawberry.field(description="Who pays; eight digits.")
    amount: Baht = strawberry.field(description="Negative for an ADJUSTMENT alone.")
    status: PaymentStatus = strawberry.field(description="How far it has come.")
    kind: PaymentKind | None = strawberry.field(
        description="Why it is sent.", default=PaymentKind.REGULAR
    )
    channel: PaymentChannel | None = _given("How it is sent; by default BANK_TRANSFER.")
    paid_on: date | None = _given("The day it was paid.")
    bank_code: strawberry.ID | None = _given("Three digits; comes with `accountNumber`.")
    account_number: str | None = _given("10 to 15 digits; the last four alone are kept.")
    account_name: str | None = _given("The name of the account's holder; needed for a PROXY.")
    holder: AccountHolder | None = _given("Whose account it is; by default as known, else SELF.")
    failure_code: str | None = _given("Why it was not paid: a code of ours, or the sender's own.")
    failure_text: str | None = _given("The same in the sender's words; kept, and not shown.")
    repays_period: YearMonth | None = _given("For a BACKPAY: the month that it makes good.")


@strawberry.input(description="Disbursements of one scheme and month.")
class SubmitDisbursementsInput:
    request_id: strawberry.ID = strawberry.field(
        description="The sender's own name for this call, 1 to 100 letters of ASCII, kept as it "
        "stands. Sent again with the same content it has the same answer and changes nothing; with "
        "another content it is an error."
    )
    period: YearMonth = strawberry.field(description="The month that the payments are for.")
    scheme: Scheme = strawberry.field(description="The allowance.")
    records: list[DisbursementInput] = strawberry.field(
        description=f"1 to {MOST_RECORDS:,} payments."
    )


@strawberry.type(description="A record that was not taken; nothing of it is repeated.")
class RejectedRecord:
    index: int = plain("Its place in `records`, from 0.")
    code: str = plain("Why, for machines.")
    message: str = plain("Why, for people: what is expected.")

    @resolved("The field at fault; null where it is the whole record.")
    def field(root: strawberry.Parent[Rejected]) -> str | None:
        return to_camel_case(root.field) or None


@strawberry.type(description="What became of the records.")
class SubmitDisbursementsPayload:
    rejected: list[RejectedRecord] = strawberry.federation.field(
        description="Those that were not taken, by their place; the others were.",
        directives=[at_most(MOST_RECORDS)],
    )

    @resolved("What the call brought: one batch.", gives=DisbursementBatch)
    async def batch(root: strawberry.Parent[Submitted], info: Info) -> BatchRow:
        batch = await info.context.loaders.batch_by_id.load(root.batch_id)
        if batch is None:
            raise Unavailable("The batch can not be read just now. Send the same call again.")
        return batch


async def submit_disbursements(context: Context, given: SubmitDisbursementsInput) -> Submitted:
    """Apply the records, or repeat the answer that the request id has had."""
    viewer = context.viewer
    if not isinstance(viewer, AgencyViewer):
        raise Forbidden("Is for agencies alone.")
    if context.submissions is None:
        raise SubmissionsNotAccepted(
            "This service takes no disbursements: it has no SUBMISSION_DATABASE_URL."
        )
    submission = Submission(
        viewer.client_id,
        str(given.request_id),
        given.scheme,
        given.period,
        [_texts(record) for record in given.records],
        viewer.local_authority_codes,
    )
    async with context.submissions.connection() as connection:
        return await submit(
            connection, submission, keys=context.keys, now=context.now, telling=context.telling
        )


def _name(value: Enum) -> str:
    return value.name


# How each column of the file is written.
_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "national_id": str,
    "local_authority_code": str,
    "amount": baht_text,
    "status": _name,
    "kind": _name,
    "channel": _name,
    "paid_on": date.isoformat,
    "bank_code": str,
    "account_number": str,
    "account_name": str,
    "holder": _name,
    "failure_code": str,
    "failure_text": str,
    "repays_period": format_year_month,
}


def _texts(record: DisbursementInput) -> dict[str, str]:
    """The record as a row of the file: the columns that it gives, null as the empty text."""
    return {
        column: "" if value is None else write(value)
        for column, write in _WRITERS.items()
        if (value := getattr(record, column)) is not UNSET
    }
