"""One function for fields that are read one after the other, written out as Python.

It does for each object what the run does field by field, without a call for each: nine of ten
fields of an answer are had so. Objects and lists of objects on the way are filled in with it, or
join their level. What is not as it mostly is goes the run's own way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from graphql import FieldNode

from app.execution.fill_text import Fill, FillText, can_be_filled, guards_of
from app.execution.plan import ActiveFields, FieldPlan, Guard, SelectionPlan

_WRITTEN_OUT_FROM = 2  # runs: what is asked once is not worth it


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Fields that stand side by side: who may read them, and what fills them in.

    `numbered`: these and those of the objects within; `asking`: the numbers of those with
    arguments; `at_hand`: of those that may be at hand, by number, what tells; `later`: the
    selection that each of these is of, for where it is not at hand and is asked together;
    `guarded`: by number what stands before the fields of the objects within, which join their level
    where that is not open to whatever source.
    """

    fields: ActiveFields
    guards: Sequence[Guard]
    fill: Fill
    numbered: ActiveFields
    asking: Sequence[int]
    at_hand: Mapping[int, Callable[..., Any]]
    later: Mapping[int, SelectionPlan]
    guarded: Mapping[int, Sequence[Guard]]


Step = Filling | tuple[FieldPlan, list[FieldNode]]


def steps_of(selection: SelectionPlan) -> Sequence[Step] | None:
    """Its fields in their order, those together that one function can fill in; None where
    conditions have to be asked, or nobody has come again."""
    if selection.steps is None and selection.always is not None:
        selection.runs += 1
        if selection.runs == _WRITTEN_OUT_FROM:
            selection.steps = _steps(selection, selection.always)
    return selection.steps


def _steps(selection: SelectionPlan, fields: ActiveFields) -> list[Step]:
    steps: list[Step] = []
    for filled, group in groupby(fields, lambda each: can_be_filled(each[0])):
        found = list(group)
        steps += [_filling(selection, found)] if filled else found
    return steps


def _filling(selection: SelectionPlan, fields: ActiveFields) -> Filling:
    text = FillText()
    fill = text.function(selection, fields)
    return Filling(
        fields,
        guards_of(fields),
        fill,
        text.numbered,
        text.asking,
        text.at_hand,
        text.later,
        text.guarded,
    )
