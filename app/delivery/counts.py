"""What a sender has done since its process began, for whoever watches it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Numbers alone; nothing of anybody."""

    sent: int = 0  # notifications
    dead: int = 0  # notifications given up
    pushes: Counter[str] = field(default_factory=Counter)  # by outcome
    failures: Counter[str] = field(default_factory=Counter)  # by code
    lag_seconds: float = 0.0  # of the push taken up last: how long ago its oldest was due
    breaker_open: bool = False

    def metrics(self) -> Iterator[str]:
        """Lines in Prometheus's text format."""
        yield from _one("notifications_sent_total", "counter", "Handed over.", self.sent)
        yield from _one("notifications_dead_total", "counter", "Given up.", self.dead)
        yield from _by("outcome", "notification_pushes_total", "To the portal.", self.pushes)
        yield from _by("code", "notification_push_failures_total", "By why.", self.failures)
        lag = round(self.lag_seconds, 3)
        yield from _one(
            "notification_push_lag_seconds", "gauge", "Since the oldest taken up was due.", lag
        )
        shut = int(self.breaker_open)
        yield from _one("notification_breaker_open", "gauge", "1: the portal is left alone.", shut)


def _one(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"


def _by(label: str, name: str, text: str, values: Counter[str]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} counter"
    yield from (f'{name}{{{label}="{each}"}} {count}' for each, count in sorted(values.items()))
