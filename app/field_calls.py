"""Strawberry's fields as plain calls: what its wrappers do for each value, done once for a field.

A field with a resolver, permissions or both becomes one function of its source. Whatever else a
field may have (other extensions, permissions that are awaited) stays Strawberry's.
"""

import inspect
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from graphql import GraphQLField
from strawberry import BasePermission
from strawberry.permission import PermissionExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from app.execution.plan import Call, Read

_Permissions = Sequence[BasePermission]
_Function = Callable[..., Any]


class ContextInfo:
    """What a called resolver knows of its request: the context, and nothing of its place."""

    __slots__ = ("context",)

    def __init__(self, context: Any) -> None:
        self.context = context


class FieldCalls:
    """Reads and calls of the fields of one schema."""

    def __init__(self, config: StrawberryConfig, scalars: Any) -> None:
        self._config = config
        self._scalars = scalars

    def read_of(self, field: GraphQLField) -> Read | None:
        """How the value is read that Strawberry would read as an attribute of its source."""
        definition = _definition(field)
        if definition is None or not definition.is_basic_field:
            return None
        return attrgetter(definition.python_name)

    def call_of(self, field: GraphQLField) -> Call | None:
        """The field as a call; None where Strawberry has to resolve it."""
        definition = _definition(field)
        if definition is None or definition.is_basic_field or definition.is_subscription:
            return None  # a subscription's value is its event; its resolver made the stream
        permissions = _permissions(definition)
        if permissions is None:
            return None
        resolver = definition.base_resolver
        if resolver is None:
            read = attrgetter(definition.python_name)
            return Call(_guarded(permissions, lambda source, _info: read(source)), None)
        function = _of_source_and_info(resolver)
        if function is None:
            return None
        return Call(_guarded(permissions, function), self._converter(definition))

    def _converter(self, definition: StrawberryField) -> Callable[[dict[str, Any]], Any] | None:
        """From GraphQL's arguments to those of the resolver."""
        arguments = definition.arguments
        if not arguments:
            return None

        def convert(given: dict[str, Any]) -> dict[str, Any]:
            return convert_arguments(
                given, arguments, scalar_registry=self._scalars, config=self._config
            )

        return convert


def _definition(field: GraphQLField) -> StrawberryField | None:
    definition = field.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryField) else None


def _permissions(definition: StrawberryField) -> _Permissions | None:
    found: list[BasePermission] = []
    for extension in definition.extensions:
        if type(extension) is not PermissionExtension or extension.fail_silently:
            return None
        if not extension.supports_sync:
            return None
        found += extension.permissions
    return found


def _of_source_and_info(resolver: StrawberryResolver[Any]) -> _Function | None:
    """The resolver's function as one of (source, info) and its arguments by name."""
    function = resolver.wrapped_func
    if not callable(function) or resolver.self_parameter or inspect.isasyncgenfunction(function):
        return None
    parent = resolver.parent_parameter or resolver.root_parameter
    info = resolver.info_parameter
    names = [each.name for each in (parent, info) if each is not None]
    if list(inspect.signature(function).parameters)[: len(names)] != names:
        return None
    if parent is not None and info is not None:
        return function
    if parent is not None:
        return lambda source, _info, **arguments: function(source, **arguments)
    if info is not None:
        return lambda _source, info, **arguments: function(info, **arguments)
    return lambda _source, _info, **arguments: function(**arguments)


def _guarded(permissions: _Permissions, function: _Function) -> _Function:
    if not permissions:
        return function

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        for permission in permissions:
            if permission.has_permission(source, info, **arguments) is not True:
                permission.on_unauthorized()
                raise PermissionError  # it should have raised; nothing may be given
        return function(source, info, **arguments)

    return guarded
