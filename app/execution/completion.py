"""From values to parts of the answer: nulls, lists, objects of the next level, what is awaited."""

from collections.abc import AsyncIterable, Awaitable, Sequence
from dataclasses import dataclass
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo, Undefined
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import is_iterable

from app.execution.failures import Failure
from app.execution.places import Place, path_of
from app.execution.plan import Kind, SelectionPlan, TypePlan
from app.execution.waiting import Started

if TYPE_CHECKING:
    from app.execution.executor import CompiledExecution

_KNOWN_CLASSES = 10_000
_LISTS = (list, tuple)

Holder = Any  # the dict or the list that a value goes into
Info = GraphQLResolveInfo[Any]


class Spot:
    """Where a value belongs."""

    __slots__ = ("holder", "info", "key", "nodes", "place", "plan")

    def __init__(
        self,
        plan: TypePlan,
        holder: Holder,
        key: Any,
        place: Place,
        nodes: list[FieldNode],
        info: Info | None,
    ) -> None:
        self.plan = plan
        self.holder = holder
        self.key = key
        self.place = place
        self.nodes = nodes
        self.info = info


@dataclass(frozen=True, slots=True)
class _Checked:
    """An object whose type was awaited."""

    selection: SelectionPlan
    value: Any


class Level:
    """The objects of one selection that are asked together."""

    __slots__ = ("outs", "places", "selection", "sources")

    def __init__(self, selection: SelectionPlan) -> None:
        self.selection = selection
        self.sources: list[Any] = []
        self.outs: list[dict[str, Any]] = []
        self.places: list[Place | None] = []


PLAIN: set[type] = set()  # classes whose values are neither awaitable nor errors
_OTHER: set[type] = set()  # classes whose values are one of both


def is_plain(value: Any) -> bool:
    kind = value.__class__
    if kind in PLAIN or kind in _OTHER:
        return kind in PLAIN
    plain = not (
        issubclass(kind, BaseException | GeneratorType)
        or hasattr(kind, "__await__")
        or hasattr(kind, "__aiter__")
    )
    known = PLAIN if plain else _OTHER
    if len(known) < _KNOWN_CLASSES:
        known.add(kind)
    return plain


class Completion:
    """Where the values of one run go."""

    def __init__(self, executor: "CompiledExecution") -> None:
        self._executor = executor
        self.next: dict[int, Level] = {}
        self.started: list[tuple[Started, Spot]] = []
        self.failed = False
        self.types: dict[int, SelectionPlan] = {}  # of objects of abstract types, by identity

    def fail(self, holder: Holder, key: Any, error: Exception) -> None:
        holder[key] = Failure(error)
        self.failed = True

    def fail_all(self, level: Level, key: str, error: Exception) -> None:
        for out in level.outs:
            self.fail(out, key, error)

    def place(self, value: Any, spot: Spot) -> None:
        """Put a value where it belongs; one that has to be awaited leaves its place empty."""
        known = value is None or value.__class__ in PLAIN or is_plain(value)
        if not known and self._executor.is_awaitable(value):
            self._start(value, spot)
        else:
            self.complete(value, spot)

    def _start(self, value: Awaitable[Any], spot: Spot) -> None:
        spot.holder[spot.key] = None
        started = Started(value)
        if started.done:
            self.complete(started.value, spot)
        else:
            self.started.append((started, spot))

    def complete(self, value: Any, spot: Spot) -> None:
        """A value that is there, as a part of the answer."""
        plan, kind = spot.plan, value.__class__
        try:
            if value is None or value is Undefined:
                self._complete_null(spot)
            elif kind is Failure:
                self.fail(spot.holder, spot.key, value.error)
            elif kind is _Checked:
                self._add(value.selection, value.value, spot)
            elif kind not in PLAIN and isinstance(value, Exception):
                raise value
            elif plan.kind is Kind.OBJECT:
                self._complete_object(plan.only_selection, value, spot)
            elif plan.kind is Kind.LIST:
                self._complete_list(value, spot)
            elif plan.serialize is not None:
                spot.holder[spot.key] = plan.serialize(value)
            else:
                self._complete_abstract(value, spot)
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
        field, item_plan = spot.plan.field, spot.plan.of
        if item_plan is None or not (value.__class__ in _LISTS or is_iterable(value)):
            raise GraphQLError(
                "Expected Iterable, but did not find one for field"
                f" '{field.parent_type}.{field.occurrences[0].node.name.value}'."
            )
        items = list(value)
        result: list[Any] = [None] * len(items)
        spot.holder[spot.key] = result
        # An object's type may be asked for the info of its field, which is the same for all.
        asked = item_plan.kind in (Kind.OBJECT, Kind.ABSTRACT) and len(items) > 1
        place, nodes, info = spot.place, spot.nodes, self._info(spot) if asked else spot.info
        for index, item in enumerate(items):
            where = (place, index, None)
            self.place(item, Spot(item_plan, result, index, where, nodes, info))

    def _complete_object(self, selection: SelectionPlan, value: Any, spot: Spot) -> None:
        is_type_of = selection.type.is_type_of
        if is_type_of is not None:
            is_one = is_type_of(value, self._info(spot))
            if self._executor.is_awaitable(is_one):
                self._start(_checked(is_one, selection, value, spot.nodes), spot)
                return
            if not is_one:
                raise _not_of_type(selection, value, spot.nodes)
        self._add(selection, value, spot)

    def _add(self, selection: SelectionPlan, value: Any, spot: Spot) -> None:
        """An object joins the others of its selection on the next level."""
        level = self.next.get(id(selection))
        if level is None:
            level = self.next[id(selection)] = Level(selection)
        out: dict[str, Any] = {}
        spot.holder[spot.key] = out
        level.sources.append(value)
        level.outs.append(out)
        level.places.append(spot.place)
        if spot.plan.kind is Kind.ABSTRACT:
            self.types[id(out)] = selection

    def _complete_abstract(self, value: Any, spot: Spot) -> None:
        abstract: Any = spot.plan.type
        resolve_type = abstract.resolve_type or self._executor.type_resolver
        name = resolve_type(value, self._info(spot), abstract)
        if self._executor.is_awaitable(name):
            self._start(self._typed(name, value, spot), spot)
            return
        self._complete_object(self._selection(name, value, spot), value, spot)

    async def _typed(self, name: Awaitable[Any], value: Any, spot: Spot) -> _Checked:
        selection = self._selection(await name, value, spot)
        is_type_of = selection.type.is_type_of
        if is_type_of is not None:
            is_one = is_type_of(value, self._info(spot))
            if not (await is_one if self._executor.is_awaitable(is_one) else is_one):
                raise _not_of_type(selection, value, spot.nodes)
        return _Checked(selection, value)

    def _selection(self, name: Any, value: Any, spot: Spot) -> SelectionPlan:
        abstract: Any = spot.plan.type
        type_ = self._executor.ensure_valid_runtime_type(
            name, abstract, _details(spot.nodes), self._info(spot), value
        )
        return spot.plan.selections[type_.name]

    def _info(self, spot: Spot) -> Info:
        if spot.info is None:
            place, field = spot.place, spot.plan.field
            while isinstance(place[1], int) and place[0] is not None:
                place = place[0]
            spot.info = self._executor.build_resolve_info(
                field.definition, spot.nodes, field.parent_type, path_of(place)
            )
        return spot.info


def _details(nodes: Sequence[FieldNode]) -> list[FieldDetails]:
    return [FieldDetails(node, None) for node in nodes]


def _not_of_type(selection: SelectionPlan, value: Any, nodes: Sequence[FieldNode]) -> GraphQLError:
    return invalid_return_type_error(selection.type, value, _details(nodes))


async def _checked(
    is_one: Awaitable[bool], selection: SelectionPlan, value: Any, nodes: Sequence[FieldNode]
) -> _Checked:
    if not await is_one:
        raise _not_of_type(selection, value, nodes)
    return _Checked(selection, value)


async def _listed(items: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in items]
