"""From an operation to a plan."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
    type_from_ast,
    value_from_ast_untyped,
)
from graphql.execution.collect_fields import FragmentDetails

from app.execution.leaves import leaf_of
from app.execution.plan import (
    Attribute,
    Call,
    Check,
    Choose,
    Condition,
    FieldPlan,
    Kind,
    Occurrence,
    Plan,
    SelectionPlan,
    TypePlan,
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
_COMPILED_DIRECTIVES = {GraphQLSkipDirective.name, GraphQLIncludeDirective.name}


class NotCompiled(Exception):
    """This operation goes to graphql-core; the text says why, in a word or two."""


Part = tuple[SelectionSetNode, Condition]


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
        collector = _Collector(self._schema, fragments, _sure_booleans(operation))
        selections = Selections(self._schema, collector, self._shortcuts)
        plan = selections.of(root, [(operation.selection_set, ())])
        return Plan(plan, serial=operation.operation is OperationType.MUTATION)


def _sure_booleans(operation: OperationDefinitionNode) -> set[str]:
    """The variables that are sure to be true or false when they are asked."""
    return {
        each.variable.name.value
        for each in operation.variable_definitions or ()
        if each.type.kind == "non_null_type"
    }


class Selections:
    """Selections of one operation, each compiled when its object type is first met."""

    def __init__(
        self, schema: GraphQLSchema, collector: "_Collector", shortcuts: Shortcuts
    ) -> None:
        self._schema = schema
        self._collector = collector
        self._shortcuts = shortcuts

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
        plan = FieldPlan(key, definition, parent, typename=name == _TYPENAME)
        plan.type = self._type(definition.type, plan)
        plan.attribute = self._shortcuts.read_of(definition)
        if plan.attribute is None:
            plan.call = self._shortcuts.call_of(definition)
        plan.resolve = definition.resolve
        plan.fixed = not any(_has_variable(each.value) for each in node.arguments or ())
        return plan

    def _give_children(self, plan: FieldPlan) -> None:
        leaf = plan.type
        while leaf.of is not None:
            leaf = leaf.of
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
    leaf = plan.type
    while leaf.of is not None:
        leaf = leaf.of
    if leaf.kind is Kind.ABSTRACT or not leaf.quick:  # what is not sure is asked with the info
        return True
    called = plan.attribute is not None or plan.call is not None
    return not called or any(each.placed for each in leaf.selections.values())


class _Collector:
    """The fields of selection sets for one object type, as graphql-core collects them."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDetails],
        sure_booleans: set[str],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._sure_booleans = sure_booleans

    def collect(
        self, type_: GraphQLObjectType, parts: Iterable[Part]
    ) -> list[tuple[str, Occurrence]]:
        """Each occurrence of a field with its response key, in the order of the document."""
        found: list[tuple[str, Occurrence]] = []
        spread: dict[str, Condition] = {}
        for selection_set, condition in parts:
            self._walk(type_, selection_set, condition, spread, found)
        return found

    def _walk(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode,
        above: Condition,
        spread: dict[str, Condition],
        found: list[tuple[str, Occurrence]],
    ) -> None:
        for selection in selection_set.selections:
            condition = self._condition(selection.directives or (), above)
            if condition is None:
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                found.append((key, Occurrence(selection, condition)))
            elif isinstance(selection, InlineFragmentNode):
                if self._applies(selection.type_condition, type_):
                    self._walk(type_, selection.selection_set, condition, spread, found)
            elif isinstance(selection, FragmentSpreadNode):
                self._spread(type_, selection, condition, spread, found)

    def _spread(
        self,
        type_: GraphQLObjectType,
        node: FragmentSpreadNode,
        condition: Condition,
        spread: dict[str, Condition],
        found: list[tuple[str, Occurrence]],
    ) -> None:
        name = node.name.value
        if name in spread:
            # Only the first spread that counts is followed: a question for the run, not the plan.
            if spread[name] or condition:
                raise NotCompiled("fragment spread twice under a condition")
            return
        details = self._fragments.get(name)
        if details is None:
            return
        if details.definition.variable_definitions or node.arguments:
            raise NotCompiled("fragment with arguments")
        if self._applies(details.definition.type_condition, type_):
            spread[name] = condition
            self._walk(type_, details.definition.selection_set, condition, spread, found)

    def _applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        named: Any = type_from_ast(self._schema, condition)
        return named is type_ or (
            is_abstract_type(named) and self._schema.is_sub_type(named, type_)
        )

    def _condition(self, directives: Sequence[DirectiveNode], above: Condition) -> Condition | None:
        """What has to hold besides what held above; None where it never does."""
        condition = above
        for directive in directives:
            name = directive.name.value
            if name not in _COMPILED_DIRECTIVES:
                raise NotCompiled(f"@{name}")
            wanted = name == GraphQLIncludeDirective.name
            (argument,) = directive.arguments or ()
            value = argument.value
            if isinstance(value, VariableNode):
                if value.name.value not in self._sure_booleans:
                    raise NotCompiled("condition that may be null")
                condition = (*condition, (value.name.value, wanted))
            elif value_from_ast_untyped(value) is not wanted:
                return None
        return condition
