"""What the layouts need to know beside the file."""

from dataclasses import dataclass
from datetime import date, datetime

from app.privacy import PrivacyKeys
from app.rules.texts import Texts

BANK_CODES = Texts.load().bank_codes()


@dataclass(frozen=True, slots=True)
class Context:
    """One import.

    `now` is its moment, `today` the same in Thailand; `authorities` are the known codes; `absent`
    the optional columns that the file lacks; `seen_before` the number under which the
    same bytes were imported before.
    """

    keys: PrivacyKeys
    now: datetime
    today: date
    authorities: frozenset[str]
    import_file_id: int
    seen_before: int | None
    absent: frozenset[str] = frozenset()
