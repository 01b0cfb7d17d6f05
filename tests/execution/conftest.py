"""What is to be true of both executors."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from graphql import GraphQLSchema, parse, validate

from tests.execution.both import Shown, answer, compiled_for

Run = Callable[..., Awaitable[Shown]]


@pytest.fixture(params=["compiled", "graphql-core"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a valid document by one of the two; by a plan where it is ours."""

    async def run(schema: GraphQLSchema, text: str, root: Any = None, **variables: Any) -> Shown:
        assert validate(schema, parse(text)) == []
        if request.param == "graphql-core":
            return await answer(schema, text, root, variables)
        compiled, plans = compiled_for(schema)
        shown = await answer(schema, text, root, variables, compiled)
        assert (plans.compiled, plans.left) == (1, {})
        return shown

    return run
