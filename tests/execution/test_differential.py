"""The same document, data and variables through both executors: the same answer."""

from collections.abc import Callable, Iterator

import pytest
from graphql import parse

from tests.execution.both import (
    Shown,
    answer,
    assert_same,
    assert_same_in_places,
    compiled_for,
    garbage_at_the_end,
)
from tests.execution.documents import valid_document
from tests.execution.zoo import Beast, Zoo, ZooShortcuts

ROUNDS = 250
ROOT = Beast("Root", "root")

# graphql-core cancels what it has not begun, and the zoo drops what stands beside a failure.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(autouse=True)
def nothing_left_for_later_tests() -> Iterator[None]:
    with garbage_at_the_end():
        yield


@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_what_is_never_awaited_is_the_same_to_the_letter(wrong: int, kind: str) -> None:
    schema = Zoo(wrong, awaited=0).schema()
    compiled, plans = compiled_for(schema)
    failed = 0
    for number in range(ROUNDS):
        document = valid_document(schema, f"{wrong}{kind}{number}", kind)
        expected = await answer(schema, document.text, ROOT, document.variables)
        found = await answer(schema, document.text, ROOT, document.variables, compiled)
        assert_same(found, expected, document)
        failed += bool(expected[1])
    assert bool(failed) == bool(wrong)
    assert plans.compiled > ROUNDS * 0.9, plans.left


@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_what_is_awaited_gives_the_same_data_and_fails_in_the_same_places(
    wrong: int, kind: str
) -> None:
    schema = Zoo(wrong, awaited=30).schema()
    compiled, plans = compiled_for(schema)
    for number in range(ROUNDS):
        document = valid_document(schema, f"later{wrong}{kind}{number}", kind)
        expected = await answer(schema, document.text, ROOT, document.variables)
        found = await answer(schema, document.text, ROOT, document.variables, compiled)
        assert_same_in_places(found, expected, document)
    assert plans.compiled > ROUNDS * 0.9, plans.left


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize(("awaited", "same"), [(0, assert_same), (30, assert_same_in_places)])
async def test_shorter_ways_lead_to_the_same(
    wrong: int, awaited: int, same: Callable[[Shown, Shown, object], None], few: bool
) -> None:
    schema = Zoo(wrong, awaited, few).schema()
    compiled, plans = compiled_for(schema, ZooShortcuts())
    for number in range(ROUNDS):
        document = valid_document(schema, f"short{wrong}{awaited}{few}{number}", "query")
        expected = await answer(schema, document.text, ROOT, document.variables)
        parsed = parse(document.text)
        for _ in range(2):  # the second time by functions that are written out
            found = await answer(schema, parsed, ROOT, document.variables, compiled)
            same(found, expected, document)
    assert plans.compiled > ROUNDS * 0.9, plans.left
