"""What the layouts and the tables need to know beside the rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT, Telling
from app.privacy import PrivacyKeys
from app.rules.texts import Texts

BANK_CODES = Texts.load().bank_codes()


@dataclass(frozen=True, slots=True)
class Context:
    """One import.

    `now` is its moment, `today` the same in Thailand; `authorities` are the known codes; `absent`
    the optional columns that the file lacks; `newest` the number of the newest import whose rows
    these may replace: an earlier import of the same bytes, else this one; `telling` when citizens
    may be disturbed.
    """

    keys: PrivacyKeys
    now: datetime
    today: date
    authorities: frozenset[str]
    import_file_id: int
    newest: int
    absent: Collection[str] = frozenset()
    telling: Telling = BY_DEFAULT

    @property
    def moment(self) -> Moment:
        """When what follows from the rows is told."""
        return Moment(self.now, self.telling)
