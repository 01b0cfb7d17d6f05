"""An answer leaves nothing behind that only a search for cycles would find, rows least of all."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from graphql.execution.executor import Executor

from app.screens import NAMES, document
from loaders.bundle import Loaders
from loaders.citizens import CitizenRow
from loaders.payments import PaymentRow
from resolvers.context import Context
from tests.conftest import Asker

OF_A_REQUEST = (Context, Executor, Loaders, CitizenRow, PaymentRow)
PERSONA = "both"


class Rest:
    """What is left since this was made; nothing is searched for meanwhile."""

    def __init__(self) -> None:
        gc.collect()
        self._before = self._there()
        self._known = set(map(id, self._before))

    async def __call__(self) -> list[str]:
        for _ in range(3):  # what is under way comes to its end: a flight after its answer
            await asyncio.sleep(0)
        return [type(each).__name__ for each in self._there() if id(each) not in self._known]

    def _there(self) -> list[object]:
        return [each for each in gc.get_objects() if isinstance(each, OF_A_REQUEST)]


@pytest.fixture
def left() -> Iterator[type[Rest]]:
    gc.disable()
    yield Rest
    gc.enable()


@pytest.mark.parametrize("screen", NAMES)
async def test_of_a_screen(ask: Asker, left: type[Rest], screen: str) -> None:
    await ask.answer(document(screen), token=ask.citizen(PERSONA))  # of a document, much is kept
    rest = left()
    await ask.answer(document(screen), token=ask.citizen(PERSONA))
    assert await rest() == []


async def test_of_entities(ask: Asker, left: type[Rest]) -> None:
    token = ask.citizen(PERSONA)
    me = (await ask.data("{ me { id } }", token=token))["me"]["id"]
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Citizen {
      givenName entitlements { state payments(first: 3) { nodes { amount repays { id } } } }
    } } }"""
    await ask.data(query, {"r": [{"__typename": "Citizen", "id": me}] * 3}, token=token)
    rest = left()
    await ask.data(query, {"r": [{"__typename": "Citizen", "id": me}] * 3}, token=token)
    assert await rest() == []


@pytest.mark.parametrize(
    "query",
    ["{ me { salary } }", '{ citizen(id: "x") { id } }', "{ __schema { types { name } } }"],
    ids=["refused", "failed", "left to graphql-core"],
)
async def test_of_what_is_not_given(ask: Asker, left: type[Rest], query: str) -> None:
    await ask.answer(query, token=ask.citizen(PERSONA))
    rest = left()
    await ask.answer(query, token=ask.citizen(PERSONA))
    assert await rest() == []
