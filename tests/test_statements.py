"""What a screen costs: statements, counted exactly."""

from typing import Any

import asyncpg
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, print_ast

from app import screens
from app.ids import encode_citizen_id
from app.service import Service
from loaders.access_records import RECORD
from tests.conftest import Asker


@pytest.fixture
def of_a_screen(pytestconfig: pytest.Config) -> int:
    """By its plan payments are expected and come with their citizen; graphql-core looks no further
    than a field."""
    return 2 if pytestconfig.getoption("graphql_core") else 1


@pytest.mark.parametrize("name", screens.NAMES)
async def test_a_screen_costs_one_statement(
    ask: Asker, service: Service, name: str, of_a_screen: int
) -> None:
    with service.database.recording() as statements:
        await ask.data(screens.document(name), token=ask.citizen("both"))
    assert len(statements) == of_a_screen


async def test_a_failed_and_repaid_payment_costs_no_more(
    ask: Asker, service: Service, of_a_screen: int
) -> None:
    with service.database.recording() as statements:
        data = await ask.data(
            screens.document("old_age_history"), token=ask.citizen("failed-repaid")
        )
    payments = data["me"]["entitlements"][0]["payments"]["nodes"]
    assert any(payment["repaidBy"] for payment in payments)
    assert any(payment["repays"] for payment in payments)
    assert len(statements) == of_a_screen


def of_citizens(document: str) -> str:
    """A screen's selection, asked of many citizens as a gateway asks."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (me,) = operation.selection_set.selections
    assert isinstance(me, FieldNode)
    assert me.selection_set is not None
    variables = " ".join(map(print_ast, operation.variable_definitions or ()))
    return (
        f"query ($representations: [_Any!]! {variables}) {{"
        " _entities(representations: $representations) {"
        f" ... on Citizen {print_ast(me.selection_set)} }} }}"
    )


@pytest.mark.parametrize("name", screens.NAMES)
@pytest.mark.parametrize("count", [1, 100])
async def test_a_hundred_citizens_cost_no_more_than_one(
    ask: Asker, service: Service, demo_database: str, name: str, count: int
) -> None:
    connection = await asyncpg.connect(demo_database)
    rows = await connection.fetch("select id from citizen order by id limit $1", count)
    await connection.close()
    representations: list[Any] = [
        {"__typename": "Citizen", "id": encode_citizen_id(row["id"])} for row in rows
    ]
    token = ask.agency(
        "citizen:read entitlement:read payment:read bank-account:read disability:read"
    )
    with service.database.recording() as statements:
        data = await ask.data(
            of_citizens(screens.document(name)), {"representations": representations}, token=token
        )
    assert len(data["_entities"]) == count
    assert None not in data["_entities"]
    assert statements.count(RECORD) == 1
    assert len(statements) <= 4 if count == 1 else len(statements) == 4


async def test_a_public_question_about_an_authority_costs_nothing(
    ask: Asker, service: Service
) -> None:
    code = next(iter(service.reference.current.authorities))
    query = "query ($code: ID!) { localAuthority(code: $code) { code } }"
    with service.database.recording() as statements:
        data = await ask.data(query, {"code": code})
    assert statements == []
    assert data == {"localAuthority": {"code": code}}


async def test_unknown_authorities_cost_one_statement_a_second_at_most(
    ask: Asker, service: Service
) -> None:
    with service.database.recording() as statements:
        for code in range(20):
            data = await ask.data(f'{{ localAuthority(code: "unknown{code}") {{ code }} }}')
            assert data == {"localAuthority": None}
    assert len(statements) <= 2
