"""One document through both executors, and in what their answers have to be equal."""

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, parse
from graphql.execution.executor import Executor

from app.execution.compiler import Shortcuts
from app.execution.executor import CompiledExecution, Plans

Shown = tuple[Any, list[Any]]


class NoShortcuts:
    """Every field by its resolver."""

    def read_of(self, _field: Any) -> None:
        return None

    def call_of(self, _field: Any) -> None:
        return None

    def check_of(self, _type: Any) -> None:
        return None

    def choose_of(self, _type: Any) -> None:
        return None


_NO_SHORTCUTS = NoShortcuts()


def compiled_for(
    schema: GraphQLSchema, shortcuts: Shortcuts = _NO_SHORTCUTS
) -> tuple[type[CompiledExecution], Plans]:
    """The compiled executor of a schema, and the plans that it keeps."""
    kept = Plans(schema, shortcuts)

    class Compiled(CompiledExecution):
        def plans(self) -> Plans:
            return kept

        def called_info(self) -> None:
            return None

    return Compiled, kept


async def answer(
    schema: GraphQLSchema,
    document: str | DocumentNode,
    root: Any = None,
    variables: Mapping[str, Any] | None = None,
    executor: type[Executor[Any]] | None = None,
) -> Shown:
    """Data and errors; by graphql-core where no other executor is given."""
    result: Any = execute(
        schema,
        parse(document) if isinstance(document, str) else document,
        root,
        variable_values=dict(variables or {}),
        executor_class=executor,
    )
    return shown(await result if inspect.isawaitable(result) else result)


def shown(result: ExecutionResult) -> Shown:
    """A result as a caller reads it: the errors with message, path, locations and extensions."""
    return result.data, [error.formatted for error in result.errors or ()]


def keys_in_order(value: Any) -> Any:
    """The data, with the order of its keys for `==` to see."""
    if isinstance(value, dict):
        return [(key, keys_in_order(each)) for key, each in value.items()]
    return [keys_in_order(each) for each in value] if isinstance(value, list) else value


def assert_same(found: Shown, expected: Shown, of: object) -> None:
    """Equal to the letter: data, order of keys, errors and their order."""
    assert found == expected, of
    assert keys_in_order(found[0]) == keys_in_order(expected[0]), of


def assert_same_in_places(found: Shown, expected: Shown, of: object) -> None:
    """Equal data, and failures in the same places.

    Of several errors that null one place graphql-core tells those that came first in time.
    """
    assert keys_in_order(found[0]) == keys_in_order(expected[0]), of
    places, wanted = _by_nulled_place(*found), _by_nulled_place(*expected)
    assert set(places) == set(wanted), of
    for place, each in places.items():
        if list(place) == each[0].get("path"):  # it failed itself: no one else can have
            assert each == wanted[place], of


def _by_nulled_place(data: Any, errors: list[Any]) -> dict[tuple[Any, ...], list[Any]]:
    found = defaultdict(list)
    for error in errors:
        found[_nulled(data, error.get("path", []))].append(error)
    return found


def _nulled(data: Any, path: list[Any]) -> tuple[Any, ...]:
    """Where on the way to an error the answer is null."""
    at: list[Any] = []
    for key in path:
        if data is None:
            break
        data = data[key]
        at.append(key)
    return tuple(at)


@contextmanager
def garbage_at_the_end() -> Iterator[None]:
    """What is never awaited is cleared here and in no later test.

    And not in between: Python 3.11 can not warn of it from within a named tuple being made.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.enable()
