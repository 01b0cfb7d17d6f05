"""What a layout is, and a layout met with a file's header: a row's texts to a typed record."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from app.errors import BadInput
from app.ingest.refusals import Refusal, RefusalCode, RefusedError

Record = tuple[object, ...]
Convert = Callable[[str], object]

_REMEMBERED = 50_000
_LONG_NUMBER = 10
REJECT_COLUMNS = ("line", "field", "code", "reason")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layout. `convert` gets trimmed text, never empty, or raises `RefusedError`."""

    name: str
    convert: Convert
    required: bool = False
    default: object = None
    seldom_repeats: bool = False  # then its values are not remembered


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of file, and `record`: their values, in order, to a staged record.

    `record(line, *values)` raises `RefusedError`, with the field, where values are at odds.
    `counted_by` names the columns by which a rejected row is counted, as far as they are readable:
    local authority, scheme, period, amount.
    """

    columns: tuple[Column, ...]
    record: Callable[..., Record]
    counted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Where a file's columns stand. `unknown` are left out, `absent` are optional ones it lacks."""

    names: tuple[str, ...]
    unknown: tuple[str, ...]
    absent: frozenset[str]


def read_header(layout: Layout, fields: Sequence[str]) -> Header:
    """The header of a file; `BadInput` names every required column that is missing or doubled."""
    names = tuple(field.strip().lower() for field in fields)
    known = {column.name for column in layout.columns}
    _refuse_missing(layout, names)
    _refuse_doubled(names, known)
    unknown = (_shown(place, name) for place, name in enumerate(names, 1) if name not in known)
    return Header(names, tuple(unknown), frozenset(known.difference(names)))


def _refuse_missing(layout: Layout, names: Sequence[str]) -> None:
    missing = [c.name for c in layout.columns if c.required and c.name not in names]
    if missing:
        raise BadInput(
            f"Line 1 has to name the columns; missing: {', '.join(missing)}."
            f"{_separator_hint(names)}"
        )


def _separator_hint(names: Sequence[str]) -> str:
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        return " The columns have to be separated by commas."
    return ""


def _refuse_doubled(names: Sequence[str], known: set[str]) -> None:
    counts = Counter(names)
    doubled = [name for name in known if counts[name] > 1]
    if doubled:
        raise BadInput(f"Line 1 names a column twice: {', '.join(sorted(doubled))}. Keep one.")
    if any(count > 1 and name for name, count in counts.items()):
        raise BadInput("Line 1 names a column twice; give each column a name of its own.")


def _shown(place: int, name: str) -> str:
    nameless = not name or sum(map(str.isdigit, name)) >= _LONG_NUMBER
    return f"column {place}" if nameless else name


class RowConverter:
    """A layout bound to a header."""

    def __init__(self, layout: Layout, header: Header) -> None:
        self._record = layout.record
        self._columns = layout.columns
        self._width = len(header.names)
        self._converters = [_converter(column) for column in layout.columns]
        places = {name: place for place, name in enumerate(header.names)}
        # An absent column reads the empty text that `record` appends to every row.
        self._pick = itemgetter(*(places.get(c.name, self._width) for c in layout.columns))
        self._counted_by = [
            next(i for i, column in enumerate(layout.columns) if column.name == name)
            for name in layout.counted_by
        ]

    def record(self, line: int, fields: list[str]) -> Record:
        """The staged record of a row; `RefusedError` where it has none."""
        if len(fields) != self._width:
            raise RefusedError(
                RefusalCode.WRONG_COLUMN_COUNT,
                f"The row has {len(fields)} fields, the header {self._width}; "
                "a field that holds a comma needs double quotes.",
            )
        fields.append("")
        texts = self._pick(fields)
        return self._record(line, *[c(t) for c, t in zip(self._converters, texts, strict=True)])

    def refusal(self, line: int, fields: list[str], refused: RefusedError) -> Refusal:
        """Why `record` refused a row: the field at fault, and what the row counts to."""
        if refused.code is RefusalCode.WRONG_COLUMN_COUNT:
            return Refusal(line, "", refused.code, refused.sentence)
        texts = self._pick(fields)
        field = refused.field or self._at_fault(texts)
        counted: list[Any] = [self._value(place, texts) for place in self._counted_by]
        return Refusal(line, field, refused.code, refused.sentence, *counted)

    def _at_fault(self, texts: Sequence[str]) -> str:
        for column, convert, text in zip(self._columns, self._converters, texts, strict=True):
            try:
                convert(text)
            except RefusedError:
                return column.name
        return ""

    def _value(self, place: int, texts: Sequence[str]) -> object:
        try:
            return self._converters[place](texts[place])
        except RefusedError:
            return None


class _Remembered(dict[str, object]):
    """Text to value, worked out once for each distinct text."""

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> object:
        value = self._convert(text)
        if len(self) < _REMEMBERED:
            self[text] = value
        return value


def _converter(column: Column) -> Convert:
    def read(text: str) -> object:
        text = text.strip()
        if text:
            return column.convert(text)
        if column.required:
            raise RefusedError(RefusalCode.MISSING_VALUE, "A value is required here.")
        return column.default

    return read if column.seldom_repeats else _Remembered(read).__getitem__
