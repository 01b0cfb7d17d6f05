"""How large a document is written, with its fragments followed, before anything is validated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from app.limits.limits import Limits
from app.limits.refusal import Code, number, refusal


@dataclass(frozen=True, slots=True)
class Shape:
    """What an operation or a part of one counts; `fields` are those of its first level."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    repeats: int = 0  # fields whose name their object already has: validation compares all pairs
    names: frozenset[str] = frozenset()

    def beside(self, other: "Shape") -> "Shape":
        return Shape(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
            self.repeats + other.repeats + len(self.names & other.names),
            self.names | other.names,
        )


_NOTHING = Shape()


def shape_errors(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """One refusal for each limit that an operation of the document is over.

    Where there is none, the same of its fragments: validation reads also those that nothing
    spreads, and each of two of one name.
    """
    measure = _Measure(document)
    try:
        found = _refusals(map(measure.operation, operations(document)), limits)
        return found or _refusals(measure.definitions(document), limits)
    except RecursionError:
        # A chain of fragments, each of which only spreads the next.
        message = "Fragments within fragments: nested deeper than can be read."
        return [refusal(Code.DEPTH, message)]


def _refusals(shapes: Iterable[Shape], limits: Limits) -> list[GraphQLError]:
    return [error for shape in shapes for error in _excesses(shape, limits)]


def operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]


def name_of(operation: OperationDefinitionNode) -> str | None:
    """The operation's name; None where it has none."""
    return operation.name.value if operation.name else None


def fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The document's fragments by name."""
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def _excesses(shape: Shape, limits: Limits) -> Iterator[GraphQLError]:
    for code, what, found, limit in (
        (Code.DEPTH, "Depth", shape.depth, limits.max_depth),
        (Code.ALIASES, "Aliases", shape.aliases, limits.max_aliases),
        (Code.DIRECTIVES, "Directives", shape.directives, limits.max_directives),
        (Code.ROOT_FIELDS, "Root fields", shape.fields, limits.max_root_fields),
        (Code.REPEATED_FIELDS, "Repeated fields", shape.repeats, limits.max_repeated_fields),
    ):
        if found > limit:
            yield refusal(code, f"{what}: at most {number(limit)}, found {number(found)}.")


class _Measure:
    """Measures each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = fragments(document)
        self._known: dict[str, Shape] = {}

    def operation(self, node: OperationDefinitionNode) -> Shape:
        own = len(node.directives or ())
        of_variables = sum(len(each.directives or ()) for each in node.variable_definitions or ())
        return self._set(node.selection_set).beside(Shape(directives=own + of_variables))

    def definitions(self, document: DocumentNode) -> Iterator[Shape]:
        """Of each fragment; its fields are no root fields."""
        for each in document.definitions:
            if isinstance(each, FragmentDefinitionNode):
                yield replace(self._definition(each), fields=0)

    def _set(self, node: SelectionSetNode) -> Shape:
        whole = _NOTHING
        for selection in node.selections:
            whole = whole.beside(self._selection(selection))
        return whole

    def _selection(self, node: SelectionNode) -> Shape:
        own = Shape(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return own.beside(self._field(node))
        if isinstance(node, InlineFragmentNode):
            return own.beside(self._set(node.selection_set))
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self._fragment(node.name.value))
        return own

    def _field(self, node: FieldNode) -> Shape:
        inner = self._set(node.selection_set) if node.selection_set else _NOTHING
        aliases = inner.aliases + (node.alias is not None)
        name = (node.alias or node.name).value
        return Shape(
            inner.depth + 1, aliases, inner.directives, 1, inner.repeats, frozenset((name,))
        )

    def _fragment(self, name: str) -> Shape:
        if name not in self._known:
            self._known[name] = _NOTHING  # a cycle ends here; validation refuses it by name
            self._known[name] = self._definition(self._fragments.get(name))
        return self._known[name]

    def _definition(self, fragment: FragmentDefinitionNode | None) -> Shape:
        if fragment is None:
            return _NOTHING
        directives: Sequence[object] = fragment.directives or ()
        return self._set(fragment.selection_set).beside(Shape(directives=len(directives)))
