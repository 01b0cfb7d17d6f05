"""The report of an import as a file, for machines (JSON) and for a spreadsheet (CSV)."""

import csv
from pathlib import Path
from typing import Any, TextIO

import orjson

from app.baht import baht_text
from app.errors import BadInput
from app.ingest.report import AuthorityTotals, Report
from app.private_file import replacing

_SUFFIXES = (".json", ".csv")
_COUNTS = ("rows", "accepted", "rejected", "unchanged", "waiting")


def write_report(report: Report, path: Path) -> None:
    """Replace `path`: JSON or CSV by its suffix; `BadInput` where it can't be written.

    Both have a row for each local authority. Amounts are baht with two decimals.
    """
    check_report_path(path)
    try:
        with replacing(path) as file:
            if path.suffix.lower() == ".json":
                file.write(_json(report))
            else:
                _write_csv(report, file)
    except OSError as error:
        raise BadInput(f"{path.name}: the report can not be written ({error.strerror}).") from None


def check_report_path(path: Path) -> None:
    """`BadInput` where the suffix is neither .json nor .csv."""
    if path.suffix.lower() not in _SUFFIXES:
        raise BadInput(f"{path.name}: a report is a .json or a .csv file.")


def _json(report: Report) -> str:
    whole: dict[str, Any] = {"file": report.file_name, "kind": report.kind.value}
    whole |= dict(zip(_COUNTS, report.counts, strict=True))
    whole |= {
        "released": report.released,
        "amount": baht_text(report.amount_satang),
        "rejects_file": None if report.rejects_file is None else str(report.rejects_file),
        "unknown_columns": report.unknown_columns,
        "local_authorities": [_row(totals) for totals in report.by_authority],
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n"


def _write_csv(report: Report, file: TextIO) -> None:
    writer = csv.DictWriter(file, ["local_authority_code", *_COUNTS, "amount"])
    writer.writeheader()
    writer.writerows(_row(totals) for totals in report.by_authority)


def _row(totals: AuthorityTotals) -> dict[str, Any]:
    counts = {name: getattr(totals, name) for name in _COUNTS}
    amount = baht_text(totals.amount_satang)
    return {"local_authority_code": totals.code, **counts, "amount": amount}
