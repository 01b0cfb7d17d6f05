"""The cost of an operation, before it runs."""

import time
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    print_ast,
)
from strawberry.printer import print_schema

from app import screens
from app.limits.cost_table import CostTable
from app.limits.limits import Limits
from app.schema import build_schema
from app.settings import Settings
from resolvers.paging import MAX_PAGE_SIZE
from tests.limits.test_shape import documents, doubling
from tests.serving import Serving

MAX_COST: int = Settings.model_fields["max_cost"].default
MAX_AGENCY_COST: int = Settings.model_fields["max_agency_cost"].default
NODES = "{me{entitlements{payments%s{nodes{id}}}}}"
GENEROUS = documents(Limits(max_repeated_fields=10**15))


def cost(text: str, variables: dict[str, Any] | None = None) -> int:
    document = GENEROUS.read(text)
    assert document.errors == []
    return document.cost(None, variables)


def test_objects_cost_one_and_scalars_nothing() -> None:
    assert cost("{dataFreshness{oldAge{delayed latestPeriod}}}") == 2
    assert cost("{__typename me{__typename id age givenName}}") == 1
    assert cost("{me{entitlements{state}}}") == 1 + 2  # one for each scheme
    assert cost("{me{entitlements{totals{count paidCount}}}}") == 1 + 2 * (1 + 12)


@pytest.mark.parametrize(
    ("arguments", "length"),
    [
        ("", 12),
        ("(first:3)", 3),
        ("(first:0)", 0),
        ("(last:100)", 100),
        ("(first:null,last:7)", 7),
        ("(first:null)", 12),
        ("(first:1000000)", MAX_PAGE_SIZE),
        ("(first:-5)", 0),
    ],
)
def test_a_page_costs_what_it_asks_for(arguments: str, length: int) -> None:
    assert cost(NODES % arguments) == 1 + 2 * (1 + 1 + length)


@pytest.mark.parametrize(
    ("definition", "variables", "length"),
    [
        ("$n:Int", {"n": 50}, 50),
        ("$n:Int", {"n": 50.0}, 50),
        ("$n:Int", {}, 12),
        ("$n:Int", None, 12),
        ("$n:Int=30", {}, 30),
        ("$n:Int=30", {"n": 4}, 4),
        ("$n:Int=30", {"n": None}, 12),
        ("$n:Int", {"n": "many"}, 12),
        ("$n:Int", {"n": True}, 12),
        ("$n:Int", {"n": float("inf")}, 12),
        ("$n:Int", {"n": 10**30}, MAX_PAGE_SIZE),
    ],
)
def test_variables_count(definition: str, variables: Any, length: int) -> None:
    text = f"query ({definition}) " + NODES % "(first:$n)"
    assert cost(text, variables) == 1 + 2 * (1 + 1 + length)


def test_fragments_and_edges_are_sized_too() -> None:
    text = """query ($n: Int) { me { entitlements { payments(first: $n) {
      ...Page ... on PaymentConnection { edges { node { id } } } } } } }
      fragment Page on PaymentConnection { nodes { reason { code } } }"""
    assert cost(text, {"n": 5}) == 1 + 2 * (1 + 1 + 5 * 2 + 5 * 2)


def test_entities_cost_by_their_number_and_the_dearest_type() -> None:
    text = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Citizen { entitlements { state } } ... on LocalAuthority { name } ...P } }
      fragment P on Payment { reason { code } bankAccount { bank { code } } }"""
    assert cost(text, {"r": [{}] * 7}) == 7 * 4
    assert cost(text, {"r": {}}) == 4
    assert cost("{_entities(representations:[{a:1},{b:1},{}]){... on Citizen{id}}}") == 3
    assert cost("{_entities(representations:{a:1}){... on Citizen{id}}}") == 1


def test_each_operation_has_its_own_cost() -> None:
    document = GENEROUS.read("query A {me{id}} query B {me{entitlements{id}}}")
    assert [document.cost(name, {}) for name in ("A", "B", "C", None)] == [1, 3, 0, 0]


def test_fragments_within_fragments_are_counted_once_each() -> None:
    started = time.process_time()
    text = "query($n:Int){me{entitlements{payments(first:$n){...f0}}}}"
    text += doubling(40, "PaymentConnection", "nodes{id}")
    assert cost(text, {"n": 1}) == 1 + 2 * (2 + 2**40)
    text = "query($n:Int){me{entitlements{...f0}}}"
    text += doubling(40, "Entitlement", "payments(first:$n){nodes{id}}")
    assert cost(text, {"n": 1}) == 1 + 2 * (1 + 2**40 * 2)
    assert time.process_time() - started < 1


def as_entities(name: str) -> str:
    """A screen's selection, as a gateway asks for it of many citizens."""
    (operation,) = parse(screens.document(name)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = [print_ast(each) for each in operation.variable_definitions or ()]
    (me,) = operation.selection_set.selections
    selection = print_ast(me).removeprefix("me")
    arguments = ", ".join(["$r: [_Any!]!", *variables])
    return (
        f"query ({arguments}) {{ _entities(representations: $r) {{ ... on Citizen {selection} }} }}"
    )


@pytest.mark.parametrize("name", screens.NAMES)
def test_the_defaults_let_screens_and_gateways_through(name: str) -> None:
    defaults = documents()
    screen = defaults.read(screens.document(name))
    assert screen.cost(None, {"first": MAX_PAGE_SIZE}) * 3 < MAX_COST
    entities = defaults.read(as_entities(name))
    assert entities.errors == []
    representations = [{"__typename": "Citizen", "id": "x"}] * 1000
    assert MAX_COST < entities.cost(None, {"r": representations}) < MAX_AGENCY_COST


def test_every_list_of_objects_says_its_size() -> None:
    schema: GraphQLSchema = build_schema()._schema
    table = CostTable.of(print_schema(build_schema()), MAX_PAGE_SIZE)
    sized = set(table.sizes)
    for (type_name, field_name), size in table.sizes.items():
        type_ = schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        named = get_named_type(type_.fields[field_name].type)
        sized |= {(named.name, each) for each in size.sized}
    assert [
        (type_.name, name)
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if is_list_type(get_nullable_type(field.type))
        and is_composite_type(get_named_type(field.type))
        and (type_.name, name) not in sized
    ] == []


async def test_one_more_than_the_limit_is_refused_with_both_numbers(serving: Serving) -> None:
    text = f"query ($n: Int) {NODES % '(first:$n)'}"
    async with serving(max_cost=1 + 2 * 22, max_agency_cost=1 + 2 * 32) as caller:
        citizen = caller.citizen()
        assert await caller.errors(text, {"n": 20}, citizen) == []
        refused = await caller.errors(text, {"n": 21}, citizen)
        assert refused == [
            (
                "COST_ESTIMATED_TOO_EXPENSIVE",
                "Cost: at most 45, found 47. Ask for less at once: a smaller `first`, fewer "
                "representations, fewer fields that hold objects.",
            )
        ]
        agency = caller.agency("agency")
        assert await caller.errors(text, {"n": 30}, agency) == []
        assert "at most 65, found 67" in (await caller.errors(text, {"n": 31}, agency))[0][1]


async def test_nothing_runs_of_what_costs_too_much(serving: Serving) -> None:
    async with serving(max_cost=1) as caller:
        with caller.service.database.recording() as statements:
            assert await caller.errors("{me{entitlements{id}}}", None, caller.citizen())
        assert statements == []


async def test_a_thousand_entities_of_a_screen_pass_for_an_agency(serving: Serving) -> None:
    scopes = "citizen:read entitlement:read payment:read bank-account:read"
    async with serving(request_deadline_seconds=300) as caller:
        token = caller.citizen()
        me = (await caller.post({"query": "{me{id}}"}, token)).json()["data"]["me"]
        representations = [{"__typename": "Citizen", "id": me["id"]}] * 1000
        body = {"query": as_entities("old_age_home"), "variables": {"r": representations}}
        answer = (await caller.post(body, caller.agency("agency", scopes))).json()
        assert "errors" not in answer
        assert len(answer["data"]["_entities"]) == 1000
        refused = (await caller.post(body, token)).json()["errors"]
        assert [each["extensions"]["code"] for each in refused] == ["COST_ESTIMATED_TOO_EXPENSIVE"]
