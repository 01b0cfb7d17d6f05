"""One function for fields that are read one after the other, written out as Python.

It does for each object what the run does field by field, without a call for each: nine of ten
fields of an answer are had so. What is not as it mostly is goes the run's own way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from itertools import groupby
from typing import Any

from graphql import FieldNode, Undefined

from app.execution.failures import Failure
from app.execution.leaves import Leaf
from app.execution.plain import PLAIN
from app.execution.plan import ActiveFields, FieldPlan, Guard, Kind, SelectionPlan

# The field's number, a value of it that has to be looked at, where it belongs, and whose it is: the
# number of the source, or NOBODYS.
Odd = Callable[[int, Any, dict[str, Any], int], None]
# Of sources, outs and what a call gets as info.
Fill = Callable[[Sequence[Any], Sequence[dict[str, Any]], Any, Odd], None]

NOBODYS = -1  # of an object within that of a source, whose place nobody asks for

_WRITTEN_OUT_FROM = 2  # runs: what is asked once is not worth it
_DEEPEST = 8  # objects within objects; Python has a limit to what it reads


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Fields that stand side by side: who may read them, and what fills them in.

    `numbered`: these and those of the objects within.
    """

    fields: ActiveFields
    guards: Sequence[Guard]
    fill: Fill
    numbered: ActiveFields


Step = Filling | tuple[FieldPlan, list[FieldNode]]


def steps_of(selection: SelectionPlan) -> Sequence[Step] | None:
    """Its fields in their order, those together that one function can fill in; None where
    conditions have to be asked, or nobody has come again."""
    if selection.steps is None and selection.always is not None:
        selection.runs += 1
        if selection.runs == _WRITTEN_OUT_FROM:
            selection.steps = _steps(selection.always)
    return selection.steps


def _steps(fields: ActiveFields) -> list[Step]:
    steps: list[Step] = []
    for together, group in groupby(fields, lambda each: _can_be_filled(each[0])):
        found = list(group)
        steps += [_filling(found)] if together else found
    return steps


def _can_be_filled(field: FieldPlan, depth: int = 0) -> bool:
    if field.typename:
        return True
    if field.attribute is None and not _is_simple_call(field):
        return False
    return field.type.kind is Kind.LEAF or _is_inner(field, depth + 1)


def _is_simple_call(field: FieldPlan) -> bool:
    call = field.call
    if call is None or call.together is not None or field.definition.args:
        return False
    return not iscoroutinefunction(call.function)


def _is_inner(field: FieldPlan, depth: int) -> bool:
    """Whether it is an object all of whose fields can be filled in with it."""
    if field.type.kind is not Kind.OBJECT or not field.type.quick or depth > _DEEPEST:
        return False
    selection = field.type.selection
    if selection.placed or selection.always is None:
        return False
    return all(
        _can_be_filled(each, depth) and _guard_of(each) is None for each, _ in selection.always
    )


def _guard_of(field: FieldPlan) -> Guard | None:
    if field.attribute is not None:
        return field.attribute.guard
    return None if field.call is None else field.call.guard


def _filling(fields: ActiveFields) -> Filling:
    guards = [guard for field, _ in fields if (guard := _guard_of(field)) is not None]
    text = _Text()
    fill = text.function(fields)
    return Filling(fields, list(dict.fromkeys(guards)), fill, text.numbered)


class _Text:
    """The text of one function; names stand in it for all that comes from a document."""

    def __init__(self) -> None:
        self.numbered: list[tuple[FieldPlan, list[FieldNode]]] = []
        self._names: dict[str, Any] = {"PLAIN": PLAIN, "Undefined": Undefined, "Failure": Failure}
        self._names["inf"] = float("inf")

    def function(self, fields: ActiveFields) -> Fill:
        lines = [
            "def fill(sources, outs, info, odd):",
            "    for number, (source, out) in enumerate(zip(sources, outs)):",
            *(f"        {line}" for line in self._fields(fields, "source", "out", "number")),
        ]
        exec("\n".join(lines), self._names)  # noqa: S102 - of our own names alone
        fill: Fill = self._names["fill"]
        return fill

    def _fields(self, fields: ActiveFields, source: str, out: str, number: str) -> Iterator[str]:
        for field, nodes in fields:
            place = len(self.numbered)
            self.numbered.append((field, nodes))
            self._names[f"key_{place}"] = field.key
            if field.typename:
                self._names[f"type_{place}"] = field.parent_type.name
                yield f"{out}[key_{place}] = type_{place}"
            else:
                yield from self._field(field, place, source, out, number)

    def _field(
        self, field: FieldPlan, place: int, source: str, out: str, number: str
    ) -> Iterator[str]:
        odd = f"odd({place}, value, {out}, {number})"
        yield "try:"
        yield f"    value = {self._had(field, place, source)}"
        yield "except Exception as error:"
        yield f"    odd({place}, Failure(error), {out}, {number})"
        yield "else:"
        if field.type.leaf is not None:
            written = self._leaf(field.type.leaf, place, f"{out}[key_{place}]", odd)
        else:
            written = self._object(field, place, f"{out}[key_{place}]", odd)
        if field.type.nullable:
            yield "    if value is None:"
            yield f"        {out}[key_{place}] = None"
            yield "    else:"
            yield from (f"        {line}" for line in written)
        else:
            yield from (f"    {line}" for line in written)

    def _had(self, field: FieldPlan, place: int, source: str) -> str:
        if field.attribute is not None:
            return f"{source}.{field.attribute.name}"
        self._names[f"call_{place}"] = None if field.call is None else field.call.function
        return f"call_{place}({source}, info)"

    def _leaf(self, leaf: Leaf, place: int, target: str, odd: str) -> Iterator[str]:
        if leaf.as_it_is is not None:
            yield f"if {leaf.as_it_is}:"
            yield f"    {target} = value"
            yield "else:"
            yield f"    {odd}"
            return
        plain = leaf.names is not None
        self._names[f"names_{place}"], self._names[f"coerce_{place}"] = leaf.names, leaf.coerce
        yield "try:"
        if not plain:
            yield "    if value.__class__ not in PLAIN: raise TypeError"
        yield f"    text = names_{place}[value]" if plain else f"    text = coerce_{place}(value)"
        yield "    if text is None or text is Undefined: raise TypeError"
        yield "except Exception:"
        yield f"    {odd}"
        yield "else:"
        yield f"    {target} = text"

    def _object(self, field: FieldPlan, place: int, target: str, odd: str) -> Iterator[str]:
        check = field.type.check
        self._names[f"check_{place}"] = check
        yield "try:"
        yield "    if value.__class__ not in PLAIN: raise TypeError"
        if check is not None:
            yield f"    if not check_{place}(value, info): raise TypeError"
        yield "except Exception:"
        yield f"    {odd}"
        yield "else:"
        source, out = f"source_{place}", f"out_{place}"
        yield f"    {source} = value"
        yield f"    {target} = {out} = {{}}"
        inner = self._fields(field.type.selection.always or (), source, out, str(NOBODYS))
        yield from (f"    {line}" for line in inner)
