"""Where values belong: the objects of a level, and a single spot."""

from collections.abc import Iterable, Sequence
from typing import Any

from graphql import FieldNode, GraphQLResolveInfo

from app.execution.places import Place
from app.execution.plain import PLAIN
from app.execution.plan import Check, FieldPlan, SelectionPlan, TypePlan

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

    def part(
        self, selection: SelectionPlan, objects: Iterable[tuple[Any, dict[str, Any], int]]
    ) -> "Level":
        """Some objects of this level, or of objects within them: of each its source, what is to be
        filled, and its number here where it is of this level."""
        level = Level(selection)
        for source, out, number in objects:
            level.sources.append(source)
            level.outs.append(out)
            if selection.placed:
                level.places.append(self.places[number])
        return level

    def place(self, index: int, field: FieldPlan) -> Place | None:
        """Where a field of one of the objects stands; None where nobody asks."""
        if not self.selection.placed:
            return None
        return self.places[index], field.key, field.parent_type.name


class Levels:
    """The levels that come next, each from the first of its objects on."""

    def __init__(self) -> None:
        self._next: dict[SelectionPlan, Level] = {}
        self.shared: list[tuple[Holder, Any]] = []  # where an object is that is elsewhere too
        self.types: dict[int, SelectionPlan] = {}  # of objects of abstract types, by identity

    def take(self) -> Sequence[Level]:
        """Those that there are; what is added from now on comes after them."""
        levels = [level for level in self._next.values() if level.sources]
        self._next = {}
        return levels

    def of(self, selection: SelectionPlan) -> Level:
        """The level of a selection; one that gets no objects is never run."""
        level = self._next.get(selection)
        if level is None:
            level = self._next[selection] = Level(selection)
        return level

    def add(
        self,
        selection: SelectionPlan,
        value: Any,
        holder: Holder,
        key: Any,
        place: Place | None,
        *,
        abstract: bool = False,
    ) -> None:
        """An object joins the others of its selection."""
        level = self.of(selection)
        out = None if selection.placed else level.known.get(id(value))
        if out is not None:
            self.shared.append((holder, key))
        else:
            out = level.add(value, place)
            if abstract:
                self.types[id(out)] = selection
        holder[key] = out

    def add_all(
        self, plan: TypePlan, info: Any, values: Iterable[Any], spots: Iterable[tuple[Holder, Any]]
    ) -> list[tuple[Any, Holder, Any]]:
        """The same for many of one object type that is not placed, without a call for each; the
        values that are not sure to be of it, each with its spot, come back."""
        check, level = plan.check, self.of(plan.selection)
        known, sources, outs, shared = level.known, level.sources, level.outs, self.shared
        left: list[tuple[Any, Holder, Any]] = []
        for value, (holder, key) in zip(values, spots, strict=False):
            if value.__class__ not in PLAIN or (
                check is not None and not _fits(check, value, info)
            ):
                left.append((value, holder, key))
                continue
            out = known.get(id(value))
            if out is None:
                holder[key] = known[id(value)] = out = {}
                sources.append(value)
                outs.append(out)
            else:
                holder[key] = out
                shared.append((holder, key))
        return left

    def unshare(self) -> None:
        """Each place has an object of its own, which a failure may change."""
        for holder, key in self.shared:
            holder[key] = self._copied(holder[key])
        self.shared.clear()

    def _copied(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._copied(each) for each in part]
        if not isinstance(part, dict):
            return part
        copy = {key: self._copied(each) for key, each in part.items()}
        if id(part) in self.types:
            self.types[id(copy)] = self.types[id(part)]
        return copy


def _fits(check: Check, value: Any, info: Any) -> bool:
    try:
        return check(value, info)
    except Exception:  # it is asked again, and then told
        return False


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
