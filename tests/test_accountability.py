"""Who read whose data: on record before the answer leaves, and there for the citizen to read."""

import hashlib
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType
from strawberry.types import ExecutionContext, ExecutionResult

from app.accountability import CATEGORIES
from app.cli.audit import verdict_on
from app.demo.personas import PERSONAS
from app.gate import Credentials
from app.ids import encode_citizen_id
from app.policies import Scope
from app.schema import build_schema
from app.service import Service
from loaders.access_records import RECORD
from resolvers.accountability import Accountability
from tests.conftest import Asker

EVERYTHING = " ".join(scope.value for scope in Scope)
READ = "query Read($id: ID!) { citizen(id: $id) { givenName } }"
ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename %s } }"
HISTORY = """
query ($first: Int, $after: String) { me { accessHistory(first: $first, after: $after) {
  nodes { id at agency purpose operation categories }
  edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} } }"""


async def history(ask: Asker, persona: str, **variables: Any) -> Any:
    data = await ask.data(HISTORY, variables, token=ask.citizen(persona))
    return data["me"]["accessHistory"]


async def id_of(ask: Asker, persona: str) -> str:
    data = await ask.data("{ me { id } }", token=ask.citizen(persona))
    return str(data["me"]["id"])


@pytest.fixture
async def owner(demo_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the application's database, as its owner."""
    connection = await asyncpg.connect(demo_database)
    yield connection
    await connection.close()


def test_every_scope_that_opens_data_of_a_citizen_has_its_category() -> None:
    schema = build_schema()
    text = schema.as_str()
    named = {scope for scope in Scope if f'["{scope.value}"]' in text}
    of_no_citizen = {Scope.BATCH_READ, Scope.DISBURSEMENT_WRITE}
    assert named == set(CATEGORIES) | of_no_citizen
    assert isinstance(schema._schema.get_type("Citizen"), GraphQLObjectType)


READS = [
    ("__typename", ["IDENTITY"]),
    ("givenName age", ["IDENTITY"]),
    pytest.param("nationalId", ["IDENTITY", "NATIONAL_ID"], marks=pytest.mark.answers_national_id),
    ("entitlements { state }", ["IDENTITY", "ENTITLEMENT"]),
    ("entitlements { totals { count } }", ["IDENTITY", "ENTITLEMENT", "PAYMENT"]),
    ("entitlements { bankAccount { id } }", ["IDENTITY", "ENTITLEMENT", "BANK_ACCOUNT"]),
    ("entitlements { disabilityCard { expired } }", ["IDENTITY", "ENTITLEMENT", "DISABILITY"]),
]


@pytest.mark.parametrize(("selection", "categories"), READS)
async def test_what_an_agency_reads_the_citizen_can_read_about(
    ask: Asker, owner: asyncpg.Connection, selection: str, categories: list[str]
) -> None:
    variables = {"id": await id_of(ask, "proxy")}
    before = (await history(ask, "proxy", first=100))["nodes"]
    document = f"query Check($id: ID!) {{ citizen(id: $id) {{ {selection} }} }}"
    await ask.data(document, variables, token=ask.agency(EVERYTHING, "means test"))
    new, *old = (await history(ask, "proxy", first=100))["nodes"]
    assert old == before[: len(old)]  # a page holds a hundred
    assert new["categories"] == categories
    assert (new["agency"], new["purpose"], new["operation"]) == ("agency", "means test", "Check")
    newest = "select operation_hash from access_batch order by seq desc limit 1"
    assert await owner.fetchval(newest) == hashlib.sha256(document.encode()).digest()


@pytest.mark.answers_national_id
async def test_by_national_id_too(ask: Asker) -> None:
    query = "query ($n: NationalId!) { citizenByNationalId(nationalId: $n) { __typename } }"
    national_id = "query ($id: ID!) { citizen(id: $id) { nationalId } }"
    id_ = await id_of(ask, "proxy")
    token = ask.agency(EVERYTHING)
    found = (await ask.data(national_id, {"id": id_}, token=token))["citizen"]["nationalId"]
    before = await history(ask, "proxy", first=1)
    await ask.data(query, {"n": found}, token=token)
    after = await history(ask, "proxy", first=1)
    assert after["nodes"][0]["categories"] == ["IDENTITY"]
    assert after["nodes"][0]["operation"] == "(unnamed)"
    assert after["nodes"] != before["nodes"]


async def test_a_number_in_the_operations_name_is_not_kept(ask: Asker) -> None:
    number = PERSONAS["proxy"].national_id
    query = f"query Look{number} ($id: ID!) {{ citizen(id: $id) {{ givenName }} }}"
    variables = {"id": await id_of(ask, "proxy")}
    await ask.data(query, variables, token=ask.agency("citizen:read"))
    newest = await history(ask, "proxy", first=1)
    assert newest["nodes"][0]["operation"] == "(unnamed)"


async def test_entities_are_put_on_record_by_what_is_given(ask: Asker) -> None:
    query = "{ me { id entitlements { id latestPayment { id } } } }"
    me = (await ask.data(query, token=ask.citizen("cash")))["me"]
    entitlement = me["entitlements"][0]
    whose = {"__typename": "Entitlement", "id": entitlement["id"]}
    payment = {"__typename": "Payment", "id": entitlement["latestPayment"]["id"]}
    for representation, selection, categories in (
        ({"__typename": "Citizen", "id": me["id"]}, "", ["IDENTITY"]),
        (whose, "", ["ENTITLEMENT"]),
        (whose, "... on Entitlement { citizen { id } }", ["IDENTITY", "ENTITLEMENT"]),
        (payment, "... on Payment { amount }", ["PAYMENT"]),
        (payment, "... on Payment { entitlement { id } }", ["ENTITLEMENT", "PAYMENT"]),
    ):
        variables = {"r": [representation]}
        await ask.data(ENTITIES % selection, variables, token=ask.agency(EVERYTHING))
        assert (await history(ask, "cash", first=1))["nodes"][0]["categories"] == categories


async def test_a_thousand_citizens_cost_two_halves_and_one_statement_more(
    ask: Asker, service: Service, owner: asyncpg.Connection
) -> None:
    ids = [row["id"] for row in await owner.fetch("select id from citizen")]
    known = [{"__typename": "Citizen", "id": encode_citizen_id(id_)} for id_ in ids]
    unknown = [
        {"__typename": "Citizen", "id": encode_citizen_id(UUID(int=number))}
        for number in range(1000 - len(known))
    ]
    selection = "... on Citizen { givenName entitlements { state latestPayment { amount } } }"
    with service.database.recording() as statements:
        data = await ask.data(
            ENTITIES % selection, {"r": known + unknown}, token=ask.agency(EVERYTHING)
        )
    assert sum(found is not None for found in data["_entities"]) == len(ids)
    assert statements.count(RECORD) == 1
    assert statements[-1] == RECORD
    assert len(statements) == 3 + 1  # a thousand keys go in halves
    newest = "select citizen_id from access_record where seq = (select max(seq) from access_batch)"
    assert {row["citizen_id"] for row in await owner.fetch(newest)} == set(ids)


async def test_nothing_given_leaves_no_record(ask: Asker, service: Service) -> None:
    id_ = await id_of(ask, "proxy")
    unknown = encode_citizen_id(UUID(int=5))
    with service.database.recording() as statements:
        for id_asked, token in (
            (id_, ask.citizen("proxy")),  # their own reading
            (id_, ask.citizen("both")),
            (id_, None),
            (id_, ask.agency("")),
            (id_, ask.agency("citizen:read", None)),
            (unknown, ask.agency("citizen:read")),
        ):
            await ask.answer(READ, {"id": id_asked}, token=token)
        await ask.data("{ dataFreshness { oldAge { delayed } } }", token=ask.agency(EVERYTHING))
    assert RECORD not in statements


@pytest.fixture
async def no_records(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """The database refuses to put anything on record."""
    function = "function record_access(text, text, text, bytea, uuid[], text[])"
    await owner.execute(f"revoke execute on {function} from allowances_service")
    yield
    await owner.execute(f"grant execute on {function} to allowances_service")


@pytest.mark.usefixtures("no_records")
async def test_what_can_not_be_put_on_record_is_not_given(
    ask: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = await id_of(ask, "proxy")  # the citizen's own reading goes on
    with caplog.at_level(logging.ERROR):
        response = await ask.post(READ, {"id": id_}, token=ask.agency("citizen:read"))
    answer = response.json()
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert "put on record" in error["message"]
    assert "an access record was not written: InsufficientPrivilegeError" in caplog.text


class Streamed(Accountability):
    """The extension over a result of a subscription's stream, as Strawberry drives it."""

    async def deliver(self, result: ExecutionResult) -> ExecutionResult:
        async for _ in self.on_stream_result(result):
            return result
        raise AssertionError


async def streamed(service: Service, ask: Asker, scope: str) -> ExecutionResult:
    """One event of a stream, in which an agency read somebody."""
    credentials = Credentials(f"Bearer {ask.agency(scope)}", None, None, "testclient")
    context = await service.context(credentials, None)
    extension = Streamed()
    extension.execution_context = ExecutionContext(
        query="subscription Watch { x }",
        schema=build_schema(),
        allowed_operations=[],
        context=context,
        provided_operation_name="Watch",
    )
    async for _ in extension.on_execute():
        pass
    inside = extension.execution_context.context
    assert inside is not context
    citizen = await inside.loaders.citizen_by_national_id_hmac.load(
        service.settings.privacy_keys.national_id_hmac("0")
    )
    assert citizen is None
    inside.note_reads([UUID(int=9)], CATEGORIES[Scope.PAYMENT_READ])
    return await extension.deliver(ExecutionResult(data={"x": 1}, errors=None))


async def test_each_event_of_a_subscription_is_put_on_record(
    ask: Asker, service: Service, owner: asyncpg.Connection
) -> None:
    with service.database.recording() as statements:
        result = await streamed(service, ask, "payment:read")
    assert result.data == {"x": 1}
    assert statements.count(RECORD) == 1
    newest = "select citizen_id, categories from access_record order by seq desc limit 1"
    (row,) = await owner.fetch(newest)
    assert tuple(row) == (UUID(int=9), ["PAYMENT"])


@pytest.mark.usefixtures("no_records")
async def test_an_event_that_can_not_be_put_on_record_is_not_given(
    ask: Asker, service: Service
) -> None:
    result = await streamed(service, ask, "payment:read")
    assert result.data is None
    assert result.errors


async def test_the_purpose_is_the_tokens_or_the_headers_and_in_thai(ask: Asker) -> None:
    id_ = await id_of(ask, "proxy")
    for stated, said in (("ตรวจสอบ", None), ("other", "audit")):
        headers = {
            b"Authorization": f"Bearer {ask.agency('citizen:read', said)}".encode(),
            b"X-Purpose": stated.encode(),
        }
        body = {"query": READ, "variables": {"id": id_}}
        answer = (await ask.http.post("/graphql", json=body, headers=headers)).json()
        assert answer["data"]["citizen"] is not None
        newest = (await history(ask, "proxy", first=1))["nodes"][0]
        assert newest["purpose"] == (said or stated)


async def test_a_purpose_is_a_line(ask: Asker) -> None:
    for purpose in ("x" * 201, "a\nb", "a\0b"):
        response = await ask.post("{ me { id } }", token=ask.agency("", purpose))
        assert response.status_code == 401
        assert "The purpose is to be a line" in response.text


async def test_the_history_is_paged_newest_first(ask: Asker) -> None:
    id_ = await id_of(ask, "suspended")
    for number in range(5):
        await ask.data(READ, {"id": id_}, token=ask.agency("citizen:read", f"no. {number}"))
    whole = await history(ask, "suspended", first=100)
    assert [n["purpose"] for n in whole["nodes"][:5]] == [f"no. {n}" for n in (4, 3, 2, 1, 0)]
    assert [edge["node"]["id"] for edge in whole["edges"]] == [n["id"] for n in whole["nodes"]]
    gathered, after = [], None
    while True:
        page = await history(ask, "suspended", first=2, after=after)
        gathered += page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert gathered == whole["nodes"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("first: 121", "first: expected 0 to 120, got 121."),
        ("first: -1", "first: expected 0 to 120, got -1."),
        ('after: "x"', "after: expected a cursor of this connection"),
        ('after: "Q0FG"', "after: expected a cursor of this connection"),
    ],
)
async def test_a_wrong_page_is_named(ask: Asker, arguments: str, sentence: str) -> None:
    query = f"{{ me {{ accessHistory({arguments}) {{ nodes {{ id }} }} }} }}"
    answer = await ask.answer(query, token=ask.citizen("both"))
    assert answer["errors"][0]["message"].startswith(sentence)


async def test_the_history_costs_one_statement(ask: Asker, service: Service) -> None:
    with service.database.recording() as statements:
        await history(ask, "both")
    assert len(statements) == 2


async def test_what_the_application_wrote_is_whole(owner: asyncpg.Connection, ask: Asker) -> None:
    id_ = await id_of(ask, "proxy")
    await ask.data(READ, {"id": id_}, token=ask.agency("citizen:read"))
    verdict = await verdict_on(owner, None)
    assert verdict.findings == []
    assert verdict.batches == verdict.head.seq > 0
