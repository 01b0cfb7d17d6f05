"""The galaxy of GraphQL's own examples: characters, their friends, and what nobody may know."""

import asyncio
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_schema

SDL = """
enum Episode { HOPE EMPIRE JEDI }
interface Character {
  id: ID! name: String friends: [Character] appearsIn: [Episode!]! secretBackstory: String
}
type Human implements Character {
  id: ID! name: String friends: [Character] appearsIn: [Episode!]! secretBackstory: String
  homePlanet: String
}
type Droid implements Character {
  id: ID! name: String friends: [Character] appearsIn: [Episode!]! secretBackstory: String
  primaryFunction: String
}
union Found = Human | Droid
type Query {
  hero(episode: Episode): Character
  human(id: ID!): Human
  droid(id: ID!): Droid
  search(text: String!): [Found!]!
}
"""


@dataclass(frozen=True)
class Character:
    """Somebody; `more` is the home planet or the primary function."""

    kind: str
    id: str
    name: str
    friend_ids: tuple[str, ...]
    appearsIn: tuple[str, ...]  # noqa: N815 - read by its name in the schema
    more: str | None = None

    @property
    def homePlanet(self) -> str | None:  # noqa: N802
        return self.more

    @property
    def primaryFunction(self) -> str | None:  # noqa: N802
        return self.more


_ALWAYS = ("HOPE", "EMPIRE", "JEDI")
_ALL = (
    Character("Human", "1", "Luke", ("3", "4", "11"), _ALWAYS, "Tatooine"),
    Character("Human", "2", "Vader", (), _ALWAYS, "Tatooine"),
    Character("Human", "3", "Han", ("1", "4"), _ALWAYS),
    Character("Human", "4", "Leia", ("1", "3", "10"), _ALWAYS, "Alderaan"),
    Character("Droid", "10", "C-3PO", ("1", "11"), _ALWAYS, "Protocol"),
    Character("Droid", "11", "R2-D2", ("1", "4"), _ALWAYS, "Astromech"),
)
_BY_ID = {each.id: each for each in _ALL}


async def _befriended(id_: str) -> Character:
    await asyncio.sleep(0)
    return _BY_ID[id_]


def _friends(source: Character, _info: Any) -> list[Any]:
    """At once those who are human, later those who are not."""
    later = [id_ for id_ in source.friend_ids if len(id_) > 1]
    return [_befriended(id_) if id_ in later else _BY_ID[id_] for id_ in source.friend_ids]


def _secret(source: Character, _info: Any) -> str:
    raise PermissionError(f"The past of {source.name} is secret.")


def _hero(_source: Any, _info: Any, episode: str | None = None) -> Character:
    return _BY_ID["1" if episode == "EMPIRE" else "11"]


def _of_kind(kind: str) -> Any:
    def find(_source: Any, _info: Any, id: str) -> Character | None:  # noqa: A002
        found = _BY_ID.get(id)
        return found if found is not None and found.kind == kind else None

    return find


async def _search(_source: Any, _info: Any, text: str) -> list[Character]:
    return [each for each in _ALL if text in each.name]


def galaxy() -> GraphQLSchema:
    """The schema, with its resolvers."""
    schema = build_schema(SDL)
    types: dict[str, Any] = dict(schema.type_map)
    for name in ("Character", "Found"):
        types[name].resolve_type = lambda value, _info, _type: value.kind
    for name in ("Human", "Droid"):
        kind = types[name]
        assert isinstance(kind, GraphQLObjectType)
        kind.fields["friends"].resolve = _friends
        kind.fields["secretBackstory"].resolve = _secret
    resolvers = {
        "hero": _hero,
        "human": _of_kind("Human"),
        "droid": _of_kind("Droid"),
        "search": _search,
    }
    for name, resolve in resolvers.items():
        types["Query"].fields[name].resolve = resolve
    return schema
