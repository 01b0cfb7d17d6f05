"""Every caller times every root: who is given a datum, and that no refusal tells what exists."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType

from app.demo.personas import PERSONAS
from app.ids import (
    EntitlementKey,
    decode_citizen_id,
    decode_payment_id,
    encode_citizen_id,
    encode_entitlement_id,
    encode_payment_id,
)
from app.policies import Scope
from app.rules.vocabulary import Scheme
from app.schema import build_schema, sdl
from app.service import Service
from loaders.reference import REVISION
from tests.callers import PERSONA, leaves, office, untrusted
from tests.conftest import Asker

NOBODYS = UUID(int=7)  # no citizen has it
UNKNOWN_NATIONAL_ID = "9999999999994"
ELSEWHERE = "00000000"
EVERYTHING = " ".join(scope.value for scope in Scope)


@dataclass(frozen=True)
class Target:
    """A citizen, or what stands for one who does not exist."""

    citizen: str
    national_id: str
    entitlement: str
    payment: str


@dataclass(frozen=True)
class Root:
    """A way into the graph; `scope` is what opens it to an agency, where it is of a person."""

    name: str
    query: str
    scope: Scope | None
    variables: Callable[[Target], dict[str, Any]] = lambda _: {}

    def __str__(self) -> str:
        return self.name


def of_entity(key: str, scope: Scope | None, value: Callable[[Target], str]) -> Root:
    """`_entities` of one type by one key."""
    kind, _, name = key.partition(".")
    shown = "code" if name == "code" else "id"
    query = (
        "query ($r: [_Any!]!) { _entities(representations: $r) "
        f"{{ ... on {kind} {{ {shown} }} }} }}"
    )

    def variables(target: Target) -> dict[str, Any]:
        return {"r": [{"__typename": kind, name: value(target)}]}

    return Root(f"_entities {key}", query, scope, variables)


AUTHORITY = "03500101"
REFUSED = {"FORBIDDEN", "UNAUTHENTICATED", "COST_ESTIMATED_TOO_EXPENSIVE"}
NOTHING_TAKEN = {
    "requestId": "1",
    "period": "2026-11",
    "scheme": "OLD_AGE_ALLOWANCE",
    "records": [
        {"nationalId": "", "localAuthorityCode": AUTHORITY, "amount": "1", "status": "PAID"}
    ],
}
ROOTS = [
    Root(
        "citizen",
        "query ($id: ID!) { citizen(id: $id) { id } }",
        Scope.CITIZEN_READ,
        lambda target: {"id": target.citizen},
    ),
    Root(
        "citizenByNationalId",
        "query ($n: NationalId!) { citizenByNationalId(nationalId: $n) { id } }",
        Scope.CITIZEN_LOOKUP,
        lambda target: {"n": target.national_id},
    ),
    of_entity("Citizen.id", Scope.CITIZEN_READ, lambda target: target.citizen),
    of_entity("Citizen.nationalId", Scope.CITIZEN_LOOKUP, lambda target: target.national_id),
    of_entity("Entitlement.id", Scope.ENTITLEMENT_READ, lambda target: target.entitlement),
    of_entity("Payment.id", Scope.PAYMENT_READ, lambda target: target.payment),
    of_entity("LocalAuthority.code", None, lambda _: AUTHORITY),
    Root("localAuthority", f'{{ localAuthority(code: "{AUTHORITY}") {{ code }} }}', None),
    Root("dataFreshness", "{ dataFreshness { oldAge { delayed } } }", None),
    Root("_service", "{ _service { sdl } }", None),
]
OF_AGENCIES = [
    Root("disbursementBatches", "{ disbursementBatches { nodes { id } } }", Scope.BATCH_READ),
    Root(
        "submitDisbursements",
        "mutation ($i: SubmitDisbursementsInput!) "
        "{ submitDisbursements(input: $i) { batch { id } } }",
        Scope.DISBURSEMENT_WRITE,
        lambda _: {"i": NOTHING_TAKEN},
    ),
]
OF_THE_CITIZEN = [
    Root(
        "markNotificationsRead",
        "mutation { markNotificationsRead(ids: []) { __typename notifications { id } } }",
        None,
    ),
]
OF_A_PERSON = [root for root in ROOTS if root.scope is not None]
PUBLIC = [root for root in ROOTS if root.scope is None]
ME = "{ me { id } }"


def test_no_root_and_no_key_of_an_entity_is_left_out() -> None:
    schema = build_schema()._schema
    query, mutation = schema.query_type, schema.mutation_type
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(mutation, GraphQLObjectType)
    keys = re.findall(r"^type (\w+)([^{]*)", sdl(), re.MULTILINE)
    entities = {
        f"_entities {kind}.{key}"
        for kind, directives in keys
        for key in re.findall(r'@key\(fields: "([^"]+)"', directives)
    }
    roots = {root.name for root in [*ROOTS, *OF_AGENCIES, *OF_THE_CITIZEN]}
    assert roots == (set(query.fields) - {"me", "_entities"}) | set(mutation.fields) | entities


async def target_of(ask: Asker, persona: str) -> Target:
    query = "{ me { id entitlements { id latestPayment { id } } } }"
    me = (await ask.data(query, token=ask.citizen(persona)))["me"]
    entitlement = me["entitlements"][0]
    payment = entitlement["latestPayment"]["id"]
    return Target(me["id"], PERSONAS[persona].national_id, entitlement["id"], payment)


@pytest.fixture(scope="module")
async def known(ask: Asker) -> Target:
    return await target_of(ask, PERSONA)


@pytest.fixture(scope="module")
def unknown(known: Target) -> Target:
    payment = decode_payment_id(known.payment)._replace(citizen_id=NOBODYS)
    entitlement = EntitlementKey(NOBODYS, Scheme.OLD_AGE_ALLOWANCE)
    return Target(
        encode_citizen_id(NOBODYS),
        UNKNOWN_NATIONAL_ID,
        encode_entitlement_id(entitlement),
        encode_payment_id(payment),
    )


def asked(statements: list[str]) -> list[str]:
    """Without what the service asks by itself, every half minute."""
    return [statement for statement in statements if statement != REVISION]


def refused_callers(ask: Asker, scope: Scope) -> dict[str, str | None]:
    """Those who are let in and may not read the citizen."""
    others = " ".join(each.value for each in Scope if each is not scope)
    return {
        "nobody": None,
        "citizen other": ask.citizen("proxy"),
        "agency without any scope": ask.agency(""),
        "agency with every other scope": ask.agency(others),
        "agency with scope but no purpose": ask.agency(EVERYTHING, None),
        "agency of another authority": office(ask.home.issuer(), EVERYTHING, ELSEWHERE),
        "agency of no authority": office(ask.home.issuer(), EVERYTHING),
    }


@pytest.mark.parametrize("root", OF_A_PERSON, ids=str)
async def test_a_root_of_a_person_times_every_caller(ask: Asker, known: Target, root: Root) -> None:
    assert root.scope is not None
    variables = root.variables(known)
    for caller, allowed in {
        "citizen self": ask.citizen(PERSONA),
        "agency with scope": ask.agency(root.scope.value),
    }.items():
        assert len(leaves(await ask.data(root.query, variables, token=allowed))) == 1, caller
    for caller, refused in refused_callers(ask, root.scope).items():
        assert leaves(await ask.data(root.query, variables, token=refused)) == [], caller


@pytest.mark.parametrize("root", OF_AGENCIES, ids=str)
async def test_a_root_of_agencies_times_every_caller(ask: Asker, known: Target, root: Root) -> None:
    assert root.scope is not None
    variables = root.variables(known)
    for purpose in ("audit", None):  # nothing of a citizen is given, so none is asked for
        token = ask.agency(root.scope.value, purpose)
        assert leaves(await ask.data(root.query, variables, token=token)) != []
    others = " ".join(each.value for each in Scope if each is not root.scope)
    for caller, refused in {
        "nobody": None,
        "citizen": ask.citizen(PERSONA),
        "agency without any scope": ask.agency(""),
        "agency with every other scope": ask.agency(others),
    }.items():
        answer = await ask.answer(root.query, variables, token=refused)
        assert answer.get("data") is None, caller
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        # To write costs more than anybody but an agency may ask.
        agency = caller.startswith("agency")
        assert codes <= ({"FORBIDDEN"} if agency else REFUSED), caller


@pytest.mark.parametrize("root", OF_THE_CITIZEN, ids=str)
async def test_a_root_of_the_citizen_times_every_caller(ask: Asker, root: Root) -> None:
    assert leaves(await ask.data(root.query, token=ask.citizen(PERSONA))) != []
    for caller, code in {
        None: "UNAUTHENTICATED",
        ask.agency(EVERYTHING): "FORBIDDEN",
        ask.agency(""): "FORBIDDEN",
        office(ask.home.issuer(), EVERYTHING, ELSEWHERE): "FORBIDDEN",
    }.items():
        answer = await ask.answer(root.query, token=caller)
        assert answer.get("data") is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


@pytest.mark.parametrize("root", PUBLIC, ids=str)
async def test_a_public_root_is_open_to_whoever_is_let_in(
    ask: Asker, known: Target, root: Root
) -> None:
    variables = root.variables(known)
    whole = await ask.data(root.query, variables)
    assert leaves(whole) != []
    for token in (ask.citizen(PERSONA), *refused_callers(ask, Scope.CITIZEN_READ).values()):
        assert await ask.data(root.query, variables, token=token) == whole


async def test_me_is_whoever_signed_in_and_no_agency(ask: Asker, known: Target) -> None:
    assert await ask.data(ME, token=ask.citizen(PERSONA)) == {"me": {"id": known.citizen}}
    other = await ask.data(ME, token=ask.citizen("proxy"))
    assert other["me"]["id"] != known.citizen
    agencies = [ask.agency(EVERYTHING), office(ask.home.issuer(), EVERYTHING, ELSEWHERE)]
    for token in (None, ask.agency(""), ask.agency(EVERYTHING, None), *agencies):
        assert await ask.data(ME, token=token) == {"me": None}


@pytest.mark.parametrize(
    "root", [*ROOTS, *OF_AGENCIES, *OF_THE_CITIZEN, Root("me", ME, None)], ids=str
)
async def test_a_token_that_is_not_good_opens_no_root(
    ask: Asker, known: Target, root: Root
) -> None:
    for caller, bad in untrusted(ask.home.issuer()).items():
        response = await ask.post(root.query, root.variables(known), token=bad)
        assert response.status_code == 401, caller
        assert set(response.json()) == {"errors"}, caller


@pytest.mark.parametrize("root", OF_A_PERSON, ids=str)
async def test_unknown_and_forbidden_are_the_same_answer_at_the_same_cost(
    ask: Asker, service: Service, known: Target, unknown: Target, root: Root
) -> None:
    assert root.scope is not None
    for caller, token in refused_callers(ask, root.scope).items():
        answers = []
        for target in (known, unknown):
            with service.database.recording() as statements:
                response = await ask.post(root.query, root.variables(target), token=token)
            answers.append(
                (response.status_code, response.headers, response.content, asked(statements))
            )
        assert answers[0] == answers[1], caller


ENTITIES = [root for root in OF_A_PERSON if root.name.startswith("_entities")]


@pytest.mark.parametrize("root", ENTITIES, ids=str)
async def test_they_are_the_same_beside_a_citizen_who_is_served(
    ask: Asker, service: Service, known: Target, unknown: Target, root: Root
) -> None:
    served = await target_of(ask, "proxy")
    code = PERSONAS["proxy"].authority
    token = office(ask.home.issuer(), EVERYTHING, code)
    answers = []
    for target in (known, unknown):
        both = root.variables(served)["r"] + root.variables(target)["r"]
        with service.database.recording() as statements:
            response = await ask.post(root.query, {"r": both}, token=token)
        answers.append((response.content, response.headers, asked(statements)))
    assert answers[0] == answers[1]
    assert len(leaves(response.json()["data"])) == 1


@pytest.mark.parametrize("root", OF_A_PERSON, ids=str)
async def test_an_office_serves_who_lives_there(ask: Asker, known: Target, root: Root) -> None:
    assert root.scope is not None
    issuer, variables = ask.home.issuer(), root.variables(known)
    whole = await ask.data(root.query, variables, token=ask.citizen(PERSONA))
    for codes in ([PERSONAS[PERSONA].authority], [ELSEWHERE, PERSONAS[PERSONA].authority]):
        token = office(issuer, root.scope.value, *codes)
        assert await ask.data(root.query, variables, token=token) == whole


@pytest.fixture
async def registered_elsewhere(demo_database: str, known: Target) -> AsyncIterator[str]:
    """The citizen's rights are registered where they do not live; the code of that place."""
    update = "update registration set local_authority_code = $2 where citizen_id = $1"
    citizen_id = decode_citizen_id(known.citizen)
    connection = await asyncpg.connect(demo_database)
    assert await connection.execute(update, citizen_id, "03650101") == "UPDATE 2"
    yield "03650101"
    await connection.execute(update, citizen_id, PERSONAS[PERSONA].authority)
    await connection.close()


@pytest.mark.parametrize("root", OF_A_PERSON, ids=str)
async def test_an_office_serves_whose_right_is_registered_there(
    ask: Asker, known: Target, registered_elsewhere: str, root: Root
) -> None:
    assert root.scope is not None
    issuer, variables = ask.home.issuer(), root.variables(known)
    whole = await ask.data(root.query, variables, token=ask.citizen(PERSONA))
    for code in (registered_elsewhere, PERSONAS[PERSONA].authority):
        token = office(issuer, root.scope.value, code)
        assert await ask.data(root.query, variables, token=token) == whole
    third = office(issuer, root.scope.value, ELSEWHERE)
    assert leaves(await ask.data(root.query, variables, token=third)) == []
