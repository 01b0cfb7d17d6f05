"""What went wrong in a run, brought to where it belongs: null, and the error beside the data.

A run leaves a `Failure` where a value should be. Only where there is one is the answer walked
again: in the order of the document, as graphql-core would have met the failures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError, located_error
from graphql.pyutils import Path

from app.execution.plain import never_plain
from app.execution.plan import ActiveFields, Kind, SelectionPlan, TypePlan


@never_plain
@dataclass(slots=True, eq=False)
class Failure:
    """Stands where a value failed."""

    error: Exception


def outcome(function: Callable[[Any], Any], source: Any) -> Any:
    """What a function gives of a source, or how it failed."""
    try:
        return function(source)
    except Exception as error:
        return Failure(error)


@dataclass(slots=True)
class Reconciler:
    """`types` tells the selection of each object of an abstract type, by its identity."""

    active: Callable[[SelectionPlan], ActiveFields]
    types: Mapping[int, SelectionPlan]
    errors: list[GraphQLError]

    def root(self, selection: SelectionPlan, data: dict[str, Any], fields: ActiveFields) -> bool:
        """Clears these fields of the data of failures; False where one nulls all data."""
        try:
            self._fields(selection, data, None, fields)
        except GraphQLError as error:
            self.errors.append(error)
            return False
        return True

    def _object(self, selection: SelectionPlan, data: dict[str, Any], path: Path | None) -> None:
        self._fields(selection, data, path, self.active(selection))

    def _fields(
        self,
        selection: SelectionPlan,
        data: dict[str, Any],
        path: Path | None,
        fields: ActiveFields,
    ) -> None:
        for field, nodes in fields:
            where = Path(path, field.key, selection.type.name)
            data[field.key] = self._value(field.type, data[field.key], nodes, where)

    def _value(self, plan: TypePlan, value: Any, nodes: list[FieldNode], path: Path) -> Any:
        """The value, or None and its error on record; raises where null is not allowed."""
        if value is None:
            return None
        try:
            if isinstance(value, Failure):
                raise value.error
            self._inside(plan, value, nodes, path)
        except Exception as raw:
            error = located_error(raw, nodes, path.as_list())
            if not plan.nullable:
                raise error from None
            self.errors.append(error)
            return None
        return value

    def _inside(self, plan: TypePlan, value: Any, nodes: list[FieldNode], path: Path) -> None:
        if plan.kind is Kind.LIST and plan.of is not None:
            for index, item in enumerate(value):
                value[index] = self._value(plan.of, item, nodes, path.add_key(index, None))
        elif plan.kind is Kind.OBJECT:
            (selection,) = plan.selections.values()
            self._object(selection, value, path)
        elif plan.kind is Kind.ABSTRACT:
            self._object(self.types[id(value)], value, path)
