"""A circuit breaker: leaves a portal alone that fails again and again, then asks once."""

import enum
from collections.abc import Callable


class BreakerState(enum.Enum):
    """Closed lets everything through, open nothing, half open one."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Breaker:
    """Opens after so many failures in a row; after so many seconds lets one through, to see."""

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self._failures = failures
        self._seconds = seconds
        self._clock = clock
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.HALF_OPEN

    def wait(self) -> float:
        """Seconds until something may be let through; 0: now."""
        if self._open_until is None:
            return 0.0
        return self._seconds if self._probing else max(0.0, self._open_until - self._clock())

    def let_through(self) -> None:
        """One goes: nothing else does until it came back, unless the breaker is closed."""
        self._probing = self._open_until is not None

    def succeeded(self) -> None:
        """The portal works."""
        self._in_a_row, self._open_until, self._probing = 0, None, False

    def failed(self) -> bool:
        """The portal does not; whether that opened the breaker."""
        self._in_a_row += 1
        if not self._probing and self._in_a_row < self._failures:
            return False
        was_closed = self._open_until is None
        self._open_until, self._probing = self._clock() + self._seconds, False
        return was_closed
