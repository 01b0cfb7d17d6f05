"""`@cost` and `@listSize` of a schema, read from the SDL that everybody else reads."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import ConstDirectiveNode, ObjectTypeDefinitionNode, parse, value_from_ast_untyped

Place = tuple[str, str]  # a type and one of its fields

_ENTITIES: Place = ("Query", "_entities")  # composers refuse directives on it, so it is said here


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many a list holds: the largest of `slicing`, else `assumed`; also of the fields `sized`
    of the object, where the field gives a connection."""

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized: frozenset[str] = frozenset()

    @classmethod
    def read(cls, arguments: Mapping[str, object]) -> "ListSize":
        assumed = arguments.get("assumedSize")
        return cls(
            assumed if isinstance(assumed, int) else None,
            _names(arguments.get("slicingArguments")),
            frozenset(_names(arguments.get("sizedFields"))),
        )


@dataclass(slots=True)
class CostTable:
    """What the schema says of costs. A field's weight takes the place of its type's."""

    sizes: dict[Place, ListSize] = field(default_factory=dict)
    weights: dict[Place, int] = field(default_factory=dict)
    longest_page: int = sys.maxsize

    @classmethod
    def of(cls, sdl: str, longest_page: int) -> "CostTable":
        """From a printed schema. A page longer than `longest_page` is refused by its own field."""
        sizes = {_ENTITIES: ListSize(slicing=("representations",))}
        table = cls(sizes, longest_page=longest_page)
        for definition in parse(sdl).definitions:
            if isinstance(definition, ObjectTypeDefinitionNode):
                for each in definition.fields or ():
                    place = (definition.name.value, each.name.value)
                    table._note(place, each.directives or ())
        return table

    def _note(self, place: Place, directives: Iterable[ConstDirectiveNode]) -> None:
        for directive in directives:
            arguments = {
                each.name.value: value_from_ast_untyped(each.value)
                for each in directive.arguments or ()
            }
            if directive.name.value == "listSize":
                self.sizes[place] = ListSize.read(arguments)
            elif directive.name.value == "cost":
                self.weights[place] = int(arguments["weight"])


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
