"""The file of citizens."""

from datetime import date
from functools import partial

from app.ingest import dates, fields
from app.ingest.context import Context
from app.ingest.layout import Column, Layout, Record
from app.ingest.layouts.national_id import NATIONAL_ID
from app.ingest.refusals import RefusalCode, RefusedError
from app.rules.age import BirthDate
from app.rules.national_id import NationalId


def citizens_layout(context: Context) -> Layout:
    """The layout; a record still holds the national ID, which `tables.citizens` encrypts."""
    return Layout(
        columns=(
            NATIONAL_ID,
            Column("given_name", fields.read_text, required=True),
            Column("family_name", fields.read_text, required=True),
            Column(
                "birth_date", partial(dates.read_birth_date, today=context.today), required=True
            ),
            Column(
                "local_authority_code",
                partial(fields.read_authority_code, known=context.authorities),
                required=True,
            ),
            Column("title", fields.read_text),
            Column("nationality", fields.read_country, default="TH"),
            Column("died_on", partial(dates.read_past_date, today=context.today)),
            Column("phone", fields.read_phone, seldom_repeats=True),
        ),
        record=_record,
        counted_by=("local_authority_code",),
    )


def _record(
    line: int,
    national_id: NationalId,
    given_name: str,
    family_name: str,
    birth: BirthDate,
    local_authority_code: str,
    title: str | None,
    nationality: str,
    died_on: date | None,
    phone: str | None,
) -> Record:
    if died_on is not None and died_on < birth.day:
        raise RefusedError(
            RefusalCode.DATES_REVERSED,
            "The death lies before the birth; check the eras.",
            "died_on",
        )
    return (
        line,
        national_id,
        title,
        given_name,
        family_name,
        birth.day,
        birth.precision.value,
        nationality,
        died_on,
        phone,
        local_authority_code,
    )
