"""Documents of hypothesis-graphql over the zoo, as they come and varied, through both executors."""

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest
from graphql import DocumentNode, print_ast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, queries

from tests.execution.both import (
    Shown,
    answer,
    assert_same,
    assert_same_in_places,
    compiled_for,
    garbage_at_the_end,
)
from tests.execution.documents import Document
from tests.execution.variations import Variation
from tests.execution.zoo import Beast, Zoo

EXAMPLES = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
VARIATIONS = 2
ROOT = Beast("Root", "root")
MAKERS = {"query": queries, "mutation": mutations}

# As in test_differential: what stands beside a failure may be dropped before it began.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(autouse=True)
def nothing_left_for_later_tests() -> Iterator[None]:
    with garbage_at_the_end():
        yield


def itself(document: DocumentNode) -> DocumentNode:
    return document


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("wrong", [0, 3, 12])
@pytest.mark.parametrize(("awaited", "same"), [(0, assert_same), (30, assert_same_in_places)])
def test_generated_documents_have_one_answer(
    wrong: int, awaited: int, same: Callable[[Shown, Shown, object], None], kind: str
) -> None:
    schema = Zoo(wrong, awaited).schema()
    compiled, plans = compiled_for(schema)
    asked = failed = varied = 0

    async def both(document: Document) -> None:
        nonlocal asked, failed
        text, variables = document.text, document.variables
        expected = await answer(schema, text, ROOT, variables)
        same(await answer(schema, text, ROOT, variables, compiled), expected, document)
        asked += 1
        failed += bool(expected[1])

    with asyncio.Runner() as runner:

        @EXAMPLES
        @given(document=MAKERS[kind](schema, print_ast=itself), seed=st.integers(0, 2**32))
        def answered(document: DocumentNode, seed: int) -> None:
            nonlocal varied
            dice = random.Random(seed)  # noqa: S311
            runner.run(both(Document(print_ast(document), {})))
            for _ in range(VARIATIONS):
                variation = Variation(schema, dice).of(document)
                varied += variation.text != print_ast(document)
                runner.run(both(variation))

        answered()
    assert plans.compiled > asked * 0.9, plans.left
    assert varied > asked * 0.6
    assert failed >= asked * wrong / 150
