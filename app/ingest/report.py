"""What an import did, in numbers and in lines for a terminal."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


class ImportKind(enum.Enum):
    """The kinds of file, by their names in the database."""

    CITIZENS = "CITIZENS"
    REGISTRATIONS = "REGISTRATIONS"
    DISBURSEMENTS = "DISBURSEMENTS"
    AUTHORITIES = "AUTHORITIES"


@dataclass(frozen=True, slots=True)
class AuthorityTotals:
    """The rows of one local authority; `code` is None for rows whose code could not be read.

    `amount_satang` is what the accepted and the unchanged rows add up to.
    """

    code: str | None
    rows: int
    accepted: int
    rejected: int
    unchanged: int
    waiting: int
    amount_satang: int


@dataclass(frozen=True, slots=True)
class Report:
    """One file: every row is accepted, rejected, unchanged or waiting for its citizen.

    `released` counts rows of earlier files that had waited for a citizen of this one; they are not
    among `rows`. `amount_satang` is what the accepted and the unchanged rows add up to.
    """

    kind: ImportKind
    file_name: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    waiting: int = 0
    released: int = 0
    amount_satang: int = 0
    by_authority: list[AuthorityTotals] = field(default_factory=list)
    rejects_file: Path | None = None
    unknown_columns: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Rows, accepted, rejected, unchanged, waiting."""
        return self.rows, self.accepted, self.rejected, self.unchanged, self.waiting

    def lines(self, most_authorities: int = 20) -> Iterator[str]:
        """The report as plain text, with the first local authorities by code."""
        yield f"{self.file_name}: {self.rows:,} rows, {_counts(self)}{self._baht()}"
        if self.released:
            yield f"  {self.released:,} rows that had waited for their citizen were taken in."
        if self.waiting:
            yield f"  {self.waiting:,} rows wait for their citizen in a later citizens file."
        if self.unknown_columns:
            yield f"  Columns left out, not known here: {', '.join(self.unknown_columns)}"
        if self.rejects_file is not None:
            yield f"  Rejected rows, each with its reason: {self.rejects_file}"
        for totals in self.by_authority[:most_authorities]:
            yield f"  {totals.code or 'no code'}: {totals.rows:,} rows, {_counts(totals)}"
        if len(self.by_authority) > most_authorities:
            yield f"  ... and {len(self.by_authority) - most_authorities:,} more local authorities"

    def _baht(self) -> str:
        if self.kind is not ImportKind.DISBURSEMENTS:
            return ""
        return f", {self.amount_satang / 100:,.2f} baht"


def _counts(counts: Report | AuthorityTotals) -> str:
    return (
        f"{counts.accepted:,} accepted, {counts.rejected:,} rejected, "
        f"{counts.unchanged:,} unchanged, {counts.waiting:,} waiting"
    )
