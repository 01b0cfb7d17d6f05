"""What one caller may do, as far as it is not the domain that decides."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple


def _free() -> None:
    """Nothing is counted."""


class Admission(NamedTuple):
    """The strictest by default, and counted nowhere."""

    max_cost: int = 0
    any_document: bool = False  # where documents are restricted: whether others may run too
    charge: Callable[[], None] = _free  # for one more operation than the request itself
    connect: Callable[[], AbstractContextManager[None]] = nullcontext  # around a lasting connection
