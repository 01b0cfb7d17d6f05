"""Disbursements sent in real time: one request in one transaction, by the code of the files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from app.errors import BadInput
from app.ingest import dates, ledger, staging
from app.ingest.context import Context
from app.ingest.converter import RowConverter
from app.ingest.kinds import write_disbursements
from app.ingest.layout import Record, read_header
from app.ingest.layouts.disbursements import disbursements_layout
from app.ingest.ledger import ImportState
from app.ingest.refusals import Refusal, RefusalCode, RefusedError
from app.ingest.report import ImportKind
from app.ingest.tables.authorities import known_authorities
from app.ingest.tables.batches import close_batches
from app.ingest.tables.disbursements import STAGED
from app.ingest.tally import report_of
from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT, Telling
from app.privacy import PrivacyKeys
from app.rules.calendar import YearMonth, format_year_month
from app.rules.national_id import holds_national_id
from app.rules.vocabulary import Scheme

MOST_RECORDS = 5_000
_LONGEST_REQUEST_ID = 100
_STAGED = replace(STAGED, where="in record")
_AUTHORITY = STAGED.names.index("local_authority_code")

_KNOWN = "select id, checksum from import_file where imported_by = $1 and request_id = $2"
_KEEP_REJECTED = """
insert into rejected_record (import_file_id, index, field, code, message)
select $1, line, field, code, reason from rejected
"""
_BATCH = "select id from disbursement_batch where import_file_id = $1"
_REJECTED = """
select index, field, code, message from rejected_record where import_file_id = $1 order by index
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sends at once, for one month of a scheme.

    `records`: of each its texts by the columns of the file. A column that no record has is absent,
    as from a file. `authorities` are those that the client may pay for; None: every one.
    """

    client_id: str
    request_id: str
    scheme: Scheme
    period: YearMonth
    records: Sequence[Mapping[str, str]]
    authorities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not taken; `field` is a column of the file, "" for the whole record."""

    index: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission."""

    batch_id: int
    rejected: list[Rejected]


async def submit(
    connection: asyncpg.Connection,
    submission: Submission,
    *,
    keys: PrivacyKeys,
    now: datetime,
    telling: Telling = BY_DEFAULT,
) -> Submitted:
    """Apply a submission, or give the answer again that its request id has had.

    A record is taken or rejected whole. `BadInput` names the argument that is wrong, and nothing is
    applied then.
    """
    _refuse_unfit(submission)
    checksum = keys.content_hmac(_canonical(submission))
    async with connection.transaction():
        await ledger.take_turn(connection)
        known = await connection.fetchrow(_KNOWN, submission.client_id, submission.request_id)
        if known is None:
            number = await _apply(connection, submission, checksum, keys, Moment(now, telling))
        elif known["checksum"] != checksum:
            raise BadInput(
                "requestId: it came before with another content. "
                "Repeat that content, or give the new one a requestId of its own."
            )
        else:
            number = known["id"]
        return await _answer(connection, number)


def _refuse_unfit(submission: Submission) -> None:
    count = len(submission.records)
    if not 1 <= count <= MOST_RECORDS:
        raise BadInput(f"records: expected 1 to {MOST_RECORDS:,} records, got {count:,}.")
    name = submission.request_id
    if not (name.isascii() and name.isprintable() and 1 <= len(name) <= _LONGEST_REQUEST_ID):
        raise BadInput(
            f"requestId: expected 1 to {_LONGEST_REQUEST_ID} letters, digits and signs of ASCII."
        )
    if holds_national_id(name):
        raise BadInput("requestId: it is kept as it stands, so it must not hold a national ID.")


def _canonical(submission: Submission) -> str:
    """The same content gives the same text, however its fields were ordered."""
    content = [submission.scheme.value, submission.period.isoformat(), list(submission.records)]
    return json.dumps(content, sort_keys=True)


async def _answer(connection: asyncpg.Connection, number: int) -> Submitted:
    rows = await connection.fetch(_REJECTED, number)
    batch_id = await connection.fetchval(_BATCH, number)
    return Submitted(batch_id, [Rejected(*row) for row in rows])


async def _apply(
    connection: asyncpg.Connection,
    submission: Submission,
    checksum: bytes,
    keys: PrivacyKeys,
    moment: Moment,
) -> int:
    now = moment.now
    entry = await ledger.begin(
        connection,
        ImportKind.DISBURSEMENTS,
        "submission",
        checksum,
        now,
        imported_by=submission.client_id,
        request_id=submission.request_id,
    )
    context = Context(
        keys=keys,
        now=now,
        today=moment.today,
        authorities=await known_authorities(connection),
        import_file_id=entry.id,
        newest=entry.id,
        telling=moment.telling,
    )
    _refuse_period(submission, context)
    await connection.execute(staging.PREPARE)
    context = await _stage(connection, submission, context)
    await _STAGED.settle_repeats(connection)
    await write_disbursements(connection, context)
    await staging.tally_rejected(connection)
    await staging.keep_tally(connection, entry.id, released=False)
    await close_batches(connection, context, every_month=True)
    report = await report_of(connection, entry.id, ImportKind.DISBURSEMENTS, "")
    await ledger.close(connection, entry, report.counts)
    await connection.execute(_KEEP_REJECTED, entry.id)
    await ledger.end(connection, entry, ImportState.REPORTED, now)
    return entry.id


def _refuse_period(submission: Submission, context: Context) -> None:
    try:
        dates.read_period(format_year_month(submission.period), context.today)
    except RefusedError as refused:
        raise BadInput(f"period: {refused.sentence}") from None


async def _stage(
    connection: asyncpg.Connection, submission: Submission, context: Context
) -> Context:
    """Stage the records; returns the context that knows which columns they lack."""
    shared = {
        "scheme": submission.scheme.value,
        "period": format_year_month(submission.period),
    }
    layout = disbursements_layout(context)
    given = {name for record in submission.records for name in record}
    required = {column.name for column in layout.columns if column.required}
    header = read_header(layout, sorted(given | required))
    rows = [{**record, **shared} for record in submission.records]
    fields = [[row.get(name, "") for name in header.names] for row in rows]
    converter = RowConverter(layout, header)
    records, refusals = _convert(converter, fields, submission.authorities)
    await _STAGED.create_own(connection)
    await staging.create_own_rejected(connection)
    await staging.copy_own(connection, _STAGED, records, refusals)
    return replace(context, absent=header.absent)


def _convert(
    converter: RowConverter, rows: Sequence[list[str]], authorities: frozenset[str] | None
) -> tuple[list[Record], list[Refusal]]:
    records: list[Record] = []
    refusals: list[Refusal] = []
    for index, fields in enumerate(rows):
        try:
            record = converter.record(index, fields)
            if authorities is not None and record[_AUTHORITY] not in authorities:
                raise _NOT_THEIRS
        except RefusedError as refused:
            refusals.append(converter.refusal(index, fields, refused))
        else:
            records.append(record)
    return records, refusals


_NOT_THEIRS = RefusedError(
    RefusalCode.AUTHORITY_NOT_SERVED,
    "The token is limited to other local authorities.",
    "local_authority_code",
)
