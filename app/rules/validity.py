"""Whether dated rows follow each other: no day ruled twice, no day without a rule."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from app.rules.rows import DatedRow, Rate

_ONE_DAY = timedelta(days=1)


def timeline_faults(what: str, rows: Iterable[DatedRow]) -> list[str]:
    """What is wrong with rows that have to follow each other without overlap, gap or end."""
    ordered = sorted(rows, key=lambda row: row.valid_from)
    if not ordered:
        return [f"{what}: no row is in force; give at least one."]
    faults = [
        fault
        for earlier, later in pairwise(ordered)
        if (fault := _seam_fault(what, earlier, later))
    ]
    last = ordered[-1]
    if last.valid_to is not None:
        faults.append(
            f"{what}: nothing holds after {last.valid_to} (line {last.line});"
            " leave valid_to of the last row empty, or add a row."
        )
    return faults


def _seam_fault(what: str, earlier: DatedRow, later: DatedRow) -> str | None:
    lines = f"lines {earlier.line} and {later.line}"
    if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
        return (
            f"{what}: {lines} overlap from {later.valid_from} on;"
            f" end the earlier one on {later.valid_from - _ONE_DAY}."
        )
    if earlier.valid_to + _ONE_DAY < later.valid_from:
        return (
            f"{what}: nothing holds from {earlier.valid_to + _ONE_DAY} to"
            f" {later.valid_from - _ONE_DAY}, between {lines}; close the gap."
        )
    return None


def rate_faults(what: str, rates: Sequence[Rate]) -> list[str]:
    """What is wrong with the rates of one scheme: on every day from the first on, the bands in
    force have to meet each other, the last without upper end."""
    if not rates:
        return [f"{what}: no row is in force; give at least one."]
    faults: list[str] = []
    for day in _turning_days(rates):
        for fault in _band_faults([rate for rate in rates if rate.valid_on(day)]):
            faults.append(f"{what}: from {day} on {fault}")
    return faults


def _turning_days(rates: Iterable[Rate]) -> list[date]:
    begins = {rate.valid_from for rate in rates}
    ends = {rate.valid_to + _ONE_DAY for rate in rates if rate.valid_to is not None}
    return sorted(begins | ends)


def _band_faults(rates: Iterable[Rate]) -> list[str]:
    ordered = sorted(rates, key=lambda rate: (rate.minimum_age, rate.line))
    if not ordered:
        return ["no rate holds; close the gap between the validity periods."]
    seams = pairwise(ordered)
    faults = [fault for lower, upper in seams if (fault := _band_seam_fault(lower, upper))]
    top = ordered[-1]
    if top.maximum_age is not None:
        faults.append(
            f"no rate holds above age {top.maximum_age} (line {top.line});"
            " leave maximum_age of the highest band empty."
        )
    return faults


def _band_seam_fault(lower: Rate, upper: Rate) -> str | None:
    lines = f"lines {lower.line} and {upper.line}"
    if lower.maximum_age is None or lower.maximum_age >= upper.minimum_age:
        return f"{lines} overlap at age {upper.minimum_age}; end one before the other begins."
    if lower.maximum_age + 1 < upper.minimum_age:
        return (
            f"no rate holds for age {lower.maximum_age + 1} to {upper.minimum_age - 1},"
            f" between {lines}; close the gap."
        )
    return None


def month_edge_faults(what: str, rows: Iterable[DatedRow]) -> list[str]:
    """Rows that begin or end within a month: an allowance is for whole months."""
    return [
        f"{what}: line {row.line} does not hold for whole months;"
        " begin on the first and end on the last day of a month."
        for row in rows
        if row.valid_from.day != 1
        or (row.valid_to is not None and (row.valid_to + _ONE_DAY).day != 1)
    ]
