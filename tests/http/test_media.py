"""Content negotiation, and the status that goes with each form."""

import pytest

from app.http.media import Media, NotAcceptable, accepted
from tests.serving import Serving

J, G, E = Media.JSON, Media.GRAPHQL_RESPONSE, Media.EVENT_STREAM
ANY = [J, G, E]

HEADERS = {
    None: ANY,
    "": ANY,
    "*/*": ANY,
    "application/*": [J, G],
    "application/json": [J],
    "application/json; charset=utf-8": [J],
    "APPLICATION/JSON": [J],
    "application/graphql-response+json, application/json;q=0.9": [G, J],
    "application/json;q=0.5, application/graphql-response+json;q=0.6": [G, J],
    "application/json, application/graphql-response+json": [J, G],
    "text/event-stream": [E],
    "application/graphql-response+json, application/json, multipart/mixed, text/event-stream": [
        *(G, J, E)
    ],
    "*/*;q=0.1, application/json;q=0": [G, E],
    "*/*, application/graphql-response+json": [J, E, G],
    "application/graphql-response+json;q=nonsense, application/json": [J],
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.items(), ids=map(str, HEADERS))
def test_what_is_accepted_the_best_first(header: str | None, expected: list[Media]) -> None:
    assert list(accepted(header)) == expected


@pytest.mark.parametrize("header", ["text/html", "image/*", "application/json;q=0", ",", "*/json"])
def test_what_nobody_can_give_is_refused_with_what_there_is(header: str) -> None:
    with pytest.raises(NotAcceptable, match=r"application/graphql-response\+json"):
        accepted(header)


CASES = {
    "an answer": ({"query": "{__typename}"}, 200, 200, None),
    "not parsed": ({"query": "{"}, 200, 400, "GRAPHQL_PARSE_FAILED"),
    "not valid": ({"query": "{nothing}"}, 200, 400, "GRAPHQL_VALIDATION_FAILED"),
    "a variable of another type": (
        {"query": "query($c:ID!){localAuthority(code:$c){code}}", "variables": {"c": None}},
        200,
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "not valid, by a name that it lacks": (
        {"query": "{nothing}", "operationName": "B"},
        200,
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a fragment alone": (
        {"query": "fragment F on Query{__typename}"},
        200,
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a type": ({"query": "type A{b:Int}"}, 200, 400, "GRAPHQL_VALIDATION_FAILED"),
    "several operations": (
        {"query": "query A{__typename} query B{__typename}"},
        200,
        400,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "an operation that is not there": (
        {"query": "query A{__typename}", "operationName": "B"},
        200,
        400,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "over a limit": ({"query": "{__typename" + " " + "a:__typename " * 40 + "}"}, 200, 400, None),
    "an error of one field": ({"query": '{citizen(id:"x"){id}}'}, 200, 200, "BAD_USER_INPUT"),
    "no query": ({}, 400, 400, "BAD_REQUEST"),
}


@pytest.mark.parametrize(
    ("body", "as_json", "as_response", "code"), CASES.values(), ids=CASES.keys()
)
async def test_each_form_has_its_status(
    serving: Serving, body: dict[str, object], as_json: int, as_response: int, code: str | None
) -> None:
    async with serving() as caller:
        for media, status in ((J, as_json), (G, as_response)):
            answer = await caller.http.post("/graphql", json=body, headers={"Accept": media})
            assert answer.status_code == status
            assert answer.headers["content-type"] == media
            assert answer.headers["cache-control"] == "no-store"
            ran = status == 200 and answer.json().get("data", None) is not None
            assert ("data" in answer.json()) == (ran or code == "BAD_USER_INPUT")
            if code is not None:
                assert answer.json()["errors"][0]["extensions"]["code"] == code


async def test_nothing_that_is_there_is_406(serving: Serving) -> None:
    async with serving() as caller:
        body, headers = {"query": "{__typename}"}, {"Accept": "image/png"}
        answer = await caller.http.post("/graphql", json=body, headers=headers)
        assert answer.status_code == 406
        assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_ACCEPTABLE"}


async def test_several_operations_run_by_name(serving: Serving) -> None:
    async with serving() as caller:
        body = {"query": "query A{a:__typename} query B{b:__typename}", "operationName": "B"}
        answer = await caller.http.post("/graphql", json=body)
        assert answer.json() == {"data": {"b": "Query"}}
