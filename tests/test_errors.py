"""Every error has a code and a sentence; none has a traceback, SQL or a Python name."""

import logging
from types import TracebackType
from typing import Any

import pytest
from graphql import GraphQLError

from app.schema import build_schema
from app.service import Service
from tests.conftest import Asker

FORBIDDEN_WORDS = ("Traceback", "asyncpg", "select ", "postgres", ".py", "object at", "NoneType")

QUERIES = {
    "no query": ("", "BAD_REQUEST"),
    "not GraphQL": ("{ me {", "GRAPHQL_PARSE_FAILED"),
    "unknown field": ("{ me { salary } }", "GRAPHQL_VALIDATION_FAILED"),
    "unknown argument": ("{ me { id(x: 1) } }", "GRAPHQL_VALIDATION_FAILED"),
    "unknown enum value": (
        "{ me { entitlements(scheme: PENSION) { id } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "missing argument": ("{ citizen { id } }", "GRAPHQL_VALIDATION_FAILED"),
    "subscription": ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
}


@pytest.mark.parametrize(("query", "code"), QUERIES.values(), ids=QUERIES.keys())
async def test_a_wrong_document(ask: Asker, query: str, code: str) -> None:
    answer = await ask.answer(query)
    assert answer["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert not any(word in str(answer) for word in FORBIDDEN_WORDS)


VARIABLES: dict[str, Any] = {
    "a float": {"n": 1.5},
    "an object": {"n": {}},
    "missing": {},
    "null": {"n": None},
}


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES.keys())
async def test_a_wrong_variable(ask: Asker, variables: dict[str, Any]) -> None:
    query = "query ($n: Int!) { me { entitlements { payments(first: $n) { nodes { id } } } } }"
    answer = await ask.answer(query, variables)
    (error,) = answer["errors"]
    assert "n" in error["message"]
    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}


async def test_a_variable_that_is_null_where_its_argument_must_not_be(ask: Asker) -> None:
    """Valid, for there is a default; that it was turned down is known when the field is asked."""
    query = 'query ($code: ID = "03500101") { localAuthority(code: $code) { kind } }'
    assert (await ask.data(query))["localAuthority"] is not None
    (error,) = (await ask.answer(query, {"code": None}))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"] == (
        "Argument 'code' has invalid value: Expected variable '$code' provided to non-null type"
        " 'ID!' not to be null."
    )


async def test_what_nobody_expected_is_masked_with_an_id_that_the_log_has(
    ask: Asker, service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "1234567" + "890123"

    async def broken(*_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(service.database, "fetch", broken)
    with caplog.at_level(logging.ERROR):
        answer = await ask.answer("{ me { id } }", token=ask.citizen("both"))
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["errorId"] in caplog.text
    assert secret not in str(answer)
    assert secret not in caplog.text


async def test_a_database_that_is_away_is_said_so(
    ask: Asker, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.database, "_timeout", 0.0)
    answer = await ask.answer("{ me { id } }", token=ask.citizen("both"))
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert answer["data"] == {"me": None}


async def test_an_error_leaves_alone_what_others_wait_for_too(ask: Asker) -> None:
    query = """{
      wrong: me { entitlements { payments(first: -1) { nodes { id } } latestPayment { id } } }
      right: me { entitlements { latestPayment { id } } } }"""
    answer = await ask.answer(query, token=ask.citizen("both"))
    assert answer["data"]["wrong"] is None
    assert all(each["latestPayment"]["id"] for each in answer["data"]["right"]["entitlements"])
    assert {error["path"][0] for error in answer["errors"]} == {"wrong"}


BODIES = [b"", b"[", b"[]", b"null", b"7", b'"x"', b'{"query": 7}', b"\xff"]


@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_is_no_request(ask: Asker, body: bytes) -> None:
    response = await ask.http.post(
        "/graphql", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "BAD_USER_INPUT"}
    assert not any(word in response.text for word in FORBIDDEN_WORDS)


async def test_a_wrong_demo_day_is_named(ask: Asker) -> None:
    response = await ask.http.post(
        "/graphql", json={"query": "{ me { id } }"}, headers={"X-Demo-Today": "tomorrow"}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == (
        "X-Demo-Today: expected a date such as 2026-11-10."
    )


ECHOES: dict[str, tuple[str, Any]] = {
    "null for ID": ("query ($x: ID!) { citizen(id: $x) { id } }", None),
    "list for ID": ("query ($x: ID!) { citizen(id: $x) { id } }", ["9000000000012", None]),
    "object for ID": ("query ($x: ID!) { citizen(id: $x) { id } }", {"a": "9000000000012"}),
    "boolean for ID": ("query ($x: ID!) { citizen(id: $x) { id } }", True),
    "text for Int": (
        "query ($x: Int) { me { entitlements { payments(first: $x) { nodes { id } } } } }",
        "9000000000012",
    ),
    "text for an enum": (
        "query ($x: Scheme) { me { entitlements(scheme: $x) { id } } }",
        "'\"9000000000012",
    ),
    "null for Boolean": ("query ($x: Boolean!) { me { id @include(if: $x) } }", None),
}


@pytest.mark.parametrize(("query", "value"), ECHOES.values(), ids=ECHOES.keys())
async def test_no_error_repeats_the_value_or_speaks_python(
    ask: Asker, query: str, value: Any
) -> None:
    answer = await ask.answer(query, {"x": value}, token=ask.agency("citizen:read"))
    text = str(answer["errors"][0]["message"])
    assert not any(word in text for word in ("9000000000012", "None", "True", "{'", "['"))


MISPLACED = ("9000000000012", "9000000000012.5", '"9000000000012"', '"""9000000000012\n"""')


@pytest.mark.parametrize("value", MISPLACED)
async def test_a_syntax_error_names_the_kind_and_not_the_value(ask: Asker, value: str) -> None:
    answer = await ask.answer(f"{{ citizenByNationalId({value}) {{ id }} }}")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert error["message"].startswith("Syntax Error: Expected Name, found ")
    assert "9000000000012" not in str(answer)


@pytest.mark.parametrize("name", ["N9000000000012", "PENSION"])
async def test_a_value_that_no_enum_has_is_not_repeated(ask: Asker, name: str) -> None:
    answer = await ask.answer(f"{{ me {{ entitlements(scheme: {name}) {{ id }} }} }}")
    (error,) = answer["errors"]
    assert error["message"] == "There is no such value in the 'Scheme' enum."


def test_frames_are_forgotten_of_errors_that_lead_to_each_other() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__cause__ = second, first
    located = GraphQLError("shown", original_error=first)
    for each in (first, second, located):
        each.__traceback__ = _a_traceback()
    build_schema().process_errors([located])
    assert [each.__traceback__ for each in (first, second, located)] == [None, None, None]


def _a_traceback() -> TracebackType | None:
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__


def test_each_error_id_leads_to_frames_also_where_several_have_one_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cause = ValueError("of both").with_traceback(_a_traceback())
    build_schema().process_errors([GraphQLError("", original_error=cause) for _ in range(2)])
    frames = [record.exc_info[2] for record in caplog.records if record.exc_info]
    assert len(frames) == 2
    assert all(frames)
