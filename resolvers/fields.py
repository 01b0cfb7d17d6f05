"""How a field is declared here: described, and with the scope it needs printed and enforced."""

from collections.abc import Callable
from functools import wraps
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import Undefined
from graphql.pyutils import UndefinedType
from strawberry import BasePermission
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from app.policies import Scope
from resolvers.permissions import PERSON, NeedsOwn, needs, needs_agency, scopes_of


def plain(description: str) -> Any:
    """A field read as it stands from the row or object behind it."""
    return strawberry.field(description=description)


def plain_scoped(scope: Scope, description: str) -> Any:
    """The same, for the citizen and for agencies with the scope."""
    return strawberry.federation.field(
        description=description,
        permission_classes=[needs(scope)],
        requires_scopes=scopes_of(scope),
    )


def page_of(*arguments: str) -> ListSize:
    """The size of a connection: what these arguments ask for."""
    return ListSize(
        assumed_size=_unsaid(),
        slicing_arguments=list(arguments),
        sized_fields=["edges", "nodes"],
        require_one_slicing_argument=False,
    )


def at_most(size: int) -> ListSize:
    """The size of a list that is never longer."""
    return ListSize(
        assumed_size=size,
        slicing_arguments=_unsaid(),
        sized_fields=_unsaid(),
        require_one_slicing_argument=False,
    )


def _unsaid() -> Any:
    """Not printed; None would be printed as null, on which a composer stumbles."""
    return UNSET


def resolved(
    description: str,
    *,
    gives: Any = None,
    scope: Scope | None = None,
    own: bool = False,
    agency: Scope | None = None,
    inaccessible: bool = False,
    cost: Cost | ListSize | None = None,
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A field with a resolver. `gives`: the GraphQL type, where the resolver returns its row.

    `scope`: for the citizen and for agencies that have it; `own`: for the citizen alone; `agency`:
    for agencies that have the scope, alone; `cost`: what it costs, or how many its list holds.
    """
    permissions: list[type[BasePermission]] = []
    scopes: list[list[str]] = []
    if own:
        permissions, scopes = [NeedsOwn], [[PERSON]]
    elif agency is not None:
        permissions, scopes = [needs_agency(agency)], [[agency.value]]
    elif scope is not None:
        permissions, scopes = [needs(scope)], scopes_of(scope)

    def declare(resolver: Callable[..., Any]) -> StrawberryField:
        field: StrawberryField = strawberry.federation.field(
            resolver=resolver,
            description=description,
            graphql_type=gives,
            permission_classes=permissions,
            requires_scopes=scopes,
            inaccessible=inaccessible,
            directives=[] if cost is None else [cost],
        )
        return field

    return declare


def together(many: Callable[..., Any]) -> Callable[..., Any]:
    """A resolver that is asked for all objects of a level at once.

    `many` has the objects as its parent and gives as many values or exceptions, or an awaitable of
    them. Where a library knows single objects alone, it is called with one.
    """

    @wraps(many)
    async def one(roots: Any, info: Any, **arguments: Any) -> Any:
        given = many([roots], info, **arguments)
        (value,) = await given if isawaitable(given) else given
        if isinstance(value, Exception):
            raise value
        return value

    vars(one)["together"] = many
    return one


def at_hand(known: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Of a resolver that is asked together: what spares asking it.

    `known` gets `info` and by name the arguments, once for the objects of a level, and gives what
    gives the value of one of them where it was brought before, else `Undefined`.
    """
    return _marked("at_hand", known)


def not_at_hand(_root: object) -> UndefinedType:
    """Where nothing was brought before."""
    return Undefined


def expects(tell: Callable[..., None]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Of a resolver: what is told before an operation runs that it will be asked.

    `tell` gets `info`, the arguments of the field above, and by name its own. A library that looks
    no further than its field tells nothing, so no value may depend on it.
    """
    return _marked("expect", tell)


def _marked(name: str, value: object) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def mark(resolver: Callable[..., Any]) -> Callable[..., Any]:
        vars(resolver)[name] = value
        return resolver

    return mark
