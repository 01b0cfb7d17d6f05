"""From an operation to a plan."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FragmentDetails

from app.execution.collector import Collector, NotCompiled, Part
from app.execution.leaves import leaf_of
from app.execution.plan import (
    Attribute,
    Call,
    Check,
    Choose,
    Expected,
    FieldPlan,
    Kind,
    Occurrence,
    Plan,
    SelectionPlan,
    TypePlan,
    Varying,
)


class Shortcuts(Protocol):
    """What a library that wraps its resolvers knows of shorter ways to their values."""

    def read_of(self, field: GraphQLField) -> Attribute | None:
        """The attribute of the source that is the value, where no resolver has to be asked."""

    def call_of(self, field: GraphQLField) -> Call | None:
        """What gives the value, where the resolver's wrappers need not be asked."""

    def check_of(self, type_: GraphQLObjectType) -> Check | None:
        """The type's `is_type_of`, where it can do with what a call gets as info."""

    def choose_of(self, type_: GraphQLAbstractType) -> Choose | None:
        """What tells a value's type, or None where that takes more."""


_TYPENAME = "__typename"


class Compiler:
    """Compiles the operations of one schema."""

    def __init__(self, schema: GraphQLSchema, shortcuts: Shortcuts) -> None:
        self._schema = schema
        self._shortcuts = shortcuts

    def compile(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]
    ) -> Plan:
        """The plan of an operation of a valid document; `NotCompiled` where it has none."""
        if operation.directives:
            raise NotCompiled("directive on the operation")
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            raise NotCompiled("no root type")
        collector = Collector(self._schema, fragments, _sure_booleans(operation))
        selections = Selections(self._schema, collector, self._shortcuts)
        plan = selections.of(root, [(operation.selection_set, ())])
        serial = operation.operation is OperationType.MUTATION
        expected = [] if serial else list(_expected(plan, None))
        return Plan(plan, serial, expected, frozenset(selections.asked))


def _expected(selection: SelectionPlan, above: FieldPlan | None) -> Iterator[Expected]:
    """Fields that want to be told; a mutation first does what it does."""
    for field, _ in selection.always or ():
        if field.call is not None and field.call.expect is not None:
            yield Expected(field.call.expect, field, above)
        for inner in field.type.innermost.selections.values():
            yield from _expected(inner, field)


def _sure_booleans(operation: OperationDefinitionNode) -> set[str]:
    """The variables that are sure to be true or false when they are asked."""
    return {
        each.variable.name.value
        for each in operation.variable_definitions or ()
        if each.type.kind == "non_null_type"
    }


class Selections:
    """Selections of one operation, each compiled when its object type is first met."""

    def __init__(self, schema: GraphQLSchema, collector: Collector, shortcuts: Shortcuts) -> None:
        self._schema = schema
        self._collector = collector
        self._shortcuts = shortcuts
        self.asked: set[str] = set()

    def of(self, type_: GraphQLObjectType, parts: Iterable[Part]) -> SelectionPlan:
        """What is asked of an object type by these selection sets together."""
        order = self._collector.collect(type_, parts)
        fields: dict[str, FieldPlan] = {}
        known: list[tuple[str, Occurrence]] = []
        for key, occurrence in order:
            plan = fields.get(key) or self._field(type_, key, occurrence.node)
            if plan is not None:
                fields[key] = plan
                plan.occurrences.append(occurrence)
                known.append((key, occurrence))
        for plan in fields.values():
            self._give_children(plan)
        conditional = any(occurrence.condition for _, occurrence in known)
        always = None if conditional else [(plan, plan.nodes) for plan in fields.values()]
        placed = any(map(_is_placed, fields.values()))
        return SelectionPlan(type_, fields, known, always, placed)

    def _field(self, parent: GraphQLObjectType, key: str, node: FieldNode) -> FieldPlan | None:
        name = node.name.value
        definition = self._schema.get_field(parent, name)
        if definition is None:
            return None
        if name.startswith("__") and name != _TYPENAME:
            raise NotCompiled("introspection")
        self.asked.add(f"{parent.name}.{name}")
        plan = FieldPlan(key, definition, parent, typename=name == _TYPENAME)
        plan.type = self._type(definition.type, plan)
        plan.attribute = self._shortcuts.read_of(definition)
        if plan.attribute is None:
            plan.call = self._shortcuts.call_of(definition)
        plan.resolve = definition.resolve
        plan.varying = _varying(plan, node)
        return plan

    def _give_children(self, plan: FieldPlan) -> None:
        leaf = plan.type.innermost
        if leaf.kind is Kind.LEAF:
            return
        parts = [
            (each.node.selection_set, each.condition)
            for each in plan.occurrences
            if each.node.selection_set is not None
        ]
        named: Any = leaf.type
        types = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
        leaf.selections = {type_.name: self.of(type_, parts) for type_ in types}
        if leaf.kind is Kind.OBJECT:
            (leaf.selection,) = leaf.selections.values()

    def _type(self, type_: GraphQLOutputType, plan: FieldPlan) -> TypePlan:
        nullable = not isinstance(type_, GraphQLNonNull)
        inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(inner, GraphQLList):
            of = self._type(inner.of_type, plan)
            return TypePlan(inner, Kind.LIST, nullable, plan, of=of, quick=of.quick)
        if is_leaf_type(inner):
            return TypePlan(inner, Kind.LEAF, nullable, plan, leaf=leaf_of(inner), quick=True)
        if is_abstract_type(inner):
            choose = self._shortcuts.choose_of(inner)
            quick = choose is not None
            return TypePlan(inner, Kind.ABSTRACT, nullable, plan, choose=choose, quick=quick)
        check = self._shortcuts.check_of(inner)
        quick = inner.is_type_of is None or check is not None
        return TypePlan(inner, Kind.OBJECT, nullable, plan, check=check, quick=quick)


def _varying(plan: FieldPlan, node: FieldNode) -> list[Varying] | None:
    """None where an argument has to be made anew from variables."""
    found: list[Varying] = []
    for argument in node.arguments or ():
        name, value = argument.name.value, argument.value
        if isinstance(value, VariableNode) and plan.call is not None and name in plan.call.plain:
            nullable = not isinstance(plan.definition.args[name].type, GraphQLNonNull)
            found.append(Varying(plan.call.plain[name], value.name.value, nullable))
        elif _has_variable(value):
            return None
    return found


def _has_variable(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variable, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(each.value) for each in value.fields)
    return isinstance(value, VariableNode)


def _is_placed(plan: FieldPlan) -> bool:
    """Whether the place of the field's value is asked for, or that of one below."""
    if plan.typename:
        return False
    leaf = plan.type.innermost
    if leaf.kind is Kind.ABSTRACT or not leaf.quick:  # what is not sure is asked with the info
        return True
    called = plan.attribute is not None or plan.call is not None
    return not called or any(each.placed for each in leaf.selections.values())
