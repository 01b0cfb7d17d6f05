"""`serve` says nothing of its schema unless it is told to."""

import pytest
from graphql import get_introspection_query

from tests.serving import Serving

SCHEMA = ["{__schema{types{name}}}", '{__type(name:"Citizen"){fields{name}}}']
NEARLY = [
    ("{mee{id}}", None, "me"),
    ("{me{givenNam}}", None, "givenName"),
    ('{localAuthority(cod:"1"){code}}', None, "code"),
    ('{citizenByNationalId(nationalIdd:"1"){id}}', None, "nationalId"),
    ("{me{entitlements(scheme:OLD_AGE_ALLOWANC){id}}}", None, "OLD_AGE_ALLOWANCE"),
    ("query($s:Scheme){me{entitlements(scheme:$s){id}}}", {"s": "OLD_AGE_ALLOWANC"}, "OLD_AGE"),
    ("query($s:Schem){me{entitlements(scheme:$s){id}}}", {"s": "X"}, "Scheme"),
    ("{me{...on Citizn{id}}}", None, "Citizen"),
    ("{me{id@includ(if:true)}}", None, "include"),
    ("{me}", None, "me { ... }"),
]


@pytest.mark.parametrize("query", [*SCHEMA, get_introspection_query()])
async def test_introspection_is_off_unless_switched_on(serving: Serving, query: str) -> None:
    async with serving() as caller:
        errors = await caller.errors(query, None, caller.citizen())
        assert {code for code, _ in errors} == {"GRAPHQL_VALIDATION_FAILED"}
        assert all("introspection has been disabled" in message for _, message in errors)
        answer = (await caller.post({"query": "{__typename me{__typename}}"})).json()
        assert answer == {"data": {"__typename": "Query", "me": None}}
    async with serving(introspection=True) as caller:
        assert await caller.errors(query) == []


async def test_graphiql_is_off_unless_switched_on(serving: Serving) -> None:
    page = {"Accept": "text/html"}
    async with serving() as caller:
        assert "<html" not in (await caller.http.get("/graphql", headers=page)).text
        assert (await caller.http.get("/graphiql/static/page.js")).status_code == 404
        assert (await caller.http.get("/")).status_code == 404
    async with serving(graphiql=True) as caller:
        assert "<html" in (await caller.http.get("/graphql", headers=page)).text


@pytest.mark.parametrize(("query", "variables", "name"), NEARLY, ids=[q for q, _, _ in NEARLY])
async def test_no_error_suggests_a_name(
    serving: Serving, query: str, variables: dict[str, str] | None, name: str
) -> None:
    async with serving() as caller:
        errors = await caller.errors(query, variables, caller.citizen())
        assert errors
        assert all("Did you mean" not in message for _, message in errors)
    async with serving(introspection=True) as caller:
        helped = await caller.errors(query, variables, caller.citizen())
        assert len(helped) == len(errors)
        if any("Did you mean" in message for _, message in helped):
            assert any(name in message for _, message in helped)


async def test_the_other_way_round_errors_do_help(serving: Serving) -> None:
    async with serving(introspection=True) as caller:
        helped = [await caller.errors(query, given) for query, given, _ in NEARLY]
        assert sum("Did you mean" in str(each) for each in helped) >= 5
