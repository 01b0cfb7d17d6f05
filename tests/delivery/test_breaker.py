"""The breaker, the pace and the waits, by a clock that the test turns."""

from app.delivery.breaker import Breaker
from app.delivery.pace import Pace, backoff


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_failures_in_a_row_alone() -> None:
    breaker = Breaker(3, 30, Clock())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    breaker.succeeded()
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, False, True]
    assert breaker.state.value == "OPEN"
    assert breaker.wait() == 30


def test_half_open_it_lets_one_through_at_a_time() -> None:
    clock = Clock()
    breaker = Breaker(1, 30, clock)
    breaker.failed()
    clock.now += 30
    assert breaker.state.value == "HALF_OPEN"
    assert breaker.wait() == 0
    breaker.let_through()
    assert breaker.wait() == 30, "not before that one came back"
    assert not breaker.failed(), "it is said once that it opened"
    assert breaker.wait() == 30
    clock.now += 30
    breaker.let_through()
    breaker.succeeded()
    assert breaker.state.value == "CLOSED"
    assert breaker.wait() == 0


def test_closed_it_lets_all_through() -> None:
    breaker = Breaker(2, 30, Clock())
    breaker.let_through()
    breaker.let_through()
    assert breaker.wait() == 0


def test_a_probe_that_found_nothing_to_send_blocks_nothing() -> None:
    clock = Clock()
    breaker = Breaker(1, 30, clock)
    breaker.failed()
    clock.now += 31
    assert breaker.wait() == 0
    assert breaker.wait() == 0


def test_messages_are_spread_over_their_seconds() -> None:
    clock = Clock()
    pace = Pace(100, clock)
    assert pace.wait() == 0
    pace.spend(50)
    assert round(pace.wait(), 6) == 0.5
    pace.spend(50)
    assert round(pace.wait(), 6) == 1
    clock.now += 60
    assert pace.wait() == 0
    pace.spend(1)
    assert round(pace.wait(), 6) == 0.01, "an idle minute is not made up for at once"


def test_waits_double_up_to_the_longest_and_differ() -> None:
    for attempts, most in [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (5000, 3600)]:
        waits = [backoff(attempts, 5, 3600) for _ in range(50)]
        assert all(most / 2 <= wait <= most for wait in waits)
        assert len(set(waits)) > 1
