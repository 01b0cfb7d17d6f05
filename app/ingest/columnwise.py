"""Many rows of one layout to records, column by column: what repeats is worked out once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.ingest.layout import Convert, Layout, Record
from app.ingest.refusals import RefusedError

_REMEMBERED = 20_000
_FEW = 50  # texts that are looked at one by one where one of them is wrong

_Texts = Sequence[Sequence[str]]
_Values = Mapping[int, Sequence[Any]]
_Key = tuple[Any, ...]  # texts of shared columns, then whether each optional own value is given


class Columnwise:
    """A layout, and the converters of its columns."""

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
        values = {place: self._values(place, texts[place], doubtful) for place in self._read_first}
        made = self._filled if self._layout.own else self._each
        records = made(lines, texts, values, doubtful)
        for row in doubtful:
            records[row] = None
        return records

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
        self, lines: Sequence[int], _texts: _Texts, values: _Values, doubtful: set[int]
    ) -> list[Record | None]:
        rows = enumerate(zip(lines, *values.values(), strict=True))
        return [None if row in doubtful else self._record(*fields) for row, fields in rows]

    def _record(self, line: int, *values: object) -> Record | None:
        try:
            return self._layout.record(line, *values)
        except RefusedError:
            return None

    def _filled(
        self, lines: Sequence[int], texts: _Texts, values: _Values, doubtful: set[int]
    ) -> list[Record | None]:
        given = [[value is not None for value in values[place]] for place in self._optional]
        keys = zip(*(texts[place] for place in self._shared), *given, strict=True)
        patterns = list(map(self._patterns.__getitem__, keys))
        if not all(patterns):
            doubtful.update(row for row, pattern in enumerate(patterns) if not pattern)
            any_pattern = next(filter(None, patterns), None)
            if any_pattern is None:
                return [None] * len(lines)
            patterns = [pattern or any_pattern for pattern in patterns]
        columns: list[Any] = [*zip(*patterns, strict=True)]
        columns[0] = lines
        for own in self._layout.own:
            of = values[self._layout.place_of(own.of)]
            columns[own.place] = own.make(of, columns)
        return list(zip(*columns, strict=True))

    def _pattern(self, key: _Key) -> Record | None:
        """The record of rows with these shared texts, and these optional own values given."""
        values: list[Any] = [""] * len(self._converters)
        texts, given = key[: len(self._shared)], key[len(self._shared) :]
        try:
            for place, text in zip(self._shared, texts, strict=True):
                values[place] = self._converters[place](text)
            for place, is_given in zip(self._optional, given, strict=True):
                values[place] = "" if is_given else None
            return self._layout.record(0, *values)
        except RefusedError:
            return None


class _Patterns(dict[_Key, Record | None]):
    """Key to pattern, worked out once for each distinct key."""

    def __init__(self, pattern: Callable[[Any], Record | None]) -> None:
        super().__init__()
        self._pattern = pattern

    def __missing__(self, key: _Key) -> Record | None:
        pattern = self._pattern(key)
        if len(self) < _REMEMBERED:
            self[key] = pattern
        return pattern


def _or_doubt(convert: Convert, row: int, text: str, doubtful: set[int]) -> object:
    """The value of a text, or a stand-in: "", which `Layout.record` takes for an own value."""
    try:
        return convert(text)
    except RefusedError:
        doubtful.add(row)
        return ""
