"""The file of registrations."""

from datetime import date
from functools import partial

from app.ingest import dates, fields
from app.ingest.context import Context
from app.ingest.layout import Column, Layout, Own, Record
from app.ingest.layouts.account import ACCOUNT_COLUMNS, account_of, account_places
from app.ingest.layouts.national_id import NATIONAL_ID, national_id_place
from app.ingest.refusals import RefusalCode, RefusedError
from app.rules.national_id import NationalId
from app.rules.vocabulary import PaymentChannel, RegistrationStatus, Scheme


def registrations_layout(context: Context) -> Layout:
    """The layout; a staged record has the columns of `tables.registrations.STAGED`."""
    past = partial(dates.read_past_date, today=context.today)
    return Layout(
        columns=(
            NATIONAL_ID,
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
            *ACCOUNT_COLUMNS,
            Column("card_issued_on", past),
            Column("card_expires_on", dates.read_date),
            Column("disability_types", fields.read_disability_types, default=[]),
        ),
        record=partial(_record, context),
        counted_by=("local_authority_code",),
        own=(
            national_id_place(context.keys, 1),
            Own(3, "local_authority_code"),
            Own(4, "registered_on"),
            Own(6, "status_reason"),
            Own(7, "status_on"),
            *account_places(context.keys, 9),
        ),
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
