"""Many rows of one layout to records, column by column: what repeats is worked out once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from app.ingest.arrow import Array, compute
from app.ingest.copy_binary import copy_data, copy_field, copy_rows
from app.ingest.layout import Convert, Layout, Record
from app.ingest.refusals import RefusedError

_REMEMBERED = 20_000
_FEW = 50  # texts that are looked at one by one where one of them is wrong
_BETWEEN = "\0"  # no text of a good row holds it

Texts = Sequence[Array]


class Columnwise:
    """A layout, and the converters of its columns.

    Its methods take rows by their lines and, for each column of the layout, their texts. Beside
    what they make they tell the places of the rows of which they made nothing: each of those is to
    be looked at by itself.
    """

    def __init__(self, layout: Layout, converters: Sequence[Convert]) -> None:
        self._layout = layout
        self._converters = converters
        self._own = sorted({layout.place_of(own.of) for own in layout.own})
        self._optional = [place for place in self._own if not layout.columns[place].required]
        self._shared = [place for place in range(len(converters)) if place not in self._own]
        self._patterns = _Patterns(self._pattern)

    def records(self, lines: Sequence[int], texts: Texts) -> tuple[list[Record], set[int]]:
        """The records of rows."""
        doubtful: set[int] = set()
        values = [self._each(place, column, doubtful) for place, column in enumerate(texts)]
        records: list[Record] = []
        for row, of_row in enumerate(zip(lines, *values, strict=True)):
            if row not in doubtful:
                try:
                    records.append(self._layout.record(*of_row))
                except RefusedError:
                    doubtful.add(row)
        return records, doubtful

    def copied(self, lines: Sequence[int], texts: Texts) -> tuple[bytes, set[int]]:
        """The records of rows as COPY reads them, with the fields in the order of `copy_places`.

        Only for a layout with places of a row's own.
        """
        doubtful: set[int] = set()
        values = {place: self._column(place, texts[place], doubtful) for place in self._own}
        columns = self._patterned(texts, values, doubtful)
        columns[0] = pa.array(lines, pa.int32())
        for own in self._layout.own:
            columns[own.place] = own.make(values[self._layout.place_of(own.of)], columns)
        own_columns = [columns[place] for place in self._layout.own_places]
        rows = copy_rows(own_columns, columns.rest, columns.width)
        return copy_data(_without(doubtful, rows)), doubtful

    def _each(self, place: int, texts: Array, doubtful: set[int]) -> list[Any]:
        if self._layout.columns[place].convert_all is not None:
            return self._column(place, texts, doubtful).to_pylist()
        made, of_rows = self._distinct(place, texts, doubtful)
        numbers: list[Any] = of_rows.to_pylist()
        return [made[number] for number in numbers]

    def _column(self, place: int, texts: Array, doubtful: set[int]) -> Array:
        convert_all = self._layout.columns[place].convert_all
        if convert_all is None:
            made, of_rows = self._distinct(place, texts, doubtful)
            return _array(made).take(of_rows)
        column = convert_all(texts)
        if column is not None:
            return column
        parts = []
        for start in range(0, len(texts), _FEW):
            few = texts.slice(start, _FEW)
            part = convert_all(few)
            if part is None:
                made, of_rows = self._distinct(place, few, doubtful, start)
                part = _array(made, texts.type).take(of_rows)
            parts.append(part)
        return pa.concat_arrays(parts)

    def _distinct(
        self, place: int, texts: Array, doubtful: set[int], first_row: int = 0
    ) -> tuple[list[Any], Array]:
        """The values of the distinct texts, None for a wrong one, and which of them a row has."""
        convert = self._converters[place]
        distinct: Any = texts.dictionary_encode()
        made: list[Any] = []
        wrong: list[int] = []
        for number, text in enumerate(distinct.dictionary.to_pylist()):
            try:
                made.append(convert(text))
            except RefusedError:
                made.append(None)
                wrong.append(number)
        doubtful.update(first_row + row for row in _rows_with(wrong, distinct.indices))
        return made, distinct.indices

    def _patterned(
        self, texts: Texts, values: Mapping[int, Array], doubtful: set[int]
    ) -> "_Columns":
        shared = [texts[place] for place in self._shared]
        given = [values[place].is_valid().cast(pa.string()) for place in self._optional]
        keys: Array = compute.binary_join_element_wise(*shared, *given, _BETWEEN)
        distinct: Any = keys.dictionary_encode()
        patterns = [self._patterns.of(key) for key in distinct.dictionary.to_pylist()]
        wrong = [number for number, pattern in enumerate(patterns) if pattern is None]
        doubtful.update(_rows_with(wrong, distinct.indices))
        return _Columns(patterns, distinct.indices)

    def _pattern(self, key: str) -> "_Pattern | None":
        """That of rows with these shared texts, and these optional own values given."""
        parts = key.split(_BETWEEN)
        if len(parts) != len(self._shared) + len(self._optional):
            return None
        values: list[Any] = [""] * len(self._converters)
        try:
            for place, text in zip(self._shared, parts, strict=False):
                values[place] = self._converters[place](text)
            for place, given in zip(self._optional, parts[len(self._shared) :], strict=True):
                values[place] = "" if given == "true" else None
            record = self._layout.record(0, *values)
        except RefusedError:
            return None
        rest = self._layout.copy_places(len(record))[len(self._layout.own_places) :]
        return _Pattern(record, b"".join(copy_field(record[place]) for place in rest))


class _Pattern(NamedTuple):
    """The record of rows that differ in own places only, and its other fields for COPY."""

    record: Record
    rest: bytes


class _Patterns(dict[str, _Pattern]):
    """Key to pattern, worked out once for each distinct key; a refused key has none."""

    def __init__(self, pattern: Callable[[str], _Pattern | None]) -> None:
        super().__init__()
        self._pattern = pattern

    def of(self, key: str) -> _Pattern | None:
        pattern = self.get(key) or self._pattern(key)
        if pattern is not None and len(self) < _REMEMBERED:
            self[key] = pattern
        return pattern


class _Columns(dict[int, Array]):
    """The columns of records by place; one that is not a row's own is made when it is asked for."""

    def __init__(self, patterns: Sequence[_Pattern | None], of_rows: Array) -> None:
        super().__init__()
        self._patterns, self._of_rows = patterns, of_rows

    def __missing__(self, place: int) -> Array:
        values = [pattern and pattern.record[place] for pattern in self._patterns]
        self[place] = _array(values).take(self._of_rows)
        return self[place]

    @property
    def rest(self) -> Array:
        rests = [pattern.rest if pattern else b"" for pattern in self._patterns]
        return _array(rests, pa.binary()).take(self._of_rows)

    @property
    def width(self) -> int:
        return next((len(pattern.record) for pattern in self._patterns if pattern), 0)


def _array(values: Sequence[Any], kind: pa.DataType | None = None) -> Array:
    made: Array = pa.array(values, kind)
    return made


def _rows_with(numbers: Sequence[int], of_rows: Array) -> Sequence[int]:
    if not numbers:
        return ()
    there = compute.is_in(of_rows, pa.array(numbers, of_rows.type))
    rows: list[int] = compute.indices_nonzero(there).to_pylist()
    return rows


def _without(doubtful: set[int], rows: Array) -> Array:
    if not doubtful:
        return rows
    return rows.filter(pa.array([row not in doubtful for row in range(len(rows))]))
