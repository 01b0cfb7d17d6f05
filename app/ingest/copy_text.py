"""Values as COPY's text format has them, which a pattern of a row can hold ready-made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_SPECIAL = ("\\", "\t", "\n", "\r")


def copy_line(values: Iterable[object]) -> str:
    """One row: its fields with tabs between them, without the end of the line."""
    return "\t".join(map(_text, values))


def copy_column(values: Sequence[Any]) -> Iterable[str]:
    """The fields of a column."""
    kinds = frozenset(map(type, values)) - {type(None)}
    return _COLUMNS.get(kinds, _each)(values)


def copy_data(lines: Sequence[str]) -> bytes:
    """Rows as COPY reads them."""
    return "\n".join([*lines, ""]).encode() if lines else b""


def _text(value: object) -> str:
    return _TEXTS[type(value)](value)


def _of_list(values: Sequence[str]) -> str:
    """An array of codes, which hold nothing that would need quotes."""
    return f"{{{','.join(values)}}}"


def _of_bytes(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def _of_string(value: str) -> str:
    return value.translate(_ESCAPES)


class _ByType(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        self[kind] = next(self[base] for base in kind.__mro__[1:] if base in self)
        return self[kind]


_TEXTS = _ByType(
    {
        type(None): lambda _: NULL,
        str: _of_string,
        int: str,
        bytes: _of_bytes,
        bool: lambda value: "t" if value else "f",
        date: date.isoformat,
        datetime: datetime.isoformat,
        UUID: str,
        list: _of_list,
    }
)


def _each(values: Sequence[Any]) -> Iterable[str]:
    return map(_text, values)


def _strings(values: Sequence[str | None]) -> Iterable[str]:
    whole = "".join(filter(None, values))
    if any(special in whole for special in _SPECIAL):
        return _each(values)
    return [NULL if value is None else value for value in values]


def _integers(values: Sequence[int | None]) -> Iterable[str]:
    return [NULL if value is None else str(value) for value in values]


def _byte_strings(values: Sequence[bytes | None]) -> Iterable[str]:
    return [NULL if value is None else rf"\\x{value.hex()}" for value in values]


_COLUMNS: Mapping[frozenset[type], Callable[[Sequence[Any]], Iterable[str]]] = {
    frozenset({str}): _strings,
    frozenset({bytes}): _byte_strings,
    frozenset({int}): _integers,
}
