"""Which object type a value is of, where the schema's own functions have to be asked, with info."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import invalid_return_type_error

from app.execution.level import Spot
from app.execution.places import Place, path_of
from app.execution.plain import never_plain
from app.execution.plan import Kind, SelectionPlan

if TYPE_CHECKING:
    from app.execution.executor import CompiledExecution

Info = GraphQLResolveInfo[Any]


@never_plain
@dataclass(frozen=True, slots=True)
class Checked:
    """An object whose type was awaited."""

    selection: SelectionPlan
    value: Any


class ObjectTypes:
    """Asks `resolve_type` and `is_type_of` for one run."""

    def __init__(self, executor: "CompiledExecution") -> None:
        self._executor = executor

    def of(self, value: Any, spot: Spot) -> SelectionPlan | Awaitable[Checked]:
        """What is asked of the value; raises where it is of no type that may stand there."""
        if spot.plan.kind is Kind.OBJECT:
            return self._sure(spot.plan.selection, value, spot)
        abstract: Any = spot.plan.type
        resolve_type = abstract.resolve_type or self._executor.type_resolver
        name = resolve_type(value, self.info(spot), abstract)
        if self._executor.is_awaitable(name):
            return self._typed(name, value, spot)
        return self._sure(self._named(name, value, spot), value, spot)

    def info(self, spot: Spot) -> Info:
        """What the schema's functions are told: the field that the value, or its list, is of."""
        if spot.info is None:
            field = spot.plan.field
            spot.info = self._executor.build_resolve_info(
                field.definition, spot.nodes, field.parent_type, path_of(_of_field(spot.place))
            )
        return spot.info

    def _sure(
        self, selection: SelectionPlan, value: Any, spot: Spot
    ) -> SelectionPlan | Awaitable[Checked]:
        is_type_of = selection.type.is_type_of
        if is_type_of is None:
            return selection
        is_one = is_type_of(value, self.info(spot))
        if self._executor.is_awaitable(is_one):
            return _checked(is_one, selection, value, spot.nodes)
        if not is_one:
            raise not_of_type(selection, value, spot.nodes)
        return selection

    async def _typed(self, name: Awaitable[Any], value: Any, spot: Spot) -> Checked:
        selection = self._sure(self._named(await name, value, spot), value, spot)
        return (
            Checked(selection, value) if isinstance(selection, SelectionPlan) else await selection
        )

    def _named(self, name: Any, value: Any, spot: Spot) -> SelectionPlan:
        abstract: Any = spot.plan.type
        type_ = self._executor.ensure_valid_runtime_type(
            name, abstract, _details(spot.nodes), self.info(spot), value
        )
        return spot.plan.selections[type_.name]


def _of_field(place: Place | None) -> Place:
    """The place of the field that a value is of, or one of a list of it."""
    while place is not None:
        if place[0] is None or not isinstance(place[1], int):
            return place
        place = place[0]
    raise LookupError("No place is kept here: the plan says that nobody asks.")


def _details(nodes: Sequence[FieldNode]) -> list[FieldDetails]:
    return [FieldDetails(node, None) for node in nodes]


def not_of_type(selection: SelectionPlan, value: Any, nodes: Sequence[FieldNode]) -> GraphQLError:
    """What graphql-core says of a value that is not of the type that it should be."""
    return invalid_return_type_error(selection.type, value, _details(nodes))


async def _checked(
    is_one: Awaitable[bool], selection: SelectionPlan, value: Any, nodes: Sequence[FieldNode]
) -> Checked:
    if not await is_one:
        raise not_of_type(selection, value, nodes)
    return Checked(selection, value)
