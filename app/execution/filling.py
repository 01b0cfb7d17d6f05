"""One function for fields that are read one after the other, written out as Python.

It does for each object what the run does field by field, without a call for each: nine of ten
fields of an answer are read and written so.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from graphql import FieldNode, Undefined

from app.execution.plain import PLAIN
from app.execution.plan import ActiveFields, FieldPlan, Guard, Kind, SelectionPlan

# Of sources and outs, and the numbers of those that were left for somebody to look at.
Fill = Callable[[Sequence[Any], Sequence[dict[str, Any]], list[int]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Leaf fields that stand side by side: who may read them, and what fills them in."""

    fields: ActiveFields
    guards: Sequence[Guard]
    fill: Fill


Step = Filling | tuple[FieldPlan, list[FieldNode]]

_WRITTEN_OUT_FROM = 2  # runs: what is asked once is not worth it


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
    for together, group in groupby(fields, lambda each: _is_read(each[0])):
        found = list(group)
        steps += [_filling(found)] if together else found
    return steps


def _is_read(field: FieldPlan) -> bool:
    leaf = field.type.kind is Kind.LEAF
    return field.typename or (leaf and field.attribute is not None)


def _filling(fields: ActiveFields) -> Filling:
    plans = [field for field, _ in fields]
    guards = [each.attribute.guard for each in plans if each.attribute and each.attribute.guard]
    return Filling(fields, list(dict.fromkeys(guards)), _compiled(plans))


def _compiled(fields: Sequence[FieldPlan]) -> Fill:
    names: dict[str, Any] = {"PLAIN": PLAIN, "Undefined": Undefined, "inf": float("inf")}
    lines = [
        "def fill(sources, outs, left):",
        "    for number, (source, out) in enumerate(zip(sources, outs)):",
        "        try:",
        *(f"            {line}" for line in _lines(fields, names)),
        "        except Exception:",
        "            left.append(number)",
    ]
    exec("\n".join(lines), names)  # noqa: S102 - of names that GraphQL or Python allow, and no text
    fill: Fill = names["fill"]
    return fill


def _lines(fields: Iterable[FieldPlan], names: dict[str, Any]) -> Iterator[str]:
    for number, field in enumerate(fields):
        key = f"key_{number}"
        names[key] = field.key
        if field.typename:
            names[f"type_{number}"] = field.parent_type.name
            yield f"out[{key}] = type_{number}"
        elif field.attribute is not None:
            yield f"value = source.{field.attribute.name}"
            yield from _written(field, f"out[{key}]", number, names)


def _written(field: FieldPlan, place: str, number: int, names: dict[str, Any]) -> Iterator[str]:
    leaf = field.type.leaf
    if leaf is None:
        return
    if field.type.nullable:
        yield "if value is None:"
        yield f"    {place} = None"
        yield "else:"
    else:
        yield "if True:"
    if leaf.as_it_is is not None:
        yield f"    if not ({leaf.as_it_is}): raise TypeError"
        yield f"    {place} = value"
    elif leaf.names is not None:
        names[f"names_{number}"] = leaf.names
        yield f"    {place} = names_{number}[value]"
    else:
        names[f"coerce_{number}"] = leaf.coerce
        yield "    if value.__class__ not in PLAIN: raise TypeError"
        yield f"    value = coerce_{number}(value)"
        yield "    if value is None or value is Undefined: raise TypeError"
        yield f"    {place} = value"
