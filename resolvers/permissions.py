"""A thin Strawberry skin over app.policies: what a field needs, enforced and printed."""

from typing import Any

from strawberry import BasePermission

from app.errors import Forbidden, Unauthenticated
from app.policies import Refused, Scope, may_use
from app.viewer import Anonymous
from resolvers.context import Info

# A person's token is one of OpenID Connect and so has `openid`; an agency's never has.
PERSON = "openid"


def scopes_of(scope: Scope) -> list[list[str]]:
    """For `@requiresScopes`: a person who signed in, or an agency with the scope."""
    return [[PERSON], [scope.value]]


class _Needs(BasePermission):
    scope: Scope

    def has_permission(self, source: object, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002 - the library's signature
        viewer = info.context.viewer
        decision = may_use(viewer, self.scope)
        if isinstance(decision, Refused):
            kind = Unauthenticated if isinstance(viewer, Anonymous) else Forbidden
            raise kind(decision.reason)
        return True


def needs(scope: Scope) -> type[BasePermission]:
    """The permission class of a scope."""
    return _CLASSES[scope]


_CLASSES: dict[Scope, type[_Needs]] = {
    scope: type(f"Needs{scope.name.title().replace('_', '')}", (_Needs,), {"scope": scope})
    for scope in Scope
}
