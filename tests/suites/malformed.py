"""Requests that nobody should send, drawn from a seeded generator."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.suites.known import Known
from tests.suites.live import Live
from tests.suites.raw_http import request_bytes

SEED = 2569
_QUERY = """query Q($id: ID!, $n: Int) {
  citizen(id: $id) { entitlements { payments(first: $n) { nodes { id } } } } }"""
_GOOD: dict[str, Any] = {"query": _QUERY, "variables": {"id": "x", "n": 1}, "operationName": "Q"}
_ME: dict[str, Any] = {"query": "{ me { givenName entitlements { state } } }"}
_SURROGATE, _NUL, _BOM = "\ud800", "\x00", "\ufeff"
_VALUES: list[Any] = [
    None, True, -1, 0.5, 10**18, 10**400, 1e308, "", "x", _NUL, _BOM, "๑๒", "x" * 5000, [], [[]],
    {}, {"": {}}, [None] * 300, {"query": "{ me { id } }"}, _SURROGATE, "{ me { id } }", "{", "]",
]  # fmt: skip
_TYPES = [
    b"", b"text/plain", b"application/xml", b"application/graphql", b"application/json/json",
    b"application/json; charset=utf-16", b"application/json; charset=klingon", b"*/*", b";;;",
    b"application/json; charset=\xff", b"multipart/form-data", b"multipart/form-data; boundary=x",
    b"application/x-www-form-urlencoded", b"application/graphql-response+json", b"APPLICATION/JSON",
]  # fmt: skip
_METHODS = [b"GET", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"CONNECT", b"PURGE", b"XYZ"]
_PATHS = [
    b"/graphql?query=%7B", b"/graphql?query=%FF%FE", b"/graphql?query=%ZZ", b"/graphql?variables=[",
    b"/graphql?query={me{id}}&variables=7", b"/graphql?query=" + b"(" * 3000, b"/graphql?query=%00",
    b"/graphql?extensions=%F0%9F", b"/graphql?documentId=" + b"0" * 500, b"/graphql?&&==&;",
]  # fmt: skip

_HEADS: list[Any] = [
    {"alg": "none"}, {"alg": 7}, {"alg": "RS256"}, {"alg": "RS256", "kid": "../../etc/passwd"},
    {"alg": "RS256", "kid": _NUL + _SURROGATE}, {"alg": "RS256", "kid": "k" * 5000},
    {}, [], [[{}]], 7, None,
]  # fmt: skip
_MORE_IN_HEADS: list[dict[str, Any]] = [  # over a head with the right kid
    {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}, {"alg": ["RS256"]}, {"alg": {}},
    {"kid": 7}, {"kid": None}, {"kid": {}}, {"kid": [[]]}, {"kid": True}, {"kid": ""},
    {"b64": False}, {"crit": ["exp"]}, {"crit": 7}, {"typ": {"a": [[{}]]}}, {"zip": "DEF"},
    {"jku": "http://127.0.0.1:9/", "jwk": {}}, {"x5c": [_NUL]},
]  # fmt: skip
_CLAIMS = [
    "iss", "aud", "exp", "nbf", "iat", "pid", "citizen_id", "client_id", "azp", "scope", "purpose",
    "local_authority_codes", "sub", "jti",
]  # fmt: skip


@dataclass(slots=True)
class Malformed:
    """Draws requests; the same seed and service, the same requests."""

    citizen: str  # the id of one that an agency can read, so that a token's claims go on record
    chance: random.Random
    tokens: list[bytes]

    @classmethod
    def of(cls, live: Live, known: Known) -> "Malformed":
        chance = random.Random(SEED)  # noqa: S311 - no secret
        return cls(known.citizens[0], chance, [*forged(live, chance), *claiming(live)])

    def draw(self) -> bytes:
        """One request."""
        kinds: list[Callable[[], bytes]] = [
            self._noise, self._cut, self._flipped, self._typed, self._deep, self._encoded,
            self._content_type, self._method, self._headers, self._token, self._token, self._text,
        ]  # fmt: skip
        return self.chance.choice(kinds)()

    def _noise(self) -> bytes:
        return request_bytes(self.chance.randbytes(self.chance.randrange(400)))

    def _cut(self) -> bytes:
        body = json.dumps(_GOOD).encode()
        return request_bytes(body[: self.chance.randrange(len(body))])

    def _flipped(self) -> bytes:
        body = bytearray(json.dumps(_GOOD).encode())
        for _ in range(self.chance.randrange(1, 6)):
            body[self.chance.randrange(len(body))] = self.chance.randrange(256)
        return request_bytes(bytes(body))

    def _typed(self) -> bytes:
        """Parameters and variables of the wrong type, and some that do not exist."""
        body = {**_GOOD, "variables": dict(_GOOD["variables"])}
        places = [body, body["variables"]]
        for _ in range(self.chance.randrange(1, 4)):
            names = ["query", "variables", "operationName", "extensions", "documentId", "id", "n"]
            place = self.chance.choice(places)
            place[self.chance.choice(names)] = self.chance.choice(_VALUES)
        return request_bytes(json.dumps(body).encode())

    def _deep(self) -> bytes:
        depth = self.chance.choice([10, 500, 5000, 50_000])
        opened, closed = self.chance.choice([("[", "]"), ('{"a":', "}"), ("[[", "")])
        nested = opened * depth + closed * depth
        whole = self.chance.choice([nested, f'{{"query":{nested}}}', f'{{"variables":{nested}}}'])
        return request_bytes(whole.encode())

    def _encoded(self) -> bytes:
        text = json.dumps(self.chance.choice([_GOOD, _ME]))
        encoding = self.chance.choice(["utf-8-sig", "utf-16", "utf-32", "utf-7", "utf-16-be"])
        return request_bytes(text.encode(encoding))

    def _content_type(self) -> bytes:
        kind = self.chance.choice(_TYPES)
        body = self.chance.choice(
            [json.dumps(_ME).encode(), b"--x\r\n\r\n--x--", b"query=%7B", b""]
        )
        return request_bytes(body, headers={b"Content-Type": kind})

    def _method(self) -> bytes:
        method, path = self.chance.choice(_METHODS), self.chance.choice([b"/graphql", *_PATHS])
        return request_bytes(b"", method=method, path=path)

    def _headers(self) -> bytes:
        noise = bytes(self.chance.randrange(1, 256) for _ in range(self.chance.randrange(60)))
        noise = noise.replace(b"\r", b"").replace(b"\n", b"")
        names = [
            b"Accept", b"X-Purpose", b"X-Demo-Today", b"Cookie", b"Origin", b"Content-Encoding",
            b"Expect", b"Accept-Encoding", b"X-Gateway-Authorization", b"Authorization", b"Host",
            b"Transfer-Encoding", b"Upgrade", b"traceparent", b"X-Forwarded-For", b"a" * 4000,
        ]  # fmt: skip
        values = [noise, b"", b"x" * 8000, b"gzip", b"0", b"text/event-stream", b"Bearer", b"*;q=x"]
        named = {self.chance.choice(names): self.chance.choice(values) for _ in range(3)}
        return request_bytes(json.dumps(_ME).encode(), headers=named)

    def _token(self) -> bytes:
        name = self.chance.choice([b"Authorization", b"Authorization", b"X-Gateway-Authorization"])
        token = self.chance.choice(self.tokens)
        query = f'{{ me {{ id }} citizen(id: "{self.citizen}") {{ givenName }} }}'
        body = json.dumps({"query": query}).encode()
        return request_bytes(body, headers={name: b"Bearer " + token})

    def _text(self) -> bytes:
        """Documents that a parser may trip over, and text that a database may."""
        wrong = [_NUL, _SURROGATE, _BOM, "\\u{110000}", "\\", '"""', "#", "9" * 400]
        value, deep = self.chance.choice(wrong), self.chance.choice([5, 300, 20_000])
        entity = f'{{ __typename: "{value}", id: "{value}" }}'
        query = self.chance.choice(
            [
                f'{{ citizenByNationalId(nationalId: "{value}") {{ id }} }}',
                f'{{ localAuthority(code: "{value}") {{ code }} }}',
                f"{{ localAuthority(code: {value}) {{ code }} }}",
                f"{{ _entities(representations: [{entity}]) {{ __typename }} }}",
                "{ a " * deep,
                "{ localAuthority(code: " + "[" * deep + "]" * deep + ") { code } }",
                "{ _entities(representations: " + '{ a: "' * deep + '") { __typename } }',
                "query ($a: " + "[" * deep + "ID" + "]" * deep + ") { me { id } }",
                "{ ...F } fragment F on Query { ...F }",
                f"{{ me {{ id @skip(if: {value}) }} }}",
            ]
        )
        return request_bytes(json.dumps({"query": query}).encode())


def forged(live: Live, chance: random.Random) -> list[bytes]:
    """Tokens that say nothing, or that nobody signed."""
    good = live.citizen().encode()
    header, claims, signature = good.split(b".")
    kid = live.home.issuer().key_id
    found = [b"", b".", b"..", b"...", b"a.b.c", b"\xff.\xff.\xff", b"x" * 9000, good + b"."]
    found += [good[: chance.randrange(len(good))] for _ in range(40)]
    for _ in range(80):
        flipped = bytearray(good)
        flipped[chance.randrange(len(good))] ^= 1 << chance.randrange(7)
        found.append(bytes(flipped).translate(None, b"\r\n\0"))
    heads = [*_HEADS, *({"alg": "RS256", "kid": kid, **more} for more in _MORE_IN_HEADS)]
    found += [b".".join([_part(head), claims, end]) for head in heads for end in (signature, b"")]
    bodies: list[Any] = ["[" * 3000, "{", "", "null", "7", '"x"', "[]", '{"a":' * 800, "\xff"]
    found += [b".".join([header, _encode(body.encode("latin-1")), signature]) for body in bodies]
    return found


def claiming(live: Live) -> list[bytes]:
    """Tokens that the right key signed, with claims of the wrong form."""
    agency = {"client_id": "fuzz", "scope": "citizen:read", "purpose": "fuzz"}
    found = []
    for name in _CLAIMS:
        for value in _VALUES:
            try:
                found.append(live.token(**{**agency, name: value}).encode())
            except (TypeError, UnicodeError, OverflowError, ValueError):
                continue  # PyJWT itself signs no such token
    return found


def _part(value: Any) -> bytes:
    return _encode(json.dumps(value).encode())


def _encode(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
