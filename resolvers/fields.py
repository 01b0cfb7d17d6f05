"""How a field is declared here: described, and with the scope it needs printed and enforced."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from app.policies import Scope
from resolvers.permissions import needs, scopes_of


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


def resolved(
    description: str,
    *,
    gives: Any = None,
    scope: Scope | None = None,
    inaccessible: bool = False,
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A field with a resolver. `gives`: the GraphQL type, where the resolver returns its row."""

    def declare(resolver: Callable[..., Any]) -> StrawberryField:
        field: StrawberryField = strawberry.federation.field(
            resolver=resolver,
            description=description,
            graphql_type=gives,
            permission_classes=[] if scope is None else [needs(scope)],
            requires_scopes=[] if scope is None else scopes_of(scope),
            inaccessible=inaccessible,
        )
        return field

    return declare
