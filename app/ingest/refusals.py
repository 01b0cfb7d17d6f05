"""Why a row is not taken: a code for machines, a sentence for people.

No sentence repeats what the file holds: with shifted columns any field may hold a national ID.
"""

import enum
from dataclasses import dataclass
from datetime import date


class RefusalCode(enum.StrEnum):
    """Why a row, or the field named beside it, was rejected."""

    WRONG_COLUMN_COUNT = "WRONG_COLUMN_COUNT"
    MISSING_VALUE = "MISSING_VALUE"
    NATIONAL_ID_INVALID = "NATIONAL_ID_INVALID"
    DAMAGED_BY_SPREADSHEET = "DAMAGED_BY_SPREADSHEET"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    DATE_INVALID = "DATE_INVALID"
    DATE_ERA = "DATE_ERA"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    DATES_REVERSED = "DATES_REVERSED"
    PERIOD_INVALID = "PERIOD_INVALID"
    PERIOD_OUT_OF_RANGE = "PERIOD_OUT_OF_RANGE"
    AMOUNT_INVALID = "AMOUNT_INVALID"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    AMOUNT_NEGATIVE = "AMOUNT_NEGATIVE"
    AUTHORITY_CODE_INVALID = "AUTHORITY_CODE_INVALID"
    AUTHORITY_UNKNOWN = "AUTHORITY_UNKNOWN"
    AUTHORITY_NOT_SERVED = "AUTHORITY_NOT_SERVED"
    NATIONALITY_INVALID = "NATIONALITY_INVALID"
    BANK_CODE_INVALID = "BANK_CODE_INVALID"
    ACCOUNT_NUMBER_INVALID = "ACCOUNT_NUMBER_INVALID"
    ACCOUNT_INCOMPLETE = "ACCOUNT_INCOMPLETE"
    ACCOUNT_NAME_MISSING = "ACCOUNT_NAME_MISSING"
    ACCOUNT_WITH_CASH = "ACCOUNT_WITH_CASH"
    REPAYS_NOT_ALLOWED = "REPAYS_NOT_ALLOWED"
    REPAYS_LATER_MONTH = "REPAYS_LATER_MONTH"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    NUMBER_IN_TEXT = "NUMBER_IN_TEXT"
    CONFLICTING_DUPLICATE = "CONFLICTING_DUPLICATE"


class RefusedError(Exception):
    """This row can't be taken. `field` is the column at fault, None while the caller knows it."""

    def __init__(self, code: RefusalCode, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rejected row: its line, the field at fault ("" for the whole row), what it counts to."""

    line: int
    field: str
    code: str
    sentence: str
    local_authority_code: str | None = None
    scheme: str | None = None
    period: date | None = None
    amount_satang: int | None = None
