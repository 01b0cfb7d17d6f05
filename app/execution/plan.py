"""What a plan is: for each object type met on the way the fields that are asked of it, in order."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLOutputType

from app.execution.leaves import Leaf

Convert = Callable[[dict[str, Any]], dict[str, Any]]
# Of sources and info; raises where they may not be read. True: no others of the run need be shown.
Guard = Callable[[Sequence[Any], Any], object]
Together = Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]
Expect = Callable[..., None]
Check = Callable[[Any, Any], bool]
Choose = Callable[[Any, Any], str | None]
Condition = tuple[tuple[str, bool], ...]  # variables and what each has to be; () always holds


class Kind(IntEnum):
    """What a type is without its non-null."""

    LEAF = 0
    OBJECT = 1
    ABSTRACT = 2
    LIST = 3


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field's value as an attribute of its source. `guard`: as that of a call."""

    name: str
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A field's value by a function of its source, what its run gives as info, and arguments.

    `convert`: from the arguments as GraphQL has them to those of the function. `guard`: raises
    where none of these sources may be asked. `together`: the same for many sources at once, a value
    or an exception for each, or an awaitable of them. `at_hand`: of info and arguments, what gives
    the value of a source for which nobody has to be asked any more, else `Undefined`; the others
    are asked together. `expect`: is
    told before the run, where no condition stands before the field, that it will be called: info,
    the arguments of the field above, and by name its own. `plain`: the arguments that are converted
    to themselves, by their name in GraphQL that of the function. `awaited`: the function gives an
    awaitable.
    """

    function: Callable[..., Any]
    convert: Convert | None = None
    guard: Guard | None = None
    together: Together | None = None
    at_hand: Callable[..., Any] | None = None
    expect: Expect | None = None
    plain: Mapping[str, str] = dataclasses.field(default_factory=dict)
    awaited: bool = False


@dataclass(slots=True, eq=False)
class TypePlan:
    """How a value of a type becomes a part of the answer."""

    type: GraphQLOutputType
    kind: Kind
    nullable: bool
    field: "FieldPlan"
    leaf: Leaf | None = None  # how a leaf is written
    of: "TypePlan | None" = None  # of a list
    check: Check | None = None  # of an object type: whether a value is of it, if that is a question
    choose: Choose | None = None  # of an abstract type: the object type's name, where it is sure
    quick: bool = False  # no value's place has to be known, so nobody asks for info
    selections: dict[str, "SelectionPlan"] = dataclasses.field(
        default_factory=dict
    )  # by object type
    selection: "SelectionPlan" = dataclasses.field(init=False)  # of an object type: its only one

    @property
    def simple(self) -> bool:
        """Whether it is an object that can join its level without a look at where it stands."""
        return self.kind is Kind.OBJECT and self.quick and not self.selection.placed

    @property
    def innermost(self) -> "TypePlan":
        """What a list is of in the end."""
        return self if self.of is None else self.of.innermost


@dataclass(slots=True, eq=False)
class Occurrence:
    """A field as it stands in the document once, and when it counts."""

    node: FieldNode
    condition: Condition


@dataclass(frozen=True, slots=True)
class Varying:
    """An argument of a call that is a variable's value as it stands."""

    name: str  # as the function has it
    variable: str
    nullable: bool


@dataclass(slots=True, eq=False)
class FieldPlan:
    """One response key of a selection, whatever number of times the document names it."""

    key: str
    definition: GraphQLField
    parent_type: GraphQLObjectType
    occurrences: list[Occurrence] = dataclasses.field(default_factory=list)
    typename: bool = False
    attribute: Attribute | None = None  # the value without a resolver
    call: Call | None = None  # the value without a wrapped resolver
    resolve: Callable[..., Any] | None = None
    varying: "Sequence[Varying] | None" = None  # of a call, its arguments that are variables
    fixed_arguments: dict[str, Any] | None = None  # of a call, the others once they were needed
    type: TypePlan = dataclasses.field(init=False)

    @property
    def nodes(self) -> list[FieldNode]:
        return [each.node for each in self.occurrences]

    @property
    def guard(self) -> Guard | None:
        """What stands before its value."""
        behind = self.attribute or self.call
        return None if behind is None else behind.guard


ActiveFields = Sequence[tuple[FieldPlan, list[FieldNode]]]


@dataclass(slots=True, eq=False)
class SelectionPlan:
    """The fields asked of one object type, in the order of the answer.

    `order` names the keys as often as the document does, where conditions decide which comes first.
    `placed`: somebody asks where the objects stand. Where nobody does, one that is met several
    times is answered once.
    """

    type: GraphQLObjectType
    fields: dict[str, FieldPlan]
    order: Sequence[tuple[str, Occurrence]]
    always: ActiveFields | None  # the fields, where no condition has to be asked
    placed: bool
    runs: int = 0  # how often it was run, while it had no steps
    steps: Sequence[Any] | None = None  # `always`, as `filling` has it

    def active(self, variables: Mapping[str, Any]) -> ActiveFields:
        """The fields that count with these variables, each with the nodes that do."""
        found: dict[str, list[FieldNode]] = {}
        for key, occurrence in self.order:
            if all(variables[name] is wanted for name, wanted in occurrence.condition):
                found.setdefault(key, []).append(occurrence.node)
        return [(self.fields[key], nodes) for key, nodes in found.items()]


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A field that is told before the run, and the field above it."""

    tell: Expect
    field: FieldPlan
    above: FieldPlan | None


@dataclass(slots=True, eq=False)
class Plan:
    """One operation, compiled."""

    root: SelectionPlan
    serial: bool
    expected: Sequence[Expected]
    asked: frozenset[str]  # the schema coordinates of the fields that it may ask
