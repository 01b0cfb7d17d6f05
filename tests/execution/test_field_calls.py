"""Strawberry's fields as calls: which are called, and that none gives what a permission refuses."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from strawberry import BasePermission
from strawberry.extensions import FieldExtension
from strawberry.types import Info

from app.execution.plan import Attribute
from app.field_calls import ContextInfo, FieldCalls


class Silent(BasePermission):
    """Refuses, and raises nothing of its own."""

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        return False

    def on_unauthorized(self) -> None:
        return None


class Truthy(BasePermission):
    """Answers something that is no yes."""

    message = "no"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return [1]


class Counted(BasePermission):
    """Can be asked once for a level."""

    asked = 0

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        return True

    def demand_for_all(self, sources: Any, info: Any) -> None:  # noqa: ARG002
        Counted.asked += 1


class Awaited(BasePermission):
    async def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        return False


class Loud(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        return f"{next_(source, info, **kwargs)}!"


@strawberry.type
class Query:
    plain: int = 1
    silent: int = strawberry.field(default=1, permission_classes=[Silent])
    truthy: int = strawberry.field(default=1, permission_classes=[Truthy])
    awaited: int = strawberry.field(default=1, permission_classes=[Awaited])
    counted: int = strawberry.field(default=1, permission_classes=[Counted])
    counted_too: int = strawberry.field(default=1, permission_classes=[Counted])
    both: int = strawberry.field(default=1, permission_classes=[Counted, Silent])

    @strawberry.field(extensions=[Loud()])  # type: ignore[untyped-decorator]
    def loud(self) -> str:
        return "word"

    @strawberry.field
    def of_self(self) -> int:
        return 1

    @strawberry.field
    def renamed(root: strawberry.Parent[Any], info: Info, first_of: int = 3) -> str:  # noqa: N805
        return f"{root} {info.context} {first_of}"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self) -> AsyncGenerator[int, None]:
        yield 1


SCHEMA = strawberry.Schema(Query, subscription=Subscription)
CALLS = FieldCalls(SCHEMA.config, SCHEMA.schema_converter.scalar_registry)


def field(name: str, kind: str = "Query") -> Any:
    return SCHEMA._schema.type_map[kind].fields[name]  # type: ignore[attr-defined]


def test_an_attribute_is_read_and_a_resolver_called() -> None:
    assert CALLS.read_of(field("plain")) == Attribute("plain")
    assert CALLS.call_of(field("plain")) is None
    call = CALLS.call_of(field("renamed"))
    assert call is not None
    assert call.convert is not None
    arguments = call.convert({"firstOf": 5})
    assert call.function("source", ContextInfo("context"), **arguments) == "source context 5"


def test_a_permission_is_asked_once_for_a_level_and_several_fields() -> None:
    one, other = CALLS.read_of(field("counted")), CALLS.read_of(field("countedToo"))
    assert one is not None
    assert other is not None
    assert one.guard is not None
    assert one.guard is other.guard
    before = Counted.asked
    one.guard([Query()] * 3, ContextInfo(None))
    assert Counted.asked == before + 1
    assert CALLS.read_of(field("both")) is None
    call = CALLS.call_of(field("both"))
    assert call is not None
    with pytest.raises(PermissionError):
        call.function(Query(), ContextInfo(None))


@pytest.mark.parametrize("name", ["awaited", "loud", "ofSelf"])
def test_what_has_more_stays_strawberrys(name: str) -> None:
    assert CALLS.read_of(field(name)) is None
    assert CALLS.call_of(field(name)) is None
    assert CALLS.call_of(field("events", "Subscription")) is None


@pytest.mark.parametrize(("name", "error"), [("silent", PermissionError), ("truthy", Exception)])
def test_nothing_is_given_without_a_yes(name: str, error: type[Exception]) -> None:
    assert CALLS.read_of(field(name)) is None
    call = CALLS.call_of(field(name))
    assert call is not None
    with pytest.raises(error):
        call.function(Query(), ContextInfo(None))


def test_info_has_the_context_alone() -> None:
    info: Any = ContextInfo("context")
    assert info.context == "context"
    with pytest.raises(AttributeError):
        _ = info.path
