"""How fast: messages a second, and how long to wait after a failure."""

from collections.abc import Callable
from random import SystemRandom

_random = SystemRandom()


class Pace:
    """Spreads messages over time: each is followed by its share of a second."""

    def __init__(self, a_second: float, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self._each = 1 / a_second
        self._clock = clock
        self._next = clock()

    def wait(self) -> float:
        """Seconds until the next messages may go; 0: now."""
        return max(0.0, self._next - self._clock())

    def spend(self, messages: int) -> None:
        """So many go now."""
        self._next = max(self._next, self._clock()) + messages * self._each


def backoff(attempts: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failed attempts: twice as long each time, at most `longest`,
    and up to half of it less by chance, so that those who failed together do not return so."""
    doubled = first * 2.0 ** min(attempts - 1, 60)
    return min(longest, doubled) * _random.uniform(0.5, 1.0)
