"""From values to parts of the answer: nulls, lists, objects of the next level, what is awaited."""

from collections.abc import AsyncIterable, Awaitable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLError, Undefined
from graphql.pyutils import is_iterable

from app.execution.failures import Failure
from app.execution.level import Holder, Level, Levels, Spot
from app.execution.object_types import Checked, Info, ObjectTypes, not_of_type
from app.execution.places import Place
from app.execution.plain import PLAIN, is_plain
from app.execution.plan import FieldPlan, Kind, SelectionPlan, TypePlan
from app.execution.waiting import Started

if TYPE_CHECKING:
    from app.execution.executor import CompiledExecution

_LISTS = (list, tuple)


@dataclass(frozen=True, slots=True)
class _Together:
    """A field of all objects of a level, whose values are awaited at once."""

    field: FieldPlan
    nodes: list[FieldNode]
    level: Level


class Completion:
    """Where the values of one run go."""

    def __init__(self, executor: "CompiledExecution", called_info: Any) -> None:
        self._executor = executor
        self._called_info = called_info
        self._object_types = ObjectTypes(executor)
        self.levels = Levels()
        self.started: list[tuple[Started, Spot | _Together]] = []
        self.failed = False

    def fail(self, holder: Holder, key: Any, error: Exception) -> None:
        holder[key] = Failure(error)
        self.failed = True

    def fail_all(self, level: Level, key: str, error: Exception) -> None:
        for out in level.outs:
            self.fail(out, key, error)

    def put_all(
        self, values: Sequence[Any], field: FieldPlan, nodes: list[FieldNode], level: Level
    ) -> None:
        """The values of a field, one for each object of its level."""
        if field.type.kind is Kind.LEAF:
            self._put_leaves(values, field, nodes, level)
            return
        if field.type.simple:
            spots = zip(level.outs, repeat(field.key), strict=False)
            self._put_objects(values, field.type, spots, nodes)
            return
        for index, value in enumerate(values):
            place = level.place(index, field)
            self.put(value, field.type, level.outs[index], field.key, place, nodes)

    def _put_leaves(
        self, values: Sequence[Any], field: FieldPlan, nodes: list[FieldNode], level: Level
    ) -> None:
        key, plan = field.key, field.type
        leaf, nullable = plan.leaf, plan.nullable
        if leaf is None:
            return
        serialize = leaf.serialize
        for index, (value, out) in enumerate(zip(values, level.outs, strict=True)):
            if value.__class__ in PLAIN:
                try:
                    out[key] = serialize(value)
                except Exception as error:
                    self.fail(out, key, error)
            elif value is None and nullable:
                out[key] = None
            else:
                self.put(value, plan, out, key, level.place(index, field), nodes)

    def _put_objects(
        self,
        values: Iterable[Any],
        plan: TypePlan,
        spots: Iterable[tuple[Holder, Any]],
        nodes: list[FieldNode],
    ) -> None:
        for value, holder, key in self.levels.add_all(plan, self._called_info, values, spots):
            self.put(value, plan, holder, key, None, nodes)

    def put_together(
        self,
        values: Sequence[Any] | Awaitable[Sequence[Any]],
        field: FieldPlan,
        nodes: list[FieldNode],
        level: Level,
    ) -> None:
        """The values of a field as one call gave them for all objects of its level."""
        if not self._executor.is_awaitable(values):
            self._put_each(values, field, nodes, level)
            return
        for out in level.outs:
            out[field.key] = None  # its place in the order
        started = Started(values)
        if started.done:
            self._put_each(started.value, field, nodes, level)
        else:
            self.started.append((started, _Together(field, nodes, level)))

    def _put_each(
        self, values: Any, field: FieldPlan, nodes: list[FieldNode], level: Level
    ) -> None:
        if values.__class__ is Failure:
            self.fail_all(level, field.key, values.error)
        elif len(values) != len(level.sources):
            wrong = f"Expected {len(level.sources)} values of {field.key}, got {len(values)}."
            self.fail_all(level, field.key, RuntimeError(wrong))
        else:
            self.put_all(values, field, nodes, level)

    def settled(self, started: Started, target: Spot | _Together) -> None:
        """What was awaited is there."""
        if isinstance(target, Spot):
            self._complete(started.value, target)
        else:
            self._put_each(started.value, target.field, target.nodes, target.level)

    def put(
        self,
        value: Any,
        plan: TypePlan,
        holder: Holder,
        key: Any,
        place: Place | None,
        nodes: list[FieldNode],
        info: Info | None = None,
    ) -> None:
        """Put a value where it belongs; one that has to be awaited leaves its place empty."""
        if plan.quick and (value.__class__ in PLAIN or is_plain(value)):
            try:
                self._put_quickly(value, plan, holder, key, place, nodes)
            except Exception as error:
                self.fail(holder, key, error)
            return
        spot = Spot(plan, holder, key, place, nodes, info)
        if value is not None and not is_plain(value) and self._executor.is_awaitable(value):
            self._start(value, spot)
        else:
            self._complete(value, spot)

    def _put_quickly(
        self,
        value: Any,
        plan: TypePlan,
        holder: Holder,
        key: Any,
        place: Place | None,
        nodes: list[FieldNode],
    ) -> None:
        """A value that is there, of a type whose selection nobody has to be asked for."""
        kind = plan.kind
        if kind is Kind.OBJECT:
            check = plan.check
            if check is not None and not check(value, self._called_info):
                raise not_of_type(plan.selection, value, nodes)
            self.levels.add(plan.selection, value, holder, key, place)
        elif kind is Kind.LIST:
            self._put_items(value, plan, holder, key, place, nodes, None)
        elif plan.leaf is not None:
            holder[key] = plan.leaf.serialize(value)
        elif plan.choose is not None:
            name = plan.choose(value, self._called_info)
            if name in plan.selections:
                self.levels.add(plan.selections[name], value, holder, key, place, abstract=True)
            else:
                self._complete_object(value, Spot(plan, holder, key, place, nodes, None))

    def _put_items(
        self,
        value: Any,
        plan: TypePlan,
        holder: Holder,
        key: Any,
        place: Place | None,
        nodes: list[FieldNode],
        info: Info | None,
    ) -> None:
        item_plan = plan.of
        if item_plan is None or not (value.__class__ in _LISTS or is_iterable(value)):
            field = plan.field
            raise GraphQLError(
                "Expected Iterable, but did not find one for field"
                f" '{field.parent_type}.{field.occurrences[0].node.name.value}'."
            )
        items = value if value.__class__ in _LISTS else list(value)
        result: list[Any] = [None] * len(items)
        holder[key] = result
        if item_plan.simple:
            spots = zip(repeat(result), range(len(items)), strict=False)
            self._put_objects(items, item_plan, spots, nodes)
            return
        for index, item in enumerate(items):
            where = None if place is None else (place, index, None)
            self.put(item, item_plan, result, index, where, nodes, info)

    def _start(self, value: Awaitable[Any], spot: Spot) -> None:
        spot.holder[spot.key] = None
        started = Started(value)
        if started.done:
            self._complete(started.value, spot)
        else:
            self.started.append((started, spot))

    def _complete(self, value: Any, spot: Spot) -> None:
        """A value that is there, as a part of the answer."""
        plan, kind = spot.plan, value.__class__
        try:
            if value is None or value is Undefined:
                self._complete_null(spot)
            elif kind is Failure:
                self.fail(spot.holder, spot.key, value.error)
            elif kind is Checked:
                self._add_of(spot, value.selection, value.value)
            elif kind not in PLAIN and isinstance(value, Exception):
                raise value
            elif plan.kind is Kind.LIST:
                self._complete_list(value, spot)
            elif plan.quick:
                self._put_quickly(value, plan, spot.holder, spot.key, spot.place, spot.nodes)
            else:
                self._complete_object(value, spot)
        except Exception as error:
            self.fail(spot.holder, spot.key, error)

    def _complete_null(self, spot: Spot) -> None:
        if spot.plan.nullable:
            spot.holder[spot.key] = None
            return
        field = spot.plan.field
        raise TypeError(
            "Cannot return null for non-nullable field"
            f" {field.parent_type}.{field.occurrences[0].node.name.value}."
        )

    def _complete_list(self, value: Any, spot: Spot) -> None:
        if value.__class__ not in PLAIN and self._executor.is_async_iterable(value):
            self._start(_listed(value), spot)
            return
        # An object's type may be asked for the info of its field, which is the same for all.
        info = spot.info if spot.plan.quick else self._object_types.info(spot)
        self._put_items(value, spot.plan, spot.holder, spot.key, spot.place, spot.nodes, info)

    def _complete_object(self, value: Any, spot: Spot) -> None:
        selection = self._object_types.of(value, spot)
        if isinstance(selection, SelectionPlan):
            self._add_of(spot, selection, value)
        else:
            self._start(selection, spot)

    def _add_of(self, spot: Spot, selection: SelectionPlan, value: Any) -> None:
        abstract = spot.plan.kind is Kind.ABSTRACT
        self.levels.add(selection, value, spot.holder, spot.key, spot.place, abstract=abstract)


async def _listed(items: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in items]
