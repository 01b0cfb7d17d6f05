"""The tables of docs/storage.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.storage.fill import Filled
from bench.storage.measure import Cost


@dataclass(frozen=True, slots=True)
class Size:
    """What was found at one size of the register; sizes of tables in bytes."""

    payments: int
    citizens: int
    table_bytes: int
    index_bytes: int
    database_bytes: int
    filled: Filled
    costs: list[Cost]


def tables(sizes: Sequence[Size]) -> str:
    """Markdown: how storage grows, then how each statement's cost does."""
    return "\n\n".join([_storage(sizes), _growth(sizes), _pages(sizes[-1])])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _storage(sizes: Sequence[Size]) -> str:
    return _table(
        ["payments", "citizens", "bytes a payment", "of that index", "database, GB", "rows/s"],
        (
            [
                f"{size.payments / 1e6:.1f} million",
                f"{size.citizens:,}",
                f"{(size.table_bytes + size.index_bytes) / size.payments:.0f}",
                f"{size.index_bytes / size.payments:.0f}",
                f"{size.database_bytes / 1e9:.1f}",
                f"{size.filled.payments / size.filled.seconds:,.0f}",
            ]
            for size in sizes
        ),
    )


def _growth(sizes: Sequence[Size]) -> str:
    """Medians of the generic plan, the last size's other figures, and how much it grew."""
    names = [f"{size.payments / 1e6:.0f} M" for size in sizes]
    heads = ["statement", "citizens", *names, "growth", "p95", "custom plan"]
    return _table(heads, map(_growth_row, zip(*(size.costs for size in sizes), strict=True)))


def _growth_row(costs: Sequence[Cost]) -> list[str]:
    first, last = costs[0], costs[-1]
    return [
        last.statement,
        str(last.citizens),
        *(_ms(cost.medians["generic"]) for cost in costs),
        f"{last.medians['generic'] / first.medians['generic']:.1f}",
        _ms(last.slowest["generic"]),
        _ms(last.medians["custom"]),
    ]


def _pages(size: Size) -> str:
    return _table(
        ["statement", "citizens", "rows", "pages", "pages a row", "partitions"],
        (
            [
                cost.statement,
                str(cost.citizens),
                f"{cost.rows:,.0f}",
                f"{cost.pages:,}",
                f"{cost.pages / max(cost.rows, 1):.1f}",
                str(cost.partitions),
            ]
            for cost in size.costs
        ),
    )


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 1 else f"{milliseconds:.1f}"
