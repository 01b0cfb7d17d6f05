"""A file's bytes: what form they have, and how to read them as rows with true line numbers."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from app.errors import BadInput
from app.ingest.sources import parquet, text, workbook
from app.ingest.sources.rows import Block, Blocks, ReadBlocks, Rows

_FORMS: dict[bytes, Callable[[BinaryIO], ReadBlocks]] = {
    b"PAR1": parquet.examine,
    b"PK\x03\x04": workbook.examine,
    b"\x1f\x8b": text.examine_gzip,
    b"\x28\xb5\x2f\xfd": text.examine_zstd,
}
_OTHER_FORMS = {
    b"PARE": "This is an encrypted Parquet file; write it without encryption.",
    b"\xd0\xcf\x11\xe0": "This is an old .xls workbook, or one with a password; "
    "save it as XLSX without a password.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A readable file: the SHA-256 and size of its bytes as stored, and how its form is read."""

    path: Path
    checksum: bytes
    size: int
    read: ReadBlocks


@dataclass(slots=True)
class Progress:
    """Bytes of the stored file read so far."""

    done: int = 0


class _Counted(io.FileIO):
    """A file that counts the bytes read, for a form that is not read from start to end."""

    count = 0

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        read = super().readinto(buffer)
        self.count += read or 0
        return read


def examine(path: Path) -> Source:
    """Tell the form by the first bytes; `BadInput` when it can't be opened, or is none of ours.

    CSV is plain, gzip or zstd; the others are Parquet and XLSX.
    """
    with _clear_errors(), path.open("rb") as raw:
        checksum = hashlib.file_digest(raw, "sha256").digest()
        size = raw.tell()
        raw.seek(0)
        start = raw.read(4)
        raw.seek(0)
        return Source(path, checksum, size, _form(start)(raw))


def _form(start: bytes) -> Callable[[BinaryIO], ReadBlocks]:
    if not start:
        raise BadInput("The file is empty.")
    for magic, sentence in _OTHER_FORMS.items():
        if start.startswith(magic):
            raise BadInput(sentence)
    for magic, form in _FORMS.items():
        if start.startswith(magic):
            return form
    return text.examine_plain


@contextmanager
def open_rows(source: Source) -> Iterator[Rows]:
    """The rows, each with the line it starts on (from 1); those without any text are left out.

    A sheet's rows have its own numbers; in Parquet the names of the columns are line 1.
    `BadInput` where no one can tell the rows apart, where a row is longer than any of ours, and
    when the file is no longer the one examined.
    """
    with open_blocks(source) as blocks:
        yield chain.from_iterable(map(rows_of, blocks))


@contextmanager
def open_blocks(source: Source, progress: Progress | None = None) -> Iterator[Blocks]:
    """What `open_rows` reads, in blocks."""
    with _open_again(source) as counted, io.BufferedReader(counted) as raw:
        yield _blocks(source, raw, counted, progress or Progress())


def rows_of(block: Block) -> Rows:
    """Those of a block, the ones without any text left out."""
    return (row for row in block.rows() if any(row[1]))


def _open_again(source: Source) -> _Counted:
    with _clear_errors():
        raw = _Counted(source.path)
    if os.fstat(raw.fileno()).st_size != source.size:
        raw.close()
        raise BadInput("The file changed while it was read. Import it again when it is complete.")
    return raw


def _blocks(source: Source, raw: BinaryIO, counted: _Counted, progress: Progress) -> Blocks:
    with _clear_errors():
        for block in source.read(raw):
            progress.done = min(counted.count, source.size)
            yield block
    progress.done = source.size


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise BadInput("There is no such file.") from None
    except OSError as error:
        raise BadInput(f"The file can not be read ({error.strerror}).") from None
