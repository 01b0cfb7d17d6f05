"""What may come as a request, and how all else is refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.serving import Caller, Serving

QUERY = {"query": "{__typename}"}
JSON = {"Content-Type": "application/json"}

BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "The body is expected to be JSON in UTF-8."),
    "no JSON": (b'{"query": "{', "The body is expected to be JSON in UTF-8."),
    "no UTF-8": (b'{"query": "\xff"}', "The body is expected to be JSON in UTF-8."),
    "a byte order mark of UTF-16": ("{}".encode("utf-16"), "JSON in UTF-8"),
    "a lone surrogate": (b'{"query": "\\ud800"}', "The body is expected to be JSON in UTF-8."),
    "not a number": (b'{"variables": NaN}', "The body is expected to be JSON in UTF-8."),
    "deep": (b"[" * 100_000, "The body is expected to be JSON in UTF-8."),
    "a list": (b'[{"query": "{__typename}"}]', "expected to be a JSON object with a `query`"),
    "a string": (b'"{__typename}"', "expected to be a JSON object with a `query`"),
    "no query": (b"{}", "query: expected the text of a GraphQL document."),
    "an empty query": (b'{"query": ""}', "query: expected the text of a GraphQL document."),
    "a number as query": (b'{"query": 1}', "query: expected a string."),
    "a list as name": (b'{"query": "{a}", "operationName": []}', "operationName: expected a str"),
    "a list as variables": (b'{"query": "{a}", "variables": []}', "variables: expected an object."),
    "text as extensions": (b'{"query": "{a}", "extensions": ""}', "extensions: expected an obj"),
}


def told(answer: Any) -> tuple[str, str]:
    (error,) = answer.json()["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(("body", "sentence"), BODIES.values(), ids=BODIES.keys())
async def test_a_wrong_body_is_400_and_says_what_was_expected(
    serving: Serving, body: bytes, sentence: str
) -> None:
    async with serving() as caller:
        answer = await caller.http.post("/graphql", content=body, headers=JSON)
        assert answer.status_code == 400
        code, message = told(answer)
        assert code == "BAD_REQUEST"
        assert sentence in message


TYPES = {
    "none": {},
    "a form, as another site's page could send it": {
        "Content-Type": "application/x-www-form-urlencoded"
    },
    "text, likewise": {"Content-Type": "text/plain"},
    "parts, likewise": {"Content-Type": "multipart/form-data; boundary=x"},
    "another charset": {"Content-Type": "application/json; charset=tis-620"},
    "compressed": {**JSON, "Content-Encoding": "gzip"},
    "nearly": {"Content-Type": "application/json5"},
}


@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES.keys())
async def test_another_type_is_415(serving: Serving, headers: dict[str, str]) -> None:
    async with serving() as caller:
        content = b'{"query": "{__typename}"}'
        answer = await caller.http.post("/graphql", content=content, headers=headers)
        assert answer.status_code == 415
        assert told(answer)[0] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("kind", ['application/json; charset="UTF-8"', "Application/JSON;v=1"])
async def test_the_same_type_in_another_spelling(serving: Serving, kind: str) -> None:
    async with serving() as caller:
        content = b'{"query": "{__typename}"}'
        answer = await caller.http.post("/graphql", content=content, headers={"Content-Type": kind})
        assert answer.json() == {"data": {"__typename": "Query"}}


def of_size(size: int) -> bytes:
    return b'{"query":"{__typename}"' + b" " * (size - 24) + b"}"


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


async def test_a_body_up_to_the_limit_and_one_byte_more(serving: Serving) -> None:
    async with serving(max_body_bytes=1000) as caller:
        for body in (of_size(1000), in_parts(of_size(1000))):
            answer = await caller.http.post("/graphql", content=body, headers=JSON)
            assert answer.status_code == 200
        for body in (of_size(1001), in_parts(of_size(1001))):
            answer = await caller.http.post("/graphql", content=body, headers=JSON)
            assert answer.status_code == 413
            code, message = told(answer)
            assert code == "CONTENT_TOO_LARGE"
            assert "at most 1,000 bytes" in message


async def test_a_url_up_to_the_limit(serving: Serving) -> None:
    async with serving(max_body_bytes=200, get_queries=True) as caller:
        assert (await caller.http.get("/graphql", params=QUERY)).status_code == 200
        answer = await caller.http.get("/graphql", params={**QUERY, "x": "y" * 200})
        assert answer.status_code == 413


async def test_get_is_refused_unless_switched_on(serving: Serving) -> None:
    async with serving() as caller:
        answer = await caller.http.get("/graphql", params=QUERY)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert told(answer)[0] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_another_method_is_405(serving: Serving, method: str) -> None:
    async with serving(get_queries=True) as caller:
        answer = await caller.http.request(method, "/graphql", params=QUERY)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"


async def get(caller: Caller, **params: str) -> Any:
    return await caller.http.get("/graphql", params=params)


async def test_what_a_url_may_hold(serving: Serving) -> None:
    async with serving(get_queries=True) as caller:
        query = "query A($c:ID!){localAuthority(code:$c){code}} query B{__typename}"
        answer = await get(caller, query=query, operationName="A", variables='{"c":"0"}')
        assert answer.json() == {"data": {"localAuthority": None}}
        answer = await get(caller, query=query, operationName="B", variables="", extensions="")
        assert answer.json() == {"data": {"__typename": "Query"}}
        for name in ("variables", "extensions"):
            for text in ("{", "[]", "1"):
                answer = await get(caller, query="{__typename}", **{name: text})
                assert answer.status_code == 400
                assert told(answer)[1].startswith(f"{name}: expected")
