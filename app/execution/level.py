"""Where values belong: the objects of a level, and a single spot."""

from typing import Any

from graphql import FieldNode, GraphQLResolveInfo

from app.execution.places import Place
from app.execution.plan import FieldPlan, SelectionPlan, TypePlan

Holder = Any  # the dict or the list that a value goes into


class Level:
    """The objects of one selection that are asked together.

    `places` is kept, and `known` is not, where the selection is placed.
    """

    __slots__ = ("known", "outs", "places", "selection", "sources")

    def __init__(self, selection: SelectionPlan) -> None:
        self.selection = selection
        self.sources: list[Any] = []
        self.outs: list[dict[str, Any]] = []
        self.places: list[Place | None] = []
        self.known: dict[int, dict[str, Any]] = {}  # by the identity of a source, what it gives

    def add(self, source: Any, place: Place | None) -> dict[str, Any]:
        """One more object; what is returned is to be filled with its fields."""
        out: dict[str, Any] = {}
        if self.selection.placed:
            self.places.append(place)
        else:
            self.known[id(source)] = out  # `sources` keeps it alive
        self.sources.append(source)
        self.outs.append(out)
        return out

    def place(self, index: int, field: FieldPlan) -> Place | None:
        """Where a field of one of the objects stands; None where nobody asks."""
        if not self.selection.placed:
            return None
        return self.places[index], field.key, field.parent_type.name


class Spot:
    """Where one value belongs that is not there yet, or has to be looked at."""

    __slots__ = ("holder", "info", "key", "nodes", "place", "plan")

    def __init__(
        self,
        plan: TypePlan,
        holder: Holder,
        key: Any,
        place: Place | None,
        nodes: list[FieldNode],
        info: GraphQLResolveInfo[Any] | None,
    ) -> None:
        self.plan = plan
        self.holder = holder
        self.key = key
        self.place = place
        self.nodes = nodes
        self.info = info
