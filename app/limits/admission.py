"""What one caller may do, as far as it is not the domain that decides."""

from collections.abc import Callable
from dataclasses import dataclass


def _free() -> None:
    """An operation that was paid for with its request."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The strictest by default."""

    max_cost: int = 0
    any_document: bool = False  # where documents are restricted: whether others may run too
    charge: Callable[[], None] = _free  # for each operation of a connection that has many
