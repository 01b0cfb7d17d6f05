"""A schema with everything that ours lacks: unions, interfaces, nested lists, and resolvers that
raise, give null where none may be, give what is no such value, or have to be awaited.

Every value follows from its object's seed and its field, so that two executions meet the same ones.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_schema

SDL = """
enum Mood { HAPPY SAD }
scalar Stamp
input Where { near: Int = 3, moods: [Mood!], inner: Where }
interface Being { id: ID! name: String friend: Being friends(first: Int = 2): [Being!] }
type Human implements Being {
  id: ID! name: String friend: Being friends(first: Int = 2): [Being!]
  age: Int! height: Float mood: Mood happy: Boolean! stamp: Stamp!
  pets: [[Pet!]] best: Pet self: Human! boss: Human robots: [Robot]!
  say(text: String = "hi", loud: Boolean! = false, where: Where, mood: Mood): String
}
type Robot implements Being {
  id: ID! name: String friend: Being friends(first: Int = 2): [Being!]
  model: String! maker: Human parts: [String!]! matrix: [[Int!]!]
}
type Dog { bark: String! owner: Human! ages: [Int]! }
union Pet = Human | Robot | Dog
type Query {
  being(n: Int = 1): Being human(id: ID!, mood: Mood = HAPPY, where: Where): Human robot: Robot!
  pets(first: Int): [Pet] matrix: [[Int!]]! count: Int beings: [Being!]!
}
type Mutation { set(n: Int!): Human boom: Int! add(where: Where!): [Pet!] }
"""
_TYPES = {"Being": ("Human", "Robot"), "Pet": ("Human", "Robot", "Dog")}


@dataclass(frozen=True)
class Beast:
    """An object: what it is, and what all its values follow from."""

    kind: str
    seed: str


class Trouble(Exception):
    """What a resolver of the zoo raises."""


@dataclass(frozen=True)
class Zoo:
    """How much goes wrong (of a hundred values), and how many are awaited (of a hundred)."""

    wrong: int
    awaited: int

    def schema(self) -> GraphQLSchema:
        schema = build_schema(SDL)
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                for name, field in kind.fields.items():
                    field.resolve = self._resolver(kind.name, name, str(field.type))
        for name in _TYPES:
            schema.type_map[name].resolve_type = self._type_of  # type: ignore[attr-defined]
        dog = schema.type_map["Dog"]
        dog.is_type_of = lambda value, _info: getattr(value, "kind", None) == "Dog"  # type: ignore[attr-defined]
        return schema

    def _type_of(self, value: Any, _info: Any, _abstract: Any) -> Any:
        dice = random.Random(f"type {value!r}")  # noqa: S311
        if dice.randrange(100) < self.wrong / 4:
            raise Trouble("no type")
        kind = getattr(value, "kind", None)
        return _later(kind) if dice.randrange(100) < self.awaited / 2 else kind

    def _resolver(self, kind: str, name: str, type_: str) -> Callable[..., Any]:
        def resolve(source: Any, info: Any, **arguments: Any) -> Any:
            seed = f"{getattr(source, 'seed', kind)}.{name}{sorted(arguments.items(), key=str)}"
            dice = random.Random(seed)  # noqa: S311
            assert (
                info.path.key == info.field_nodes[0].alias.value
                if (info.field_nodes[0].alias)
                else info.path.key == name
            )
            if dice.randrange(100) < self.awaited:
                return self._awaited(dice, type_, seed)
            return self._value(dice, type_, seed)

        return resolve

    async def _awaited(self, dice: random.Random, type_: str, seed: str) -> Any:
        for _ in range(dice.randrange(3)):
            await asyncio.sleep(0)
        return self._value(dice, type_, seed)

    def _value(self, dice: random.Random, type_: str, seed: str) -> Any:
        if dice.randrange(100) < self.wrong:
            return self._wrong(dice, seed)
        if not type_.endswith("!") and dice.randrange(6) == 0:
            return None
        type_ = type_.removesuffix("!")
        if type_.startswith("["):
            items = [
                self._item(dice, type_[1:-1], f"{seed}[{index}]")
                for index in range(dice.randrange(4))
            ]
            return dice.choice((list, tuple, iter, _listed if self.awaited else list))(items)
        return self._leaf_or_object(dice, type_, seed)

    def _item(self, dice: random.Random, type_: str, seed: str) -> Any:
        value = self._value(dice, type_, seed)
        return _later(value) if dice.randrange(100) < self.awaited / 4 else value

    def _leaf_or_object(self, dice: random.Random, type_: str, seed: str) -> Any:
        leaves: dict[str, Callable[[], Any]] = {
            "Int": lambda: dice.randrange(-5, 100),
            "Float": lambda: dice.choice((1.5, 2, 0.25)),
            "Boolean": lambda: dice.random() < 0.5,
            "String": lambda: dice.choice(("ก", "word", "")),
            "ID": lambda: dice.choice(("a", 7)),
            "Mood": lambda: dice.choice(("HAPPY", "SAD")),
            "Stamp": lambda: {"at": dice.randrange(9)},
        }
        if type_ in leaves:
            return leaves[type_]()
        return Beast(dice.choice(_TYPES.get(type_, (type_,))), seed)

    def _wrong(self, dice: random.Random, seed: str) -> Any:
        what = dice.randrange(5)
        if what == 0:
            raise Trouble(f"raised at {seed[-40:]}")
        if what == 1:
            return Trouble(f"given at {seed[-40:]}")
        return (None, Beast("Nobody", seed), 2**40)[what - 2]


async def _later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def _listed(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item
