"""The hours of the night in which nobody's telephone rings."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.clock import BANGKOK

_EXPECTED = "expected two times of day such as 20:00-08:00; 00:00-00:00 for no quiet hours"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `starts` until just before `ends`, in Bangkok, over midnight where it ends earlier than
    it starts. Two equal times are no quiet hours."""

    starts: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> "QuietHours":
        """`20:00-08:00`; `ValueError` says what was expected."""
        try:
            starts, ends = (datetime.strptime(part.strip(), "%H:%M") for part in text.split("-"))
        except ValueError:
            raise ValueError(_EXPECTED) from None
        return cls(starts.time(), ends.time())

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}-{self.ends:%H:%M}"

    def hold(self, moment: time) -> bool:
        """Whether it is quiet at that time of day."""
        if self.starts <= self.ends:
            return self.starts <= moment < self.ends
        return moment >= self.starts or moment < self.ends


def next_allowed(at: datetime, quiet: QuietHours) -> datetime:
    """`at` itself, or the end of the quiet hours that it lies in; `at` has an offset."""
    local = at.astimezone(BANGKOK)
    if not quiet.hold(local.time()):
        return at
    end = datetime.combine(local.date(), quiet.ends, BANGKOK)
    return end if end > local else end + timedelta(days=1)
