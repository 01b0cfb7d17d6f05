"""The columns of the files, and how a line of CSV is written."""

import re
from collections.abc import Sequence

LINE_END = "\r\n"
_NEEDS_QUOTES = re.compile('["\r\n]').search

AUTHORITY_COLUMNS = ("code", "name_th", "kind", "province", "name_en", "phone")
CITIZEN_COLUMNS = (
    "national_id",
    "title",
    "given_name",
    "family_name",
    "birth_date",
    "nationality",
    "died_on",
    "local_authority_code",
    "phone",
)
REGISTRATION_COLUMNS = (
    "national_id",
    "scheme",
    "local_authority_code",
    "registered_on",
    "status",
    "status_reason",
    "status_on",
    "channel",
    "bank_code",
    "account_number",
    "account_name",
    "holder",
    "card_issued_on",
    "card_expires_on",
    "disability_types",
)
DISBURSEMENT_COLUMNS = (
    "national_id",
    "scheme",
    "local_authority_code",
    "period",
    "amount",
    "status",
    "kind",
    "paid_on",
    "channel",
    "bank_code",
    "account_number",
    "account_name",
    "holder",
    "failure_code",
    "failure_text",
    "repays_period",
)


def csv_line(cells: Sequence[str]) -> str:
    """One line by RFC 4180, its end included."""
    return csv_cells(cells) + LINE_END


def csv_cells(cells: Sequence[str]) -> str:
    """Cells side by side, in quotes where one needs them: all of a line or a part of it."""
    text = ",".join(cells)
    if text.count(",") == len(cells) - 1 and not _NEEDS_QUOTES(text):
        return text
    return ",".join(map(_quoted, cells))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
