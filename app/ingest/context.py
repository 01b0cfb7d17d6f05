"""What the layouts and the tables need to know beside the rows."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT, Telling
from app.privacy import PrivacyKeys
from app.rules.texts import Texts

BANK_CODES = Texts.load().bank_codes()


class Citizens(NamedTuple):
    """The first and the last in the order of their numbers; None where nobody is known.

    A slice holds every row between them: with both the planner reads one range of a table's key.
    """

    first: UUID | None
    last: UUID | None


async def _nothing_is_earlier() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Context:
    """One import.

    `now` is its moment, `today` the same in Thailand; `authorities` are the known codes; `absent`
    the optional columns that the file lacks; `newest` the number of the newest import whose rows
    these may replace: an earlier import of the same bytes, else this one; `telling` when citizens
    may be disturbed.

    Of a slice: `periods`, the months of the whole file; `citizens`, within whom the rows lie, None
    where some are not known; `earlier` waits until all that comes before is committed.
    """

    keys: PrivacyKeys
    now: datetime
    today: date
    authorities: frozenset[str]
    import_file_id: int
    newest: int
    absent: Collection[str] = frozenset()
    telling: Telling = BY_DEFAULT
    periods: Sequence[date] = ()
    citizens: Citizens | None = None
    earlier: Callable[[], Awaitable[object]] = _nothing_is_earlier

    async def told_in_order(self) -> Moment:
        """When what follows from the rows is told, once all before them is committed: so numbers
        are in the order of the commits."""
        await self.earlier()
        return Moment(self.now, self.telling)
