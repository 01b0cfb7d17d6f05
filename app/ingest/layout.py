"""What a layout is, and where its columns stand in the header of a file."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.errors import BadInput
from app.ingest.arrow import Array

Record = tuple[object, ...]
Convert = Callable[[str], object]

_LONG_NUMBER = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layout. `convert` gets trimmed text, never empty, or raises `RefusedError`.

    `convert_all`, for speed, gets the texts of many rows as they stand, and gives texts; None where
    any is not plainly right, and then `convert` decides about each.
    """

    name: str
    convert: Convert
    required: bool = False
    default: object = None
    seldom_repeats: bool = False  # then its values are not remembered
    convert_all: Callable[[Array], Array | None] | None = None


Columns = Mapping[int, Array]


def _given(values: Array, _columns: Columns) -> Array:
    return values


@dataclass(frozen=True, slots=True)
class Own:
    """A place of the record that holds what is a row's own, from the values of the column `of`.

    `make(values, columns)` gives what stands there; `columns` are those of the staged records by
    place, right in every place that is not a row's own.
    """

    place: int
    of: str
    make: Callable[[Array, Columns], Array] = _given


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of file, and `record`: their values, in order, to a staged record.

    `record(line, *values)` raises `RefusedError`, with the field, where values are at odds.
    `counted_by` names the columns by which a rejected row is counted, as far as they are readable:
    local authority, scheme, period, amount.

    Rows that differ in `own` columns only have records that differ in `own` places only, so one of
    them is made by `record` and the others after it. For that `record` looks at an own value only
    for whether there is one, and takes "" for one.
    """

    columns: tuple[Column, ...]
    record: Callable[..., Record]
    counted_by: tuple[str, ...] = ()
    own: tuple[Own, ...] = ()

    @property
    def own_places(self) -> list[int]:
        """The places of a record that are a row's own, its line first."""
        return [0, *(own.place for own in self.own)]

    def copy_places(self, width: int) -> list[int]:
        """The places of a record of so many in the order of COPY: what is a row's own, the rest."""
        own = self.own_places
        return [*own, *(place for place in range(width) if place not in own)]

    def place_of(self, name: str) -> int:
        """Where a column stands among the columns."""
        return next(i for i, column in enumerate(self.columns) if column.name == name)


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
