"""Relay connections: what their arguments mean, and where a page ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import strawberry

from app.errors import BadInput
from resolvers.fields import plain

MAX_PAGE_SIZE = 120  # ten years of months

Row = TypeVar("Row")


@strawberry.federation.type(shareable=True, description="Where a page stands, as Relay defines it.")
class PageInfo:
    has_next_page: bool = plain("Whether more follows when paging forward.")
    has_previous_page: bool = plain("Whether more precedes when paging backward.")
    start_cursor: str | None = plain("The cursor of the first edge.")
    end_cursor: str | None = plain("The cursor of the last edge.")


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many, and from which end."""

    count: int
    forward: bool


def page_size(first: int, last: int | None) -> PageSize:
    """`last` where it is given, else `first`; `BadInput` where either is out of bounds."""
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 0 <= value <= MAX_PAGE_SIZE:
            raise BadInput(f"{name}: expected 0 to {MAX_PAGE_SIZE}, got {value}.")
    if last is not None:
        return PageSize(last, forward=False)
    return PageSize(first, forward=True)


class Page(NamedTuple, Generic[Row]):
    """The rows of a page in the connection's order, and whether more lie beyond either end."""

    rows: Sequence[Row]
    more_after: bool
    more_before: bool

    @classmethod
    def of(cls, fetched: Sequence[Row], size: PageSize, *, starts_inside: bool) -> "Page[Row]":
        """From one row more than asked for, counted from the end that paging starts at.

        `starts_inside`: a cursor was given, so there is something on its other side.
        """
        rows, more = fetched[: size.count], len(fetched) > size.count
        if size.forward:
            return cls(rows, more_after=more, more_before=starts_inside)
        return cls(rows[::-1], more_after=starts_inside, more_before=more)


class PageInfoRow(NamedTuple, Generic[Row]):
    """Where a page stands; a cursor is written when it is asked for."""

    page: Page[Row]
    cursor_of: Callable[[Row], str]

    @property
    def has_next_page(self) -> bool:
        return self.page.more_after

    @property
    def has_previous_page(self) -> bool:
        return self.page.more_before

    @property
    def start_cursor(self) -> str | None:
        return self.cursor_of(self.page.rows[0]) if self.page.rows else None

    @property
    def end_cursor(self) -> str | None:
        return self.cursor_of(self.page.rows[-1]) if self.page.rows else None
