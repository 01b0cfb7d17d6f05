"""A thin Strawberry skin over app.policies: what a field needs, enforced and printed."""

from collections.abc import Sequence
from typing import Any

from strawberry import BasePermission

from app.accountability import CATEGORIES, Category
from app.errors import Forbidden, Unauthenticated
from app.policies import Decision, Refused, Scope, may_read_own, may_use, may_work
from app.viewer import Anonymous, CitizenViewer
from resolvers.context import Info

# A person's token is one of OpenID Connect and so has `openid`; an agency's never has.
PERSON = "openid"


def scopes_of(scope: Scope) -> list[list[str]]:
    """For `@requiresScopes`: a person who signed in, or an agency with the scope."""
    return [[PERSON], [scope.value]]


class _Permission(BasePermission):
    """Asked for one source, as Strawberry does, or once for all of a level."""

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002 - the library's signature
        self.demand_for_all((source,), info)
        return True

    def demand_for_all(self, sources: Sequence[Any], info: Info) -> bool:
        """Raises where the viewer may not, which never depends on the source; whether none of the
        other sources of this run has to be shown."""
        raise NotImplementedError


class _Needs(_Permission):
    """A field of a citizen, of their entitlement or payment: each source knows whose it is."""

    scope: Scope
    category: Category | None

    def demand_for_all(self, sources: Sequence[Any], info: Info) -> bool:
        context = info.context
        if self.scope not in context.allowed:
            _demand(info, may_use(context.viewer, self.scope))
            context.allowed.add(self.scope)
        if self.category is None or isinstance(context.viewer, CitizenViewer):
            return True
        context.note_reads((source.citizen_id for source in sources), self.category)
        return False


class NeedsOwn(_Permission):
    """A field for the citizen's own eyes alone."""

    def demand_for_all(self, sources: Sequence[Any], info: Info) -> bool:  # noqa: ARG002 - whoever it is
        _demand(info, may_read_own(info.context.viewer))
        return True


class _NeedsAgency(_Permission):
    """A root field for agencies with a scope; nothing of a citizen is behind it."""

    scope: Scope

    def demand_for_all(self, sources: Sequence[Any], info: Info) -> bool:  # noqa: ARG002 - whoever it is
        _demand(info, may_work(info.context.viewer, self.scope))
        return True


def _demand(info: Info, decision: Decision) -> None:
    if isinstance(decision, Refused):
        kind = Unauthenticated if isinstance(info.context.viewer, Anonymous) else Forbidden
        raise kind(decision.reason)


def needs(scope: Scope) -> type[BasePermission]:
    """The permission class of a scope."""
    return _CLASSES[scope]


def needs_agency(scope: Scope) -> type[BasePermission]:
    """The permission class of a scope of agencies alone."""
    name = f"NeedsAgency{scope.name.title().replace('_', '')}"
    return type(name, (_NeedsAgency,), {"scope": scope})


_CLASSES: dict[Scope, type[_Needs]] = {
    scope: type(
        f"Needs{scope.name.title().replace('_', '')}",
        (_Needs,),
        {"scope": scope, "category": CATEGORIES.get(scope)},
    )
    for scope in Scope
}
