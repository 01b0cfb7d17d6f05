"""Queries of hypothesis-graphql over our schema: every answer is what the schema promises."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from app import clock
from app.demo.home import DataDirectory
from app.demo.personas import PERSONAS
from app.main import create_app
from app.migrations.service_role import as_service
from app.schema import build_schema
from app.settings import Settings
from tests.suites.answers import problems
from tests.suites.known import ACCESS_CURSOR, PAYMENT_CURSOR, Known, literal
from tests.suites.live import EVERY_SCOPE

pytestmark = pytest.mark.xdist_group("suites")

SCHEMA = build_schema()._schema
FIELDS = ["_entities", "me", "citizen", "citizenByNationalId", "localAuthority", "dataFreshness"]
EXAMPLES = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
FINDS = {"citizen": {"me", "citizen"}, "agency": {"citizen", "citizenByNationalId"}}


class Marking(Visitor):
    """Asks each object for its type, and gives some fields another name."""

    def __init__(self) -> None:
        super().__init__()
        self._fields = 0

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        self._fields += 1
        if self._fields % 5:
            return None
        alias = NameNode(value=f"alias{self._fields}")
        return FieldNode(
            name=node.name,
            alias=alias,
            arguments=node.arguments,
            selection_set=node.selection_set,
        )

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        typename = FieldNode(name=NameNode(value="__typename"))
        return SelectionSetNode(selections=(*node.selections, typename))


def marked(document: DocumentNode) -> DocumentNode:
    return parse(print_ast(visit(document, Marking())))


def documents(known: Known) -> st.SearchStrategy[DocumentNode]:
    """Keys that exist among those that do not, pages that are small among those that are wrong."""
    keys = st.sampled_from([*known.citizens, *known.authorities, *known.entitlements])
    cursors = st.sampled_from([PAYMENT_CURSOR, ACCESS_CURSOR])
    scalars = {
        **known.scalars(),
        "ID": (keys | keys | st.text(max_size=30)).map(literal),
        "String": (cursors | st.text(max_size=30)).map(literal),
        "Int": (st.integers(0, 6) | st.integers(2560, 2570) | st.integers(-3, 10**6)).map(literal),
    }
    chosen = [*([field] for field in FIELDS), FIELDS]
    return st.one_of(
        [
            queries(SCHEMA, fields=fields, custom_scalars=scalars, print_ast=marked)
            for fields in chosen
        ]
    )


Ask = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def ask(demo_database: str, home: DataDirectory) -> Iterator[Ask]:
    """Asks the service over ASGI, in a loop of its own: Hypothesis calls from outside of any."""
    given = home.settings(as_service(demo_database), 8000).model_dump()
    app = create_app(Settings(**{**given, "requests_per_minute": 10**9}))
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")
    lifespan = app.router.lifespan_context(app)
    with asyncio.Runner() as runner:
        runner.run(_entered(lifespan))

        def answer(query: str, token: str) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            sent = http.post("/graphql", json={"query": query}, headers=headers)
            response = runner.run(_done(sent))
            return response.json()

        yield answer
        runner.run(_left(lifespan))


async def _done(sent: Awaitable[httpx.Response]) -> httpx.Response:
    return await sent


async def _entered(lifespan: AbstractAsyncContextManager[object]) -> None:
    await lifespan.__aenter__()


async def _left(lifespan: AbstractAsyncContextManager[object]) -> None:
    await lifespan.__aexit__(None, None, None)


@pytest.mark.answers_national_id
@pytest.mark.parametrize("caller", FINDS)
def test_every_answer_is_what_the_schema_promises(
    ask: Ask, known: Known, home: DataDirectory, caller: str
) -> None:
    issuer, now = home.issuer(), clock.now()
    token = {
        "citizen": issuer.citizen_token(PERSONAS["both"].national_id, now),
        "agency": issuer.agency_token("suite", EVERY_SCOPE, "audit of payments", now),
    }[caller]
    seen: Counter[str] = Counter()

    @EXAMPLES
    @given(document=documents(known))
    def answered(document: DocumentNode) -> None:
        answer = ask(print_ast(document), token)
        assert problems(SCHEMA, document, answer) == []
        seen.update(str(error["extensions"]["code"]) for error in answer.get("errors", ()))
        seen.update(key for key, value in (answer.get("data") or {}).items() if value is not None)

    answered()
    assert set(seen) >= FINDS[caller]
