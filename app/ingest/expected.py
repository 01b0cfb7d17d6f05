"""The control totals that a sender gives beside a file."""

from dataclasses import dataclass

import asyncpg

from app.errors import BadInput
from app.ingest.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Expected:
    """What the file has to hold; None where the sender gave nothing. Amount in satang."""

    rows: int | None = None
    amount_satang: int | None = None

    async def refuse_others(self, connection: asyncpg.Connection, shelf: Shelf) -> None:
        """`BadInput` where what was read adds up to something else."""
        if self.rows is not None:
            _refuse_other_rows(self.rows, await shelf.rows_read(connection))
        if self.amount_satang is not None:
            _refuse_other_amount(self.amount_satang, await shelf.amount_read(connection))


NOTHING_EXPECTED = Expected()


def _refuse_other_rows(expected: int, rows: int) -> None:
    if rows != expected:
        raise BadInput(
            f"The file has {rows:,} rows and {expected:,} were expected; nothing was applied."
        )


def _refuse_other_amount(expected: int, amount: int) -> None:
    if amount != expected:
        raise BadInput(
            f"The amounts add up to {amount / 100:,.2f} baht and "
            f"{expected / 100:,.2f} were expected; nothing was applied."
        )
