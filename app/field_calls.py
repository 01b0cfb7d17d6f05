"""Strawberry's fields as plain calls: what its wrappers do for each value, done once for a field.

A field with a resolver, permissions or both becomes one function of its source. Whatever else a
field may have (other extensions, permissions that are awaited) stays Strawberry's.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from graphql import GraphQLAbstractType, GraphQLField, GraphQLObjectType, GraphQLUnionType
from strawberry import BasePermission
from strawberry.permission import PermissionExtension
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import (
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from app.execution.plan import Attribute, Call, Check, Choose, Convert, Guard

# What a permission has that can be asked once for a level: `Guard`.
FOR_ALL = "demand_for_all"
# What the function of a resolver has that can be called once for a level: `Together`.
TOGETHER = "together"
# What it has beside that, where some values may be there without: `Call.at_hand`.
AT_HAND = "at_hand"
# What any of them has that is told before the run: `Call.expect`.
EXPECT = "expect"


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
        self._guards: dict[tuple[object, ...], Guard] = {}

    def read_of(self, field: GraphQLField) -> Attribute | None:
        """The attribute that Strawberry would read from the source, if only permissions stand
        before it that can be asked once for a level."""
        definition = _definition(field)
        if definition is None or definition.base_resolver is not None:
            return None
        if definition.is_subscription:
            return None
        permissions = _permissions(definition)
        if permissions is None or not _for_all(permissions):
            return None
        return Attribute(definition.python_name, self._guard(permissions))

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
            return self._call(permissions, lambda source, _info: read(source))
        function = _of_source_and_info(resolver)
        if function is None:
            return None
        plain = self._plain_arguments(definition)
        call = replace(
            self._call(permissions, function),
            convert=self._converter(definition, plain),
            plain=plain,
            expect=getattr(resolver.wrapped_func, EXPECT, None),
            awaited=resolver.is_async,
        )
        if not _for_all(permissions):
            return call
        wrapped = resolver.wrapped_func
        together, at_hand = (getattr(wrapped, name, None) for name in (TOGETHER, AT_HAND))
        return replace(call, together=together, at_hand=at_hand)

    def _call(self, permissions: _Permissions, function: _Function) -> Call:
        """With the permissions asked once for a level, where they all can be."""
        if _for_all(permissions):
            return Call(function, guard=self._guard(permissions))
        return Call(_guarded(permissions, function))

    def _guard(self, permissions: _Permissions) -> Guard | None:
        """One and the same for all fields that the same permissions stand before."""
        same = tuple(each if vars(each) else type(each) for each in permissions)
        if same and same not in self._guards:
            self._guards[same] = _all_of([getattr(each, FOR_ALL) for each in permissions])
        return self._guards.get(same)

    def check_of(self, type_: GraphQLObjectType) -> Check | None:
        """The type's own `is_type_of`; Strawberry's looks at more than the value."""
        definition = _type_definition(type_)
        check = None if definition is None else definition.is_type_of
        return None if check is None or inspect.iscoroutinefunction(check) else check

    def choose_of(self, type_: GraphQLAbstractType) -> Choose | None:
        """The first type of a union whose own `is_type_of` says so, as Strawberry asks them."""
        if not isinstance(type_, GraphQLUnionType):
            return None
        checks = [(str(each.name), self.check_of(each)) for each in type_.types]
        sure = [(name, check) for name, check in checks if check is not None]
        if len(sure) < len(checks):
            return None

        def choose(value: Any, info: Any) -> str | None:
            if hasattr(value, TYPE_CAST_ATTRIBUTE) or has_object_definition(value):
                return None
            for name, check in sure:
                if check(value, info):
                    return name
            return None

        return choose

    def _plain_arguments(self, definition: StrawberryField) -> dict[str, str]:
        """Those of a leaf type: Strawberry gives their values as they are."""
        return {
            self._config.name_converter.from_argument(each): each.python_name
            for each in definition.arguments
            if self._is_leaf(each.type)
        }

    def _is_leaf(self, type_: Any) -> bool:
        if type(type_) is StrawberryOptional:
            return self._is_leaf(type_.of_type)
        return type_ is not GlobalID and (
            isinstance(type_, StrawberryEnumDefinition)
            or has_enum_definition(type_)
            or is_scalar(type_, self._scalars)
        )

    def _converter(self, definition: StrawberryField, plain: Mapping[str, str]) -> Convert | None:
        """From GraphQL's arguments to those of the resolver."""
        arguments = definition.arguments
        if not arguments:
            return None
        if len(plain) == len(arguments):
            return lambda given: {plain[name]: value for name, value in given.items()}

        def convert(given: dict[str, Any]) -> dict[str, Any]:
            return convert_arguments(
                given, arguments, scalar_registry=self._scalars, config=self._config
            )

        return convert


def _definition(field: GraphQLField) -> StrawberryField | None:
    definition = field.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryField) else None


def _type_definition(type_: GraphQLObjectType) -> StrawberryObjectDefinition | None:
    definition = type_.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


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


def _for_all(permissions: _Permissions) -> bool:
    return all(hasattr(each, FOR_ALL) for each in permissions)


def _all_of(guards: Sequence[Guard]) -> Guard:
    if len(guards) == 1:
        return guards[0]

    def guard(sources: Sequence[Any], info: Any) -> bool:
        answers = [each(sources, info) for each in guards]  # each is asked, whatever others say
        return all(answer is True for answer in answers)

    return guard


def _guarded(permissions: _Permissions, function: _Function) -> _Function:
    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        for permission in permissions:
            if permission.has_permission(source, info, **arguments) is not True:
                permission.on_unauthorized()
                raise PermissionError  # it should have raised; nothing may be given
        return function(source, info, **arguments)

    return guarded
