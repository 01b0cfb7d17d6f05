"""XLSX: the rows of the only sheet that has any, by its own row numbers."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from itertools import islice
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.worksheet._reader import WorkSheetParser

from app.errors import BadInput
from app.ingest.sources.rows import MOST_FIELDS, Blocks, ReadBlocks, Rows, in_blocks
from app.ingest.sources.values import date_text, number_text, truth_text

_LARGEST_PART = 2 << 30
_LARGEST_STRINGS = 48 << 20  # openpyxl holds them, in six times as much memory
_MOST_UNPACKED = 100  # times the packed size, as Apache POI allows
_SMALL = 1 << 20
_MOST_ROWS = 1 << 20
_ROWS_AT_ONCE = 256


def examine(raw: BinaryIO) -> ReadBlocks:
    """The reader of a workbook; `BadInput` where the archive is none, or unpacks beyond bounds."""
    with _clear_errors(), zipfile.ZipFile(raw) as archive:
        names = archive.namelist()
        if not any(name.endswith("workbook.xml") for name in names):
            raise BadInput("This is a zip archive, but no XLSX workbook. Save the sheet as XLSX.")
        for part in archive.infolist():
            _refuse_large(part)
    return _blocks


def _refuse_large(part: zipfile.ZipInfo) -> None:
    most = _LARGEST_STRINGS if "sharedstrings" in part.filename.lower() else _LARGEST_PART
    swollen = part.file_size > max(_SMALL, _MOST_UNPACKED * part.compress_size)
    if part.file_size > most or swollen:
        raise BadInput("The workbook unpacks to too much. Save the sheet as CSV in UTF-8.")


def _blocks(raw: BinaryIO) -> Blocks:
    return in_blocks(_read(raw))


def _read(raw: BinaryIO) -> Rows:
    with _clear_errors():
        rows = _sheet_rows(raw)
        width = 0
        while chunk := _quietly(rows):
            for line, fields in chunk:
                width = width or len(fields)
                yield line, fields + [""] * (width - len(fields))


def _quietly(rows: Rows) -> list[tuple[int, list[str]]]:
    """Some rows; openpyxl warns of what it leaves out, as conditional formats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(rows, _ROWS_AT_ONCE))


def _sheet_rows(raw: BinaryIO) -> Rows:
    """The rows with content; a formula has the value it was saved with, without one it is empty."""
    workbook = load_workbook(raw, read_only=True, data_only=True)
    sheets = [s for s in workbook.worksheets if s.sheet_state == "visible" and _has_rows(s)]
    if len(sheets) > 1:
        raise BadInput(
            "Several sheets of the workbook have rows; keep the one to import and delete the rest."
        )
    for sheet in sheets:
        yield from _parsed(sheet)


def _has_rows(sheet: Any) -> bool:
    return next(_parsed(sheet), None) is not None


class _Parser(WorkSheetParser):
    """openpyxl's, without its memory of each row's height."""

    def parse_row(self, row: Any) -> tuple[int, list[dict[str, Any]]]:
        parsed: tuple[int, list[dict[str, Any]]] = super().parse_row(row)
        self.row_dimensions.clear()
        return parsed


def _parsed(sheet: Any) -> Rows:
    """Rows that are not blank. A read-only sheet's own iteration loses rows out of order."""
    book, last = sheet.parent, 0
    with sheet._get_source() as part:
        parser = _Parser(
            part,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for line, cells in parser.parse():
            if not last < line <= _MOST_ROWS:
                raise BadInput("The rows of the sheet are out of order. Save it again as XLSX.")
            last = line
            fields = _fields(cells)
            if any(fields):
                yield line, fields


def _fields(cells: list[dict[str, Any]]) -> list[str]:
    """The texts of a row up to its last cell that is not empty."""
    texts = {cell["column"]: _text(cell["value"]) for cell in cells}
    width = max((column for column, text in texts.items() if text), default=0)
    if width > MOST_FIELDS:
        raise BadInput(f"The sheet has more than {MOST_FIELDS} columns.")
    return [texts.get(column, "") for column in range(1, width + 1)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return truth_text(value)
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, date):
        return date_text(value)
    if isinstance(value, time | timedelta):
        return str(value)
    return ""


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except BadInput:
        raise
    except Exception:  # what openpyxl raises for a part it can not read has no common class
        raise BadInput("The workbook is damaged or has a part that can not be read.") from None
