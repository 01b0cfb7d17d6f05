"""An answer leaves nothing behind that only a search for cycles would find, rows least of all."""

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


@pytest.fixture(autouse=True)
def _no_search() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> list[str]:
    return [type(each).__name__ for each in gc.get_objects() if isinstance(each, OF_A_REQUEST)]


@pytest.mark.parametrize("screen", NAMES)
async def test_of_a_screen(ask: Asker, screen: str) -> None:
    await ask.answer(document(screen), token=ask.citizen(PERSONA))
    assert left() == []


async def test_of_entities(ask: Asker) -> None:
    token = ask.citizen(PERSONA)
    me = (await ask.data("{ me { id } }", token=token))["me"]["id"]
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Citizen {
      givenName entitlements { state payments(first: 3) { nodes { amount repays { id } } } }
    } } }"""
    await ask.data(query, {"r": [{"__typename": "Citizen", "id": me}] * 3}, token=token)
    assert left() == []


@pytest.mark.parametrize(
    "query",
    ["{ me { salary } }", '{ citizen(id: "x") { id } }', "{ __schema { types { name } } }"],
    ids=["refused", "failed", "left to graphql-core"],
)
async def test_of_what_is_not_given(ask: Asker, query: str) -> None:
    await ask.answer(query, token=ask.citizen(PERSONA))
    assert left() == []
