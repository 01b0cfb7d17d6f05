"""What an operation costs at most, known before it runs: IBM's cost specification as Apollo has it.

An object costs 1 or its field's `@cost`, a scalar nothing, a list its size times its item. The cost
is put together once per document; a request only fills in its variables.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    value_from_ast_untyped,
)

from app.limits.cost_table import CostTable, ListSize
from app.limits.operation_cost import Amount, OperationCost, Part, Values
from app.limits.shape import fragments, name_of, operations

LIST_SIZE = 10  # of a list of objects that says nothing of its size
_MUTATION = 10


def operation_costs(
    schema: GraphQLSchema, table: CostTable, document: DocumentNode
) -> dict[str | None, OperationCost]:
    """The cost of each operation by name, for a valid document."""
    compiler = _Compiler(schema, table, document)
    return {
        name_of(node): OperationCost(
            compiler.operation(node), _defaults(node), sorted(compiler.counted)
        )
        for node in operations(document)
    }


def _defaults(node: OperationDefinitionNode) -> dict[str, Any]:
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in node.variable_definitions or ()
        if each.default_value is not None
    }


@dataclass(frozen=True, slots=True)
class _Sized:
    """Lists whose size the field above them said, and the fragments spread among them."""

    sizes: Mapping[str, Amount] = field(default_factory=dict)
    known: dict[tuple[str, str], Amount] = field(default_factory=dict)


class _Compiler:
    """From selections to amounts, each fragment once per type it is spread on."""

    def __init__(self, schema: GraphQLSchema, table: CostTable, document: DocumentNode) -> None:
        self._schema = schema
        self._table = table
        self._fragments = fragments(document)
        self._unsized = _Sized()
        self.counted: set[str] = set()

    def operation(self, node: OperationDefinitionNode) -> Amount:
        root = self._schema.get_root_type(node.operation)
        if root is None:
            return Amount()
        base = _MUTATION if node.operation is OperationType.MUTATION else 0
        return _sum([Amount(base), self._set(node.selection_set, root, self._unsized)])

    def _set(self, node: SelectionSetNode, of: GraphQLObjectType, sized: _Sized) -> Amount:
        return _sum(self._selection(each, of, sized) for each in node.selections)

    def _selection(self, node: SelectionNode, of: GraphQLObjectType, sized: _Sized) -> Amount:
        if isinstance(node, FieldNode):
            return self._field(node, of, sized)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            applies = condition is None or self._applies(condition.name.value, of)
            return self._set(node.selection_set, of, sized) if applies else Amount()
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, of, sized)
        return Amount()

    def _applies(self, condition: str, of: GraphQLObjectType) -> bool:
        type_ = self._schema.get_type(condition)
        return type_ is of or (is_abstract_type(type_) and self._schema.is_sub_type(type_, of))

    def _fragment(self, name: str, of: GraphQLObjectType, sized: _Sized) -> Amount:
        fragment = self._fragments[name]
        if not self._applies(fragment.type_condition.name.value, of):
            return Amount()
        key = (name, of.name)
        if key not in sized.known:
            sized.known[key] = _once(self._set(fragment.selection_set, of, sized))
        return sized.known[key]

    def _field(self, node: FieldNode, of: GraphQLObjectType, sized: _Sized) -> Amount:
        name = node.name.value
        definition = of.fields.get(name)
        if definition is None:  # __typename, __schema and __type: answered from memory
            return Amount()
        list_size = self._table.sizes.get((of.name, name))
        size = self._size(list_size, node, definition)
        named = get_named_type(definition.type)
        each = Amount(self._table.weights.get((of.name, name), int(is_composite_type(named))))
        if node.selection_set is not None:
            each = _sum(
                [each, self._children(node.selection_set, named, self._inner(list_size, size))]
            )
        if not is_list_type(get_nullable_type(definition.type)):
            return each
        return sized.sizes.get(name, size).times(each)

    def _size(
        self, list_size: ListSize | None, node: FieldNode, definition: GraphQLField
    ) -> Amount:
        if list_size is None:
            return Amount(LIST_SIZE)
        size = _Size(list_size, node, definition, self._table.longest_page)
        self.counted |= size.variables()
        return size.amount()

    def _inner(self, list_size: ListSize | None, size: Amount) -> _Sized:
        if list_size is None or not list_size.sized:
            return self._unsized
        return _Sized(dict.fromkeys(list_size.sized, size))

    def _children(self, node: SelectionSetNode, named: Any, sized: _Sized) -> Amount:
        if isinstance(named, GraphQLObjectType):
            return self._set(node, named, sized)
        possible = self._schema.get_possible_types(named)
        return _largest([self._set(node, each, sized) for each in possible])


def _sum(amounts: Iterable[Amount]) -> Amount:
    fixed = 0
    varying: list[Part] = []
    for amount in amounts:
        fixed += amount.fixed
        varying += amount.varying
    return Amount(fixed, tuple(varying))


def _largest(amounts: list[Amount]) -> Amount:
    if not any(amount.varying for amount in amounts):
        return max(amounts, key=lambda amount: amount.fixed, default=Amount())
    return Amount(0, (lambda values: max(amount.of(values) for amount in amounts),))


def _once(amount: Amount) -> Amount:
    """The same, worked out once a request however often the fragment is spread."""
    if not amount.varying:
        return amount

    key = object()

    def part(values: Values) -> int:
        if key not in values.known:
            values.known[key] = amount.of(values)
        return values.known[key]

    return Amount(0, (part,))


@dataclass(frozen=True, slots=True)
class _Size:
    """How many a field's list holds: the largest slicing argument, else what is assumed."""

    list_size: ListSize
    node: FieldNode
    definition: GraphQLField
    longest: int

    def variables(self) -> set[str]:
        """Those that say how many."""
        return {
            each.value.name.value
            for each in self.node.arguments or ()
            if each.name.value in self.list_size.slicing and isinstance(each.value, VariableNode)
        }

    def amount(self) -> Amount:
        given = {each.name.value: each.value for each in self.node.arguments or ()}
        readers = [self._reader(given.get(name), name) for name in self.list_size.slicing]
        unsaid = self._unsaid()

        def largest(values: Values) -> int:
            found = [count for reader in readers if (count := reader(values)) is not None]
            return max(found, default=unsaid)

        if self.variables():
            return Amount(0, (largest,))
        return Amount(largest(Values({})))

    def _unsaid(self) -> int:
        """Where null is all that is said: our fields take it for their default."""
        defaults = [self.definition.args[name].default_value for name in self.list_size.slicing]
        sizes = [size for each in defaults if (size := self._count(each)) is not None]
        assumed = self.list_size.assumed
        return max(sizes, default=LIST_SIZE if assumed is None else assumed)

    def _reader(self, value: ValueNode | None, name: str) -> Callable[[Values], int | None]:
        default = self.definition.args[name].default_value
        if isinstance(value, VariableNode):
            variable = value.name.value
            return lambda values: self._count(values.variables.get(variable, default))
        count = self._count(default) if value is None else self._literal(value)
        return lambda _values: count

    def _literal(self, value: ValueNode) -> int | None:
        if isinstance(value, NullValueNode):
            return None
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, ObjectValueNode):
            return 1
        return self._count(value_from_ast_untyped(value))

    def _count(self, value: object) -> int | None:
        """How many an argument asks for; None where it says nothing, or nothing that can run."""
        if type(value) is int:  # as it mostly is
            return min(max(0, value), self.longest)
        if isinstance(value, list | tuple):
            return len(value)
        if isinstance(value, Mapping):
            return 1  # one item where a list is expected is a list of one
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not math.isfinite(value):
            return None
        return min(max(0, int(value)), self.longest)
