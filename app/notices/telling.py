"""When a citizen may be disturbed, and of how old a fact they are still told."""

from dataclasses import dataclass
from datetime import date, datetime, time

from app.clock import BANGKOK
from app.delivery.quiet_hours import QuietHours, next_allowed
from app.rules.calendar import YearMonth, add_months, month_of

MONTHS_TOLD = 2
"""This month and the last: nobody is told of the years that a first load brings."""


_NIGHT = QuietHours(time(20), time(8))


@dataclass(frozen=True, slots=True)
class Telling:
    """The hours in which no telephone rings, and how often one does in a day."""

    quiet: QuietHours = _NIGHT
    most_a_day: int = 3

    def due_at(self, now: datetime) -> datetime:
        """When what is made now may be sent."""
        return next_allowed(now, self.quiet)


BY_DEFAULT = Telling()


def first_month_told(today: date) -> YearMonth:
    """What happened before this month is history: it is in the graph, and nobody is told."""
    return add_months(month_of(today), 1 - MONTHS_TOLD)


def start_of_day(now: datetime) -> datetime:
    """Midnight in Bangkok."""
    return datetime.combine(now.astimezone(BANGKOK).date(), time(), BANGKOK)
