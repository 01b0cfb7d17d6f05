"""How a field is declared here: described, and with the scope it needs printed and enforced."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry import BasePermission
from strawberry.types.field import StrawberryField

from app.policies import Scope
from resolvers.permissions import PERSON, NeedsOwn, needs, scopes_of


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
    own: bool = False,
    inaccessible: bool = False,
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A field with a resolver. `gives`: the GraphQL type, where the resolver returns its row.

    `scope`: for the citizen and for agencies that have it; `own`: for the citizen alone.
    """
    permissions: list[type[BasePermission]] = []
    scopes: list[list[str]] = []
    if own:
        permissions, scopes = [NeedsOwn], [[PERSON]]
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
        )
        return field

    return declare
