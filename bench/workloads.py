"""What is asked: the same question in each server's words, and the requests in a file for wrk."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from app import clock
from app.demo.home import DataDirectory
from app.demo.issuer import ALGORITHM, AUDIENCE, TOKEN_LIFETIME, DevelopmentIssuer
from app.ids import encode_citizen_id
from app.screens import document
from bench.population import DEEP, Person, people
from bench.servers import ISSUER, NAMES, OURS

HERE = Path(__file__).parent
FILES_OF_ENTITIES = 100  # so many different batches are asked
ASKED = 5_000  # so many people are asked about, at random
POSTGRAPHILE = "postgraphile"
_AGENCY_SCOPES = "citizen:read entitlement:read payment:read"


def _question(name: str) -> str:
    return (HERE / "questions" / f"{name}.graphql").read_text(encoding="utf-8")


_SCREEN = _question("screen")
SCREEN_OF_OURS = "query Screen($first: Int = 12) { citizen: me { ...Screen } }\n" + _SCREEN
SCREEN = "query Screen($id: ID!, $first: Int = 12) { citizen(id: $id) { ...Screen } }\n" + _SCREEN
SCREEN_BY_POSTGRAPHILE = _question("screen_by_postgraphile")
ENTITIES = _question("entities")
ENTITIES_BY_POSTGRAPHILE = _question("entities_by_postgraphile")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: who asks, None where nobody has to say, and the body."""

    token: str | None
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs as the portal and an agency's token server would."""

    issuer: DevelopmentIssuer

    def citizen(self, person: Person) -> str:
        return self._sign({"pid": person.national_id, "scope": "openid pid", "ial": 2.3})

    def agency(self) -> str:
        claims = {"client_id": "bench", "scope": _AGENCY_SCOPES, "purpose": "bench"}
        return self._sign(claims)

    def _sign(self, claims: dict[str, Any]) -> str:
        now = clock.now()
        whole = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + TOKEN_LIFETIME, **claims}
        headers = {"kid": self.issuer.key_id}
        return jwt.encode(whole, self.issuer.private_key, ALGORITHM, headers=headers)


@dataclass(frozen=True, slots=True)
class Workload:
    """A question, how many connections may ask it, and who can answer it.

    `seconds` multiplies the length of a slice, where one request takes long.
    """

    name: str
    says: str
    requests: Callable[[str, "Asked"], list[Request]]
    connections: tuple[int, ...] = (1, 8, 64, 256)
    seconds: int = 1
    servers: tuple[str, ...] = NAMES


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the requests are about, and the tokens to ask with."""

    everyone: Sequence[Person]
    citizens: Sequence[str]
    agency: str

    @classmethod
    def of(cls, home: DataDirectory, citizens: int) -> "Asked":
        """The first people of the database, those with ten years of payments before others."""
        tokens = Tokens(home.issuer())
        everyone = list(people(min(ASKED, citizens)))
        return cls(everyone, [tokens.citizen(person) for person in everyone], tokens.agency())


def _screen(server: str, asked: Asked, *, first: int = 12, most: int = ASKED) -> list[Request]:
    pairs = list(zip(asked.everyone, asked.citizens, strict=True))[:most]
    if server == OURS:
        body = {"query": SCREEN_OF_OURS, "variables": {"first": first}}
        return [Request(token, body) for _, token in pairs]
    if server == POSTGRAPHILE:
        ids, text = [str(person.id) for person, _ in pairs], SCREEN_BY_POSTGRAPHILE
    else:
        ids, text = [encode_citizen_id(person.id) for person, _ in pairs], SCREEN
    bodies = [{"query": text, "variables": {"id": each, "first": first}} for each in ids]
    return [Request(None, body) for body in bodies]


def _deep(server: str, asked: Asked) -> list[Request]:
    return _screen(server, asked, first=120, most=DEEP)


def _full(_server: str, asked: Asked) -> list[Request]:
    body = {"query": document("old_age_history")}
    return [Request(token, body) for token in asked.citizens]


def _entities(count: int) -> Callable[[str, Asked], list[Request]]:
    def requests(server: str, asked: Asked) -> list[Request]:
        chance = random.Random(count)
        batches = [chance.sample(asked.everyone, count) for _ in range(FILES_OF_ENTITIES)]
        if server == POSTGRAPHILE:
            every = [{"ids": [str(each.id) for each in batch]} for batch in batches]
            return [Request(None, _body(ENTITIES_BY_POSTGRAPHILE, each)) for each in every]
        token = asked.agency if server == OURS else None
        asking = [{"representations": [_representation(p) for p in batch]} for batch in batches]
        return [Request(token, _body(ENTITIES, each)) for each in asking]

    return requests


def _body(text: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {"query": text, "variables": variables}


def _representation(person: Person) -> dict[str, str]:
    return {"__typename": "Citizen", "id": encode_citizen_id(person.id)}


def _tiny(server: str, asked: Asked) -> list[Request]:
    token = asked.citizens[0] if server == OURS else None
    return [Request(token, {"query": "{ __typename }"})]


WORKLOADS = (
    Workload("screen", "A citizen's screen: 12 payments, random citizens", _screen),
    Workload("deep", "A deep history: 120 payments", _deep),
    Workload(
        "entities_100",
        "A gateway's `_entities` of 100 citizens",
        _entities(100),
        connections=(1, 8, 64),
    ),
    Workload(
        "entities_1000",
        "A gateway's `_entities` of 1,000 citizens",
        _entities(1000),
        connections=(1, 8),
        seconds=2,
    ),
    Workload("tiny", "`{ __typename }`", _tiny),
    Workload(
        "full_screen",
        "The mini-app's whole history screen, rules included; ours alone",
        _full,
        servers=(OURS,),
    ),
)


def write(requests: Sequence[Request], path: Path) -> None:
    """For wrk: a line of the token, or -, and a line of the body, for each request."""
    lines = [line for each in requests for line in (each.token or "-", json.dumps(each.body))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
