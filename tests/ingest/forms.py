"""The same rows in every form of file that the importer reads."""

import gzip
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from tests.ingest.office import Row

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Table = Sequence[Sequence[str]]


def table_of(rows: Iterable[Row]) -> list[list[str]]:
    """The header and the rows."""
    rows = list(rows)
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def csv_bytes(table: Table) -> bytes:
    """CSV in which every field is quoted."""
    quoted = (['"' + text.replace('"', '""') + '"' for text in row] for row in table)
    return "".join(",".join(row) + "\r\n" for row in quoted).encode()


def gzip_bytes(table: Table) -> bytes:
    """Two members, parted inside a row."""
    text = csv_bytes(table)
    half = len(text) // 2
    return gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0)


def zstd_bytes(table: Table) -> bytes:
    """Two frames, parted inside a row."""
    text = csv_bytes(table)
    half = len(text) // 2
    return zstd.compress(text[:half]) + zstd.compress(text[half:])


def parquet_bytes(table: Table, **options: Any) -> bytes:
    """Columns of text, an empty one null; every row has to have the header's width."""
    header, *rows = table
    columns = [[row[at] or None for row in rows] for at in range(len(header))]
    return typed_parquet(
        dict(zip(header, (pa.array(texts, pa.string()) for texts in columns), strict=True)),
        **options,
    )


def typed_parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Parquet of Arrow arrays."""
    target = io.BytesIO()
    names, arrays = list(columns), list(columns.values())
    pq.write_table(pa.table(arrays, names=names), target, **options)
    return target.getvalue()


def workbook_bytes(*sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook; a text that starts with `=` is a formula that nothing has worked out."""
    workbook = Workbook(write_only=True)
    for rows in sheets:
        sheet = workbook.create_sheet()
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


FORMS: dict[str, Callable[[Table], bytes]] = {
    "csv": csv_bytes,
    "csv.gz": gzip_bytes,
    "csv.zst": zstd_bytes,
    "parquet": parquet_bytes,
    "xlsx": workbook_bytes,
}
