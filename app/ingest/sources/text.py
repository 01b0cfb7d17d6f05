"""CSV by RFC 4180, in UTF-8 or Windows-874; plain, gzip or zstd."""

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from typing import IO, BinaryIO, NamedTuple, cast

import pyarrow as pa
import pyarrow.csv as csv_columns

from app.errors import BadInput
from app.ingest.arrow import Array, compute, is_utf_8
from app.ingest.sources.rows import (
    LONGEST_ROW,
    MOST_FIELDS,
    Blocks,
    ReadBlocks,
    Rows,
    Table,
    in_blocks,
    refuse_long,
    refuse_wide,
    within_bounds,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Unpack = Callable[[BinaryIO], BinaryIO]

_NOT_IN_WINDOWS_874 = bytes(b for b in range(256) if not bytes([b]).decode("cp874", "ignore"))
_LEADS = (0xC0, 0xE0, 0xF0)  # from each on, a first byte has one more behind it
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_CHUNK = 1 << 20
_LONGEST_LINE = 2 * LONGEST_ROW + 4 * MOST_FIELDS  # every character a doubled quote
_LONGEST_PLAIN_LINE = 4 * _LONGEST_LINE  # bytes
_BLOCK = 1 << 20  # characters, or bytes, that are looked at together


def examine_plain(raw: BinaryIO) -> ReadBlocks:
    """The reader of a CSV file as it stands."""
    return _examine(raw, lambda file: file)


def examine_gzip(raw: BinaryIO) -> ReadBlocks:
    """The reader of a CSV file in one gzip member or several."""
    return _examine(raw, lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file)))


def examine_zstd(raw: BinaryIO) -> ReadBlocks:
    """The reader of a CSV file in one zstd frame or several, of windows up to 128 MiB."""
    return _examine(raw, lambda file: cast(BinaryIO, zstd.ZstdFile(file)))


def _examine(raw: BinaryIO, unpack: Unpack) -> ReadBlocks:
    with _clear_errors():
        encoding, plain = "utf-8", _is_plain_utf_8(unpack(raw))
        if plain is None:
            raw.seek(0)
            encoding, plain = "cp874", _is_plain_windows_874(unpack(raw))
        return partial(_blocks, unpack, _Form(encoding, plain))


class _Form(NamedTuple):
    """What only the whole of a text tells. `plain`: every comma and every end of line is one."""

    encoding: str
    plain: bool


def _is_plain_utf_8(stream: BinaryIO) -> bool | None:
    """None where it is no UTF-8."""
    looked_at, open_end = _Plainness(), b""
    while chunk := stream.read(_CHUNK):
        looked_at.add(chunk)
        data = open_end + chunk
        end = _end_of_characters(data)
        open_end = data[end:]
        if not is_utf_8(data, end):
            return None
    return None if open_end else looked_at.is_plain


def _end_of_characters(data: bytes) -> int:
    """Where the last whole character of UTF-8 ends."""
    for back, byte in enumerate(data[:-4:-1]):
        if byte >= _LEADS[0]:
            missing = sum(byte >= lead for lead in _LEADS) > back
            return len(data) - 1 - back if missing else len(data)
    return len(data)


def _is_plain_windows_874(stream: BinaryIO) -> bool:
    looked_at = _Plainness()
    while chunk := stream.read(_CHUNK):
        looked_at.add(chunk)
        if len(chunk.translate(None, delete=_NOT_IN_WINDOWS_874)) < len(chunk):
            raise BadInput(
                "The text is neither UTF-8 nor Windows-874. Save the file as CSV in UTF-8."
            )
    return looked_at.is_plain


class _Plainness:
    """Whether a text is plain, chunk by chunk."""

    def __init__(self) -> None:
        self._plain = True
        self._open_end = b""  # a carriage return that the next chunk may go on with a line feed

    def add(self, chunk: bytes) -> None:
        """Look at the next chunk; `BadInput` where it is no text."""
        if b"\0" in chunk:
            raise BadInput("This is not a CSV file: it holds NUL bytes. Save it as CSV in UTF-8.")
        if self._open_end:
            chunk = self._open_end + chunk
        text = chunk.removesuffix(b"\r")
        self._open_end = chunk[len(text) :]
        self._plain = self._plain and _is_plain(text)

    @property
    def is_plain(self) -> bool:
        return self._plain and not self._open_end


def _blocks(unpack: Unpack, form: _Form, raw: BinaryIO) -> Blocks:
    with _clear_errors(), unpack(raw) as stream:
        if form.plain:
            yield from _plain_blocks(stream, form.encoding)
        else:
            encoding = form.encoding.replace("utf-8", "utf-8-sig")
            with io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
                yield from _mixed_blocks(text)


def _plain_blocks(stream: BinaryIO, encoding: str) -> Blocks:
    line = 1
    while data := stream.read(_BLOCK):
        data += _rest_of_line(stream, line + data.count(b"\n"))
        if line == 1 and encoding == "utf-8":
            data = data.removeprefix(codecs.BOM_UTF8)
        yield _Plain(line, data, encoding)
        line += data.count(b"\n")


def _rest_of_line(stream: BinaryIO, number: int) -> bytes:
    rest = stream.readline(_LONGEST_PLAIN_LINE + 1)
    if len(rest) > _LONGEST_PLAIN_LINE:
        refuse_long(number)
    return rest


def _mixed_blocks(text: io.TextIOWrapper) -> Blocks:
    line = 1
    while block := text.read(_BLOCK):
        block += text.readline(_LONGEST_LINE + 1)
        data = block.encode()
        if _is_plain(data):
            yield _Plain(line, data, "utf-8")
            line += block.count("\n")
        else:
            lines = _Lines(block, text)
            yield from in_blocks(_quoted_rows(line, lines))
            line += lines.read


def _is_plain(data: bytes) -> bool:
    """Whether nothing is quoted, and no line ends in a carriage return alone."""
    return b'"' not in data and not _LONE_RETURN.search(data)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Rows in which every comma and every end of line is one, from a line on."""

    line: int
    data: bytes
    encoding: str

    def rows(self) -> Rows:
        """The rows; those that hold nothing too."""
        with _clear_errors():
            text = self.data.decode(self.encoding)
        rows = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        fields = enumerate(map(_split, rows), self.line)
        return within_bounds(fields) if max(map(len, rows)) > LONGEST_ROW else _not_wide(fields)

    def table(self, width: int) -> Table | None:
        """By Arrow, which tells commas and ends of lines apart as `rows` does."""
        data = self.data
        if self.encoding != "utf-8":
            data = data.decode(self.encoding).encode()
        if data.startswith(codecs.BOM_UTF8):  # which Arrow would leave out
            return None
        try:
            columns = _columns(data, width)
        except pa.ArrowInvalid:
            return None
        longest = sum(compute.max(compute.binary_length(column)).as_py() for column in columns)
        lines = range(self.line, self.line + len(columns[0]))
        return None if longest > LONGEST_ROW else Table(lines, columns)


def _columns(data: bytes, width: int) -> list[Array]:
    names = list(map(str, range(width)))
    table = csv_columns.read_csv(
        cast(IO[bytes], pa.BufferReader(data)),
        csv_columns.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
        csv_columns.ParseOptions(quote_char=False, ignore_empty_lines=False),
        csv_columns.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    return [column.combine_chunks() for column in table.columns]


_split = methodcaller("split", ",")


def _not_wide(rows: Rows) -> Rows:
    for line, fields in rows:
        refuse_wide(line, fields)
        yield line, fields


def _quoted_rows(line: int, lines: "_Lines") -> Rows:
    """The rows of a block, from a line on."""
    first = line
    reader = csv.reader(lines, strict=True)
    try:
        for fields in reader:
            yield line, fields
            line = first + reader.line_num
            if lines.row_ended():
                break
    except csv.Error:
        raise BadInput(
            f"This is not CSV: the quotes of the row that starts on line {line} do not match. "
            "Inside a quoted field a double quote is written twice."
        ) from None
    except _RowTooLong:
        raise BadInput(
            f"The row that starts on line {line} has more than {_LONGEST_LINE:,} characters; "
            "a double quote may be missing there."
        ) from None


class _RowTooLong(Exception):
    """A row does not end within its bound."""


class _Lines(Iterator[str]):
    """The lines of a block and, where its last row goes on, of the text behind it.

    So many characters from one row to the next.
    """

    def __init__(self, block: str, text: io.TextIOWrapper) -> None:
        self._block, self._text = io.StringIO(block, newline=""), text
        self._left, self._unread = _LONGEST_LINE, len(block)
        self.read = 0

    def __next__(self) -> str:
        line = self._block.readline(self._left + 1) or self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self.read += 1
        self._unread -= len(line)
        self._left -= len(line)
        if self._left < 0:
            raise _RowTooLong
        return line

    def row_ended(self) -> bool:
        """A row has ended; true when the block has with it."""
        self._left = _LONGEST_LINE
        return self._unread <= 0


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError):
        raise BadInput("The gzip or zstd file is damaged or incomplete.") from None
    except UnicodeDecodeError:
        raise BadInput("The file changed while it was read. Import it again.") from None
