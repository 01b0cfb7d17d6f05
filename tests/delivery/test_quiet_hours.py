"""Nobody is disturbed at night, and nobody is forgotten in the morning."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.clock import BANGKOK
from app.delivery.quiet_hours import QuietHours, next_allowed

NIGHT = QuietHours(time(20), time(8))
SIESTA = QuietHours(time(12), time(13, 30))
NONE = QuietHours(time(0), time(0))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BANGKOK)


@pytest.mark.parametrize(
    ("quiet", "moment", "allowed"),
    [
        (NIGHT, at(23, 19, 59), at(23, 19, 59)),
        (NIGHT, at(23, 20), at(24, 8)),
        (NIGHT, at(23, 23, 59), at(24, 8)),
        (NIGHT, at(24, 0), at(24, 8)),
        (NIGHT, at(24, 7, 59), at(24, 8)),
        (NIGHT, at(24, 8), at(24, 8)),
        (SIESTA, at(23, 11, 59), at(23, 11, 59)),
        (SIESTA, at(23, 12), at(23, 13, 30)),
        (SIESTA, at(23, 13, 30), at(23, 13, 30)),
        (NONE, at(23, 0), at(23, 0)),
        (NIGHT, datetime(2026, 11, 23, 14, tzinfo=UTC), at(24, 8)),  # 21:00 in Bangkok
    ],
)
def test_the_next_moment_that_is_allowed(
    quiet: QuietHours, moment: datetime, allowed: datetime
) -> None:
    assert next_allowed(moment, quiet) == allowed


times = some.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(some.datetimes(timezones=some.just(BANGKOK)), times, times)
def test_it_is_never_quiet_then_and_never_later_than_need_be(
    moment: datetime, starts: time, ends: time
) -> None:
    quiet = QuietHours(starts, ends)
    allowed = next_allowed(moment, quiet)
    assert not quiet.hold(allowed.time())
    assert timedelta(0) <= allowed - moment <= timedelta(days=1)
    assert next_allowed(allowed, quiet) == allowed
    if allowed > moment:
        assert quiet.hold(moment.time())
        assert quiet.hold((allowed - timedelta(minutes=1)).time())


def test_it_is_read_as_it_is_written() -> None:
    assert QuietHours.parse("20:00-08:00") == NIGHT
    assert QuietHours.parse(str(SIESTA)) == SIESTA


@pytest.mark.parametrize("text", ["", "20:00", "20-8", "25:00-08:00", "20:00-08:00-09:00", "a-b"])
def test_what_is_no_pair_of_times_is_told_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected two times of day such as 20:00-08:00"):
        QuietHours.parse(text)
