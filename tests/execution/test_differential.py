"""The same document, data and variables through both executors: the same answer."""

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, parse
from graphql.execution.executor import Executor

from app.execution.executor import CompiledExecution, Plans
from tests.execution.documents import Document, valid_document
from tests.execution.zoo import Beast, Zoo

ROUNDS = 250

# graphql-core cancels what it has not begun, and the zoo drops what stands beside a failure.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(autouse=True)
def nothing_left_for_later_tests() -> Iterator[None]:
    yield
    gc.collect()


class NoShortcuts:
    """Every field by its resolver."""

    def read_of(self, _field: Any) -> None:
        return None

    def call_of(self, _field: Any) -> None:
        return None


def compiled_for(schema: GraphQLSchema) -> tuple[type[CompiledExecution], Plans]:
    kept = Plans(schema, NoShortcuts())

    class Compiled(CompiledExecution):
        def plans(self) -> Plans:
            return kept

        def called_info(self) -> None:
            return None

    return Compiled, kept


async def answer(
    schema: GraphQLSchema, document: Document, executor: type[Executor[Any]] | None
) -> ExecutionResult:
    result = execute(
        schema,
        parse(document.text),
        Beast("Root", "root"),
        variable_values=document.variables,
        executor_class=executor,
    )
    return await result if inspect.isawaitable(result) else result


def shown(result: ExecutionResult) -> tuple[Any, list[Any]]:
    return result.data, [error.formatted for error in result.errors or ()]


def keys_in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, keys_in_order(each)) for key, each in value.items()]
    return [keys_in_order(each) for each in value] if isinstance(value, list) else value


def nulled(data: Any, path: list[Any]) -> tuple[Any, ...]:
    """Where on the way to an error the answer is null."""
    at: list[Any] = []
    for key in path:
        if data is None:
            break
        data = data[key]
        at.append(key)
    return tuple(at)


def by_nulled_place(data: Any, errors: list[Any]) -> dict[tuple[Any, ...], list[Any]]:
    found = defaultdict(list)
    for error in errors:
        found[nulled(data, error.get("path", []))].append(error)
    return found


@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_what_is_never_awaited_is_the_same_to_the_letter(wrong: int, kind: str) -> None:
    schema = Zoo(wrong, awaited=0).schema()
    compiled, plans = compiled_for(schema)
    failed = 0
    for number in range(ROUNDS):
        document = valid_document(schema, f"{wrong}{kind}{number}", kind)
        expected = shown(await answer(schema, document, None))
        found = shown(await answer(schema, document, compiled))
        assert found == expected, document
        assert keys_in_order(found[0]) == keys_in_order(expected[0]), document
        failed += bool(expected[1])
    assert bool(failed) == bool(wrong)
    assert plans.compiled > ROUNDS * 0.9, plans.left


@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_what_is_awaited_gives_the_same_data_and_fails_in_the_same_places(
    wrong: int, kind: str
) -> None:
    """Of several errors that null one place graphql-core tells those that came first in time."""
    schema = Zoo(wrong, awaited=30).schema()
    compiled, plans = compiled_for(schema)
    for number in range(ROUNDS):
        document = valid_document(schema, f"later{wrong}{kind}{number}", kind)
        data, errors = shown(await answer(schema, document, None))
        found, told = shown(await answer(schema, document, compiled))
        assert keys_in_order(found) == keys_in_order(data), document
        places, expected = by_nulled_place(found, told), by_nulled_place(data, errors)
        assert set(places) == set(expected), document
        for place, each in places.items():
            if list(place) == each[0].get("path"):  # it failed itself: no one else can have
                assert each == expected[place], document
    assert plans.compiled > ROUNDS * 0.9, plans.left
