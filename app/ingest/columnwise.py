"""Many rows of one layout to records, column by column: what repeats is worked out once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.copy_text import copy_column, copy_line
from app.ingest.layout import Convert, Layout, Record
from app.ingest.refusals import RefusedError

_REMEMBERED = 20_000
_FEW = 50  # texts that are looked at one by one where one of them is wrong

_Texts = Sequence[Sequence[str]]
_Table = Sequence[pa.StringArray | None]
_Values = Mapping[int, Sequence[Any]]
Made = TypeVar("Made")
_Key = tuple[Any, ...]  # texts of shared columns, then whether each optional own value is given


class Columnwise:
    """A layout, and the converters of its columns.

    The lines are for COPY, with the fields of a record in the order of the layout's `copy_places`.
    """

    def __init__(self, layout: Layout, converters: Sequence[Convert]) -> None:
        self._layout = layout
        self._converters = converters
        every = range(len(converters))
        self._own = sorted({layout.place_of(own.of) for own in layout.own})
        self._optional = [place for place in self._own if not layout.columns[place].required]
        self._shared = [place for place in every if place not in self._own]
        self._read_first = self._own or every
        self._patterns = _Patterns(self._pattern)

    def records(self, lines: Sequence[int], texts: _Texts) -> list[Record | None]:
        """The records of rows; None for a row that may have none. `texts` are those of columns."""
        doubtful: set[int] = set()
        values = self._values_first(texts, doubtful)
        if not self._layout.own:
            return self._each(lines, values, doubtful)
        columns = self._filled(lines, values, self._found(texts, values), doubtful)
        if columns is None:
            return [None] * len(lines)
        places = range(len(columns.patterns[0].record))
        records: list[Record | None] = list(zip(*map(columns.__getitem__, places), strict=True))
        return _without(doubtful, records)

    def copy_lines(self, lines: Sequence[int], texts: _Texts) -> list[str | None]:
        """As `records`, each as a line for COPY."""
        if not self._layout.own:
            records = self.records(lines, texts)
            return [None if r is None else self.copy_line(r) for r in records]
        doubtful: set[int] = set()
        values = self._values_first(texts, doubtful)
        return self._copy_lines(lines, values, self._found(texts, values), doubtful)

    def copy_table(self, lines: Sequence[int], table: _Table) -> list[str | None]:
        """As `copy_lines`, of texts none of which holds a comma; None for an absent column.

        Only for a layout with places of a row's own.
        """
        doubtful: set[int] = set()
        values = {
            place: self._values(place, _texts(table[place], len(lines)), doubtful)
            for place in self._own
        }
        return self._copy_lines(lines, values, self._found_in(table, values), doubtful)

    def _copy_lines(
        self, lines: Sequence[int], values: _Values, found: "_Found", doubtful: set[int]
    ) -> list[str | None]:
        columns = self._filled(lines, values, found, doubtful)
        if columns is None:
            return [None] * len(lines)
        own = (copy_column(columns[place]) for place in self._layout.own_places)
        shared = [pattern.shared for pattern in columns.patterns]
        return _without(doubtful, list(map("\t".join, zip(*own, shared, strict=True))))

    def copy_line(self, record: Record) -> str:
        """A record as a line for COPY."""
        return copy_line([record[place] for place in self._layout.copy_places(len(record))])

    def _values_first(self, texts: _Texts, doubtful: set[int]) -> _Values:
        return {place: self._values(place, texts[place], doubtful) for place in self._read_first}

    def _values(self, place: int, texts: Sequence[str], doubtful: set[int]) -> Sequence[Any]:
        convert_all = self._layout.columns[place].convert_all
        if convert_all is None:
            return self._one_by_one(place, 0, texts, doubtful)
        values = convert_all(texts)
        if values is not None:
            return values
        values = []
        for start in range(0, len(texts), _FEW):
            few = texts[start : start + _FEW]
            values += convert_all(few) or self._one_by_one(place, start, few, doubtful)
        return values

    def _one_by_one(
        self, place: int, first_row: int, texts: Sequence[str], doubtful: set[int]
    ) -> list[Any]:
        convert = self._converters[place]
        try:
            return list(map(convert, texts))
        except RefusedError:
            rows = enumerate(texts, first_row)
            return [_or_doubt(convert, row, text, doubtful) for row, text in rows]

    def _each(
        self, lines: Sequence[int], values: _Values, doubtful: set[int]
    ) -> list[Record | None]:
        rows = enumerate(zip(lines, *values.values(), strict=True))
        return [None if row in doubtful else self._record(*fields) for row, fields in rows]

    def _record(self, line: int, *values: object) -> Record | None:
        try:
            return self._layout.record(line, *values)
        except RefusedError:
            return None

    def _found(self, texts: _Texts, values: _Values) -> "_Found":
        """The patterns of rows; None for a row without one."""
        keys = zip(*(texts[place] for place in self._shared), *self._given(values), strict=True)
        return list(map(self._patterns.__getitem__, keys))

    def _found_in(self, table: _Table, values: _Values) -> "_Found":
        present = [place for place in self._shared if table[place] is not None]
        joined: Any = pc.binary_join_element_wise(*(table[place] for place in present), ",")  # type: ignore[call-overload]
        distinct = joined.dictionary_encode()
        keys = [self._key(present, text) for text in distinct.dictionary.to_pylist()]
        patterns = _Patterns(lambda key: self._patterns[(*keys[key[0]], *key[1:])])
        numbered = zip(distinct.indices.to_pylist(), *self._given(values), strict=True)
        return list(map(patterns.__getitem__, numbered))

    def _key(self, present: Sequence[int], joined: str) -> Sequence[str]:
        texts = dict(zip(present, joined.split(","), strict=True))
        return [texts.get(place, "") for place in self._shared]

    def _given(self, values: _Values) -> list[list[bool]]:
        return [[value is not None for value in values[place]] for place in self._optional]

    def _filled(
        self, lines: Sequence[int], values: _Values, found: "_Found", doubtful: set[int]
    ) -> "_Columns | None":
        """The columns of the records; None if all rows are doubtful."""
        any_pattern = next(filter(None, found), None)
        if any_pattern is None:
            return None
        doubtful.update(row for row, pattern in enumerate(found) if not pattern)
        columns = _Columns([pattern or any_pattern for pattern in found])
        columns[0] = lines
        for own in self._layout.own:
            of = values[self._layout.place_of(own.of)]
            columns[own.place] = own.make(of, columns)
        return columns

    def _pattern(self, key: _Key) -> "_Pattern | None":
        """That of rows with these shared texts, and these optional own values given."""
        values: list[Any] = [""] * len(self._converters)
        texts, given = key[: len(self._shared)], key[len(self._shared) :]
        try:
            for place, text in zip(self._shared, texts, strict=True):
                values[place] = self._converters[place](text)
            for place, is_given in zip(self._optional, given, strict=True):
                values[place] = "" if is_given else None
            record = self._layout.record(0, *values)
        except RefusedError:
            return None
        shared = self._layout.copy_places(len(record))[len(self._layout.own_places) :]
        return _Pattern(record, copy_line([record[place] for place in shared]))


class _Pattern(NamedTuple):
    """The record of rows that differ in own places only, and for COPY its other fields."""

    record: Record
    shared: str


_Found = list[_Pattern | None]


class _Patterns(dict[_Key, _Pattern | None]):
    """Key to pattern, worked out once for each distinct key."""

    def __init__(self, pattern: Callable[[Any], _Pattern | None]) -> None:
        super().__init__()
        self._pattern = pattern

    def __missing__(self, key: _Key) -> _Pattern | None:
        pattern = self._pattern(key)
        if len(self) < _REMEMBERED:
            self[key] = pattern
        return pattern


class _Columns(dict[int, Sequence[Any]]):
    """The columns of records by place; one that is not a row's own is made when it is asked for."""

    def __init__(self, patterns: Sequence[_Pattern]) -> None:
        super().__init__()
        self.patterns = patterns

    def __missing__(self, place: int) -> Sequence[Any]:
        self[place] = [pattern.record[place] for pattern in self.patterns]
        return self[place]


def _texts(column: pa.StringArray | None, count: int) -> list[str]:
    return [""] * count if column is None else cast(list[str], column.to_pylist())


def _without(doubtful: set[int], rows: list[Made | None]) -> list[Made | None]:
    for row in doubtful:
        rows[row] = None
    return rows


def _or_doubt(convert: Convert, row: int, text: str, doubtful: set[int]) -> object:
    """The value of a text, or a stand-in: "", which `Layout.record` takes for an own value."""
    try:
        return convert(text)
    except RefusedError:
        doubtful.add(row)
        return ""
