"""Documents at random for any schema: aliases, fragments, merged fields, conditions, arguments."""

import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    parse,
    validate,
)


@dataclass
class Document:
    """A valid document and the values of its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class Writer:
    """Writes one document of a schema."""

    schema: GraphQLSchema
    dice: random.Random
    fragments: list[str] = field(default_factory=list)
    spreads: dict[str, list[str]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def document(self, kind: str = "query") -> Document | None:
        """None where chance made one that is not valid."""
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        body = self.selection(root, 0)
        given = ", ".join(f"${name}: {type_}" for name, type_ in self.definitions.items())
        head = f"{kind} Asked({given})" if given else f"{kind} Asked"
        text = "\n".join([f"{head} {body}", *self.fragments])
        if validate(self.schema, parse(text)):
            return None
        return Document(text, self.variables)

    def selection(self, of: Any, depth: int) -> str:
        parts = [self.part(of, depth) for _ in range(self.dice.randint(1, 3))]
        return "{ " + " ".join(parts) + " }"

    def part(self, of: Any, depth: int) -> str:
        chance = self.dice.random()
        if chance < 0.12:
            return f"...{self.on(of)}{self.condition()} {self.selection(of, depth + 1)}"
        if chance < 0.2:
            return self.spread(of, depth)
        if chance < 0.25 or not self.fields(of, depth):
            return f"{self.alias()}__typename{self.condition()}"
        return self.field(of, depth)

    def on(self, of: Any) -> str:
        return self.dice.choice(("", f" on {of.name}"))

    def spread(self, of: Any, depth: int) -> str:
        known = self.spreads.setdefault(of.name, [])
        if known and self.dice.random() < 0.5:
            return f"...{self.dice.choice(known)}{self.condition()}"
        if is_abstract_type(of) and self.dice.random() < 0.7:
            of = self.dice.choice(list(self.schema.get_possible_types(of)))
        name = f"F{len(self.fragments) + sum(map(len, self.spreads.values()))}"
        body = self.selection(of, depth + 1)
        self.fragments.append(f"fragment {name} on {of.name} {body}")
        self.spreads.setdefault(of.name, []).append(name)
        return f"...{name}{self.condition()}"

    def fields(self, of: Any, depth: int) -> list[str]:
        return [
            name
            for name, each in getattr(of, "fields", {}).items()
            if depth < 4 or is_leaf_type(get_named_type(each.type))
        ]

    def field(self, of: Any, depth: int) -> str:
        name = self.dice.choice(self.fields(of, depth))
        definition = of.fields[name]
        named = get_named_type(definition.type)
        inner = "" if is_leaf_type(named) else f" {self.inner(named, depth)}"
        arguments = self.arguments(definition)
        return f"{self.alias(name, arguments)}{name}{arguments}{self.condition()}{inner}"

    def inner(self, named: Any, depth: int) -> str:
        if is_abstract_type(named) and self.dice.random() < 0.7:
            kinds = self.schema.get_possible_types(named)
            chosen = self.dice.sample(list(kinds), self.dice.randint(1, len(kinds)))
            parts = [f"... on {kind.name} {self.selection(kind, depth + 1)}" for kind in chosen]
            return "{ __typename " + " ".join(parts) + " }"
        return self.selection(named, depth + 1)

    def alias(self, name: str = "is", arguments: str = "") -> str:
        """One that merges with nothing but the same field asked the same."""
        if arguments:
            known = self.asked.setdefault(name + arguments, len(self.asked))
            return f"{name}_{known}: "
        return f"{self.dice.choice('ab')}_{name}: " if self.dice.random() < 0.2 else ""

    def condition(self) -> str:
        if self.dice.random() < 0.8:
            return ""
        name = self.dice.choice(("skip", "include"))
        if self.dice.random() < 0.4:
            return f" @{name}(if: {self.dice.choice(('true', 'false'))})"
        variable = self.dice.choice(("yes", "no"))
        self.definitions[variable] = "Boolean!"
        self.variables[variable] = self.variables.get(variable, self.dice.random() < 0.5)
        return f" @{name}(if: ${variable})"

    def arguments(self, definition: Any) -> str:
        written = []
        for name, argument in definition.args.items():
            needed = isinstance(argument.type, GraphQLNonNull) and argument.default_value is None
            if needed or self.dice.random() < 0.4:
                written.append(f"{name}: {self.argument(argument.type)}")
        return f"({', '.join(written)})" if written else ""

    def argument(self, type_: Any) -> str:
        if self.dice.random() < 0.3:
            variable = f"v{len(self.definitions)}"
            self.definitions[variable] = str(type_)
            self.variables[variable] = self.value(type_)
            return f"${variable}"
        return self.literal(self.value(type_), type_)

    def value(self, type_: Any, depth: int = 0) -> Any:
        if isinstance(type_, GraphQLNonNull):
            value = self.value(type_.of_type, depth)
            return self.value(type_, depth) if value is None else value
        if self.dice.random() < 0.15:
            return None
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, depth) for _ in range(self.dice.randrange(3))]
        if isinstance(type_, GraphQLEnumType):
            return self.dice.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self.value(each.type, depth + 1)
                for name, each in type_.fields.items()
                if depth < 2 and self.dice.random() < 0.6
            }
        return {"Int": 2, "Boolean": True, "Float": 1.5}.get(str(type_), "text")

    def literal(self, value: Any, type_: Any) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self.literal(value, type_.of_type)
        if value is None:
            return "null"
        if isinstance(type_, GraphQLList):
            return "[" + ", ".join(self.literal(each, type_.of_type) for each in value) + "]"
        if isinstance(type_, GraphQLEnumType):
            return str(value)
        if isinstance(type_, GraphQLInputObjectType):
            fields = type_.fields
            written = (f"{name}: {self.literal(v, fields[name].type)}" for name, v in value.items())
            return "{" + ", ".join(written) + "}"
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int | float) else f'"{value}"'


def valid_document(schema: GraphQLSchema, seed: str, kind: str = "query") -> Document:
    """The first valid one that follows from a seed."""
    attempt = 0
    while True:
        found = Writer(schema, random.Random(f"{seed}/{attempt}")).document(kind)  # noqa: S311
        if found is not None:
            return found
        attempt += 1
