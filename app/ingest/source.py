"""A file's bytes: what they are, and how to read them as rows with true line numbers."""

import codecs
import csv
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.errors import BadInput

_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"PK\x03\x04": "This is a workbook or an archive; save the sheet as CSV.",
    b"PAR1": "This is Parquet; export it as CSV.",
    b"\x28\xb5\x2f\xfd": "This is compressed with zstd; decompress it, or use gzip.",
}
_NOT_IN_WINDOWS_874 = bytes(b for b in range(256) if not bytes([b]).decode("cp874", "ignore"))
_CHUNK = 1 << 20
_ROWS_PER_LOOK = 256


@dataclass(frozen=True, slots=True)
class Source:
    """A readable file: the SHA-256 and size of its bytes as stored, and the encoding within."""

    path: Path
    checksum: bytes
    size: int
    compressed: bool
    encoding: str


@dataclass(slots=True)
class Progress:
    """Bytes of the stored file read so far."""

    done: int = 0


def examine(path: Path) -> Source:
    """Read the file once; `BadInput` when it can't be opened, or is no text of ours."""
    with _clear_errors(), path.open("rb") as raw:
        checksum = hashlib.file_digest(raw, "sha256").digest()
        size = raw.tell()
        raw.seek(0)
        start = raw.read(4)
        _refuse_other_formats(start)
        raw.seek(0)
        compressed = start.startswith(_GZIP)
        encoding = _encoding(gzip.GzipFile(fileobj=raw) if compressed else raw)
    return Source(path, checksum, size, compressed, encoding)


def _refuse_other_formats(start: bytes) -> None:
    if not start:
        raise BadInput("The file is empty.")
    for magic, sentence in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise BadInput(sentence)


def _encoding(stream: BinaryIO | gzip.GzipFile) -> str:
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    is_utf_8 = is_windows_874 = True
    while chunk := stream.read(_CHUNK):
        if b"\0" in chunk:
            raise BadInput("This is not a CSV file: it holds NUL bytes. Save it as CSV in UTF-8.")
        is_utf_8 = is_utf_8 and _decodes(utf_8, chunk)
        kept = chunk.translate(None, delete=_NOT_IN_WINDOWS_874)
        is_windows_874 = is_windows_874 and len(kept) == len(chunk)
    if is_utf_8 and _decodes(utf_8, b"", final=True):
        return "utf-8-sig"
    if is_windows_874:
        return "cp874"
    raise BadInput("The text is neither UTF-8 nor Windows-874. Save the file as CSV in UTF-8.")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def open_rows(
    source: Source, progress: Progress | None = None
) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The rows, each with the line it starts on (from 1); blank ones are left out.

    `BadInput` where the quotes do not follow RFC 4180, because then no one can tell the rows apart,
    and when the file is no longer the one examined.
    """
    with _open_again(source) as raw:
        stream = gzip.GzipFile(fileobj=raw) if source.compressed else raw
        with io.TextIOWrapper(stream, encoding=source.encoding, newline="") as text:
            yield _rows(text, raw, progress or Progress())


def _open_again(source: Source) -> BinaryIO:
    with _clear_errors():
        raw = source.path.open("rb")
    if os.fstat(raw.fileno()).st_size != source.size:
        raw.close()
        raise BadInput("The file changed while it was read. Import it again when it is complete.")
    return raw


def _rows(
    text: io.TextIOWrapper, raw: BinaryIO, progress: Progress
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, strict=True)
    line = 1
    with _clear_errors():
        try:
            for fields in reader:
                if any(fields):
                    if not line % _ROWS_PER_LOOK:
                        progress.done = raw.tell()
                    yield line, fields
                line = reader.line_num + 1
            progress.done = raw.tell()
        except csv.Error:
            raise BadInput(
                f"This is not CSV: the quotes of the row that starts on line {line} do not match. "
                "Inside a quoted field a double quote is written twice."
            ) from None


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BadInput("The gzip file is damaged or incomplete.") from None
    except UnicodeDecodeError:
        raise BadInput("The file changed while it was read. Import it again.") from None
    except FileNotFoundError:
        raise BadInput("There is no such file.") from None
    except OSError as error:
        raise BadInput(f"The file can not be read ({error.strerror}).") from None
