"""The fields of selection sets for one object type, as graphql-core collects them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
    type_from_ast,
    value_from_ast_untyped,
)
from graphql.execution.collect_fields import FragmentDetails

from app.execution.plan import Condition, Occurrence

_COMPILED_DIRECTIVES = {GraphQLSkipDirective.name, GraphQLIncludeDirective.name}


class NotCompiled(Exception):
    """This operation goes to graphql-core; the text says why, in a word or two."""


Part = tuple[SelectionSetNode, Condition]


class Collector:
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
