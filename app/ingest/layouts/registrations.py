"""The file of registrations."""

from datetime import date
from functools import partial

from app.ingest import dates, fields
from app.ingest.context import BANK_CODES, Context
from app.ingest.layout import Column, Layout, Record
from app.ingest.layouts.account import account_of
from app.ingest.refusals import RefusalCode, RefusedError
from app.rules.national_id import NationalId
from app.rules.vocabulary import AccountHolder, PaymentChannel, RegistrationStatus, Scheme


def registrations_layout(context: Context) -> Layout:
    """The layout; a staged record has the columns of `tables.registrations.STAGED`."""
    past = partial(dates.read_past_date, today=context.today)
    return Layout(
        columns=(
            Column("national_id", fields.read_national_id, required=True, seldom_repeats=True),
            Column("scheme", fields.one_of(Scheme), required=True),
            Column(
                "local_authority_code",
                partial(fields.read_authority_code, known=context.authorities),
                required=True,
            ),
            Column("registered_on", past, required=True),
            Column("status", fields.one_of(RegistrationStatus), default="ACTIVE"),
            Column("status_reason", fields.read_text),
            Column("status_on", dates.read_date),
            Column("channel", fields.one_of(PaymentChannel)),
            Column("bank_code", partial(fields.read_bank_code, known=BANK_CODES)),
            Column("account_number", fields.read_account_number, seldom_repeats=True),
            Column("account_name", fields.read_text),
            Column("holder", fields.one_of(AccountHolder)),
            Column("card_issued_on", past),
            Column("card_expires_on", dates.read_date),
            Column("disability_types", fields.read_disability_types, default=[]),
        ),
        record=partial(_record, context),
        counted_by=("local_authority_code",),
    )


def _record(
    context: Context,
    line: int,
    national_id: NationalId,
    scheme: str,
    local_authority_code: str,
    registered_on: date,
    status: str,
    status_reason: str | None,
    status_on: date | None,
    channel: str | None,
    bank_code: str | None,
    account_number: str | None,
    account_name: str | None,
    holder: str | None,
    card_issued_on: date | None,
    card_expires_on: date | None,
    disability_types: list[str],
) -> Record:
    if card_issued_on and card_expires_on and card_expires_on < card_issued_on:
        raise RefusedError(
            RefusalCode.DATES_REVERSED, "The card expires before it was issued.", "card_expires_on"
        )
    return (
        line,
        context.keys.national_id_hmac(national_id),
        scheme,
        local_authority_code,
        registered_on,
        status,
        status_reason,
        status_on,
        channel,
        *account_of(context.keys, channel, bank_code, account_number, account_name, holder),
        card_issued_on,
        card_expires_on,
        disability_types,
        context.today,
    )
