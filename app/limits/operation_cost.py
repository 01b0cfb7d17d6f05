"""An operation's cost as a function of its variables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LEFT_OUT, _UNSURE = object(), object()
_KEPT_COSTS = 200  # of an operation


@dataclass(slots=True)
class Values:
    """The variables of a request, and what its fragments came to."""

    variables: Mapping[str, Any]
    known: dict[object, int] = field(default_factory=dict)


Part = Callable[[Values], int]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as far as it is known, and what the variables add."""

    fixed: int = 0
    varying: tuple[Part, ...] = ()

    def of(self, values: Values) -> int:
        return self.fixed + sum(part(values) for part in self.varying)

    def times(self, other: "Amount") -> "Amount":
        if not self.varying and not other.varying:
            return Amount(self.fixed * other.fixed)
        return Amount(0, (lambda values: self.of(values) * other.of(values),))


@dataclass(frozen=True, slots=True)
class OperationCost:
    """One operation's cost, as a function of its variables.

    `counted`: the variables that say how many; what was worked out for them is kept.
    """

    amount: Amount
    defaults: Mapping[str, Any]
    counted: Sequence[str]
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def of(self, variables: Mapping[str, Any] | None) -> int:
        """The cost with these variables, as they came."""
        given = {**self.defaults, **(variables or {})}
        counts = tuple([_count_of(given.get(name, _LEFT_OUT)) for name in self.counted])
        cost = self.known.get(counts)
        if cost is None:
            cost = self.amount.of(Values(given))
            if _UNSURE not in counts and len(self.known) < _KEPT_COSTS:
                self.known[counts] = cost
        return cost


def _count_of(value: object) -> object:
    """What a variable adds to a cost depends on this alone."""
    if value.__class__ is int or value is None or value is _LEFT_OUT:
        return value
    return ("items", len(value)) if isinstance(value, list) else _UNSURE
