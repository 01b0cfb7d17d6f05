"""A document written in another way: aliases, merged fields, fragments, conditions, variables.

hypothesis-graphql finds its way through any schema, but writes each field once and each value out.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    parse,
    print_ast,
    validate,
    value_from_ast_untyped,
)

from tests.execution.documents import Document


@dataclass
class Variation:
    """Writes one document anew; `unaliased`: fields that keep their names."""

    schema: GraphQLSchema
    dice: random.Random
    unaliased: frozenset[str] = frozenset()
    fragments: list[FragmentDefinitionNode] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)

    def of(self, document: DocumentNode) -> Document:
        """The document in another way; as it is, where chance made one that is not valid."""
        (operation,) = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        root = self.schema.get_root_type(operation.operation)
        body = self.selections(operation.selection_set, root)
        given = ", ".join(f"${name}: {type_}" for name, type_ in self.definitions.items())
        head = f"{operation.operation.value} Asked" + (f"({given})" if given else "")
        text = "\n".join([f"{head} {print_ast(body)}", *map(print_ast, self.fragments)])
        if validate(self.schema, parse(text)):
            return Document(print_ast(document), {})
        return Document(text, self.variables)

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    def selections(self, node: SelectionSetNode, of: Any) -> SelectionSetNode:
        parts = [self.part(each, of) for each in node.selections]
        if self.chance(0.2):
            parts.insert(self.dice.randrange(len(parts) + 1), self.typename())
        if self.chance(0.15):
            parts.insert(self.dice.randrange(len(parts) + 1), self.again(self.dice.choice(parts)))
        if self.chance(0.35):
            parts = self.gathered(parts, of)
        return SelectionSetNode(selections=tuple(parts))

    def part(self, node: SelectionNode, of: Any) -> SelectionNode:
        if isinstance(node, FieldNode):
            return self.field_of(node, of)
        assert isinstance(node, InlineFragmentNode)
        condition = node.type_condition
        named = of if condition is None else self.schema.get_type(condition.name.value)
        return InlineFragmentNode(
            type_condition=condition,
            directives=self.conditions(),
            selection_set=self.selections(node.selection_set, named),
        )

    def typename(self) -> FieldNode:
        alias = NameNode(value="kind_of_it") if self.chance(0.5) else None
        return FieldNode(alias=alias, name=NameNode(value="__typename"), directives=())

    def field_of(self, node: FieldNode, of: Any) -> FieldNode:
        name = node.name.value
        definition = self.schema.get_field(of, name)
        assert definition is not None
        inner = node.selection_set
        if inner is not None:
            inner = self.selections(inner, get_named_type(definition.type))
        arguments = tuple(
            self.argument(each, definition.args[each.name.value]) for each in node.arguments or ()
        )
        return FieldNode(
            alias=self.alias(node, of),
            name=node.name,
            arguments=arguments,
            directives=self.conditions(),
            selection_set=inner,
        )

    def alias(self, node: FieldNode, of: Any) -> NameNode | None:
        """One that merges with nothing but the same field asked the same."""
        name = node.name.value
        if node.alias or name in self.unaliased or self.chance(0.85):
            return node.alias
        asked = " ".join(map(print_ast, node.arguments or ()))
        return NameNode(value=f"{name}_of_{of.name}_{crc32(asked.encode())}")

    def argument(self, node: ArgumentNode, definition: GraphQLArgument) -> ArgumentNode:
        if self.chance(0.6):
            return node
        name = f"v{len(self.definitions)}"
        self.definitions[name] = self.variable(name, node, definition)
        return ArgumentNode(name=node.name, value=VariableNode(name=NameNode(value=name)))

    def variable(self, name: str, node: ArgumentNode, definition: GraphQLArgument) -> str:
        """The definition of an argument's variable: one with a value, a default, or neither.

        Where there is a default, null is valid for a type that forbids it, and fails when it runs.
        """
        type_, value = str(definition.type), value_from_ast_untyped(node.value)
        if self.chance(0.6):
            self.variables[name] = value
            return type_
        if self.chance(0.3):
            self.variables[name] = None
        if not type_.endswith("!") and (value is None or self.chance(0.5)):
            return type_
        return f"{type_.removesuffix('!')} = {print_ast(node.value)}"

    def conditions(self) -> tuple[DirectiveNode, ...]:
        names = [name for name in ("skip", "include") if self.chance(0.07)]
        return tuple(self.condition(name) for name in names)

    def condition(self, name: str) -> DirectiveNode:
        value: Any = BooleanValueNode(value=self.chance(0.5))
        if self.chance(0.6):
            variable = self.dice.choice(("yes", "no"))
            self.definitions[variable] = "Boolean!"
            self.variables.setdefault(variable, self.chance(0.5))
            value = VariableNode(name=NameNode(value=variable))
        argument = ArgumentNode(name=NameNode(value="if"), value=value)
        return DirectiveNode(name=NameNode(value=name), arguments=(argument,))

    def again(self, node: SelectionNode) -> SelectionNode:
        """A second time, to be merged: whole or in part, perhaps under a condition."""
        if isinstance(node, FragmentSpreadNode):
            return node
        assert isinstance(node, FieldNode | InlineFragmentNode)
        whole, conditions = node.selection_set, self.conditions()
        if whole is None:
            return replace(node, directives=conditions)
        kept = self.dice.sample(whole.selections, self.dice.randint(1, len(whole.selections)))
        part = SelectionSetNode(selections=tuple(kept))
        return replace(node, selection_set=part, directives=conditions)

    def gathered(self, parts: Sequence[SelectionNode], of: Any) -> list[SelectionNode]:
        """Some of the parts in a fragment: inline, or named and spread once or twice."""
        start = self.dice.randrange(len(parts))
        end = self.dice.randint(start + 1, len(parts))
        body = SelectionSetNode(selections=tuple(parts[start:end]))
        on = NamedTypeNode(name=NameNode(value=of.name))
        if self.chance(0.5):
            inline = InlineFragmentNode(
                type_condition=on if self.chance(0.5) else None,
                directives=self.conditions(),
                selection_set=body,
            )
            return [*parts[:start], inline, *parts[end:]]
        name = NameNode(value=f"F{len(self.fragments)}")
        self.fragments.append(
            FragmentDefinitionNode(name=name, type_condition=on, directives=(), selection_set=body)
        )
        spread = FragmentSpreadNode(name=name, directives=self.conditions())
        return [*parts[:start], spread, *parts[end:], *([spread] if self.chance(0.2) else [])]
