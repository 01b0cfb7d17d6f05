"""A schema with everything that ours lacks: unions, interfaces, nested lists, and resolvers that
raise, give null where none may be, give what is no such value, or have to be awaited.

Every value follows from its object's seed and its field, so that two executions meet the same ones.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from inspect import isawaitable
from typing import Any, cast
from zlib import crc32

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    build_schema,
    get_nullable_type,
    is_leaf_type,
)

from app.execution.plan import Attribute, Call, Check, Choose

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


_ATTRIBUTES: dict[str, Callable[..., Any]] = {}


class Readable:
    """Has its fields as attributes too."""

    def __getattr__(self, name: str) -> Any:
        resolve = _ATTRIBUTES.get(name)
        if resolve is None:
            raise AttributeError(name)
        return resolve(self, None)


@dataclass(frozen=True)
class Beast(Readable):
    """An object: what it is, and what all its values follow from."""

    kind: str
    seed: str


class Huge(Readable, int):
    """Neither an object nor an `Int`."""


_known = lru_cache(Beast)


class Trouble(Exception):
    """What a resolver of the zoo raises."""


@dataclass(frozen=True)
class Zoo:
    """How much goes wrong (of a hundred values), and how many are awaited (of a hundred)."""

    wrong: int
    awaited: int
    few: bool = False  # longer lists, of the same few objects again and again

    def schema(self) -> GraphQLSchema:
        schema = build_schema(SDL)
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                for name, field in kind.fields.items():
                    field.resolve = self._resolver(kind.name, name, str(field.type))
        for name in _TYPES:
            schema.type_map[name].resolve_type = self._type_of  # type: ignore[attr-defined]
        schema.type_map["Stamp"].coerce_output_value = self._stamp  # type: ignore[attr-defined]
        dog = schema.type_map["Dog"]
        dog.is_type_of = lambda value, _info: getattr(value, "kind", None) == "Dog"  # type: ignore[attr-defined]
        return schema

    def _stamp(self, value: Any) -> Any:
        return None if self.wrong and value == {"at": 0} else value

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
            if info is not None:
                node = info.field_nodes[0]
                assert info.path.key == (node.alias or node.name).value
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
                for index in range(dice.randrange(9 if self.few else 4))
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
        kind = dice.choice(_TYPES.get(type_, (type_,)))
        return _known(kind, f"{crc32(seed.encode()) % 2}") if self.few else Beast(kind, seed)

    def _wrong(self, dice: random.Random, seed: str) -> Any:
        what = dice.randrange(5)
        if what == 0:
            raise Trouble(f"raised at {seed[-40:]}")
        if what == 1:
            return Trouble(f"given at {seed[-40:]}")
        return (None, Beast("Nobody", seed), Huge(2**40))[what - 2]


class ZooShortcuts:
    """Fields of the zoo by shorter ways: by a call, by one call for a level, by one that waits, by
    one for those that are not at hand."""

    def read_of(self, field: GraphQLField) -> Attribute | None:
        leaf = is_leaf_type(get_nullable_type(field.type)) and field.type is not GraphQLString
        if field.args or field.resolve is None or not (leaf or _way_of(field) < 3):
            return None
        name = f"zoo_{id(field.resolve)}"  # the attributes keep it, and so its number
        _ATTRIBUTES[name] = field.resolve
        return Attribute(name)

    def call_of(self, field: GraphQLField) -> Call | None:
        if field.resolve is None:
            return None
        resolve = field.resolve

        def one(source: Any, _info: Any, **arguments: Any) -> Any:
            return resolve(source, None, **arguments)

        def all_of(sources: Sequence[Any], _info: Any, **arguments: Any) -> list[Any]:
            return [_outcome(resolve, source, arguments) for source in sources]

        async def later(sources: Sequence[Any], _info: Any, **arguments: Any) -> list[Any]:
            found = all_of(sources, _info, **arguments)
            return [await _settled(each) if isawaitable(each) else each for each in found]

        def known(info: Any, **arguments: Any) -> Callable[[Any], Any]:
            return lambda source: one(source, info, **arguments) if _is_known(source) else Undefined

        ways = (
            Call(one),
            Call(one, together=all_of),
            Call(one, together=later),
            Call(one),
            None,
            Call(one, together=all_of, at_hand=known),
            Call(one, together=later, at_hand=known),
        )
        return ways[_way_of(field)]

    def check_of(self, type_: GraphQLObjectType) -> Check | None:
        return None if type_.is_type_of is None else cast(Check, type_.is_type_of)

    def choose_of(self, type_: GraphQLAbstractType) -> Choose:
        resolve_type: Any = type_.resolve_type

        def choose(value: Any, _info: Any) -> str | None:
            kind = resolve_type(value, None, type_)
            if isawaitable(kind):
                cast(Any, kind).close()
                return None
            return cast(str | None, kind)

        return choose


def _way_of(field: GraphQLField) -> int:
    return crc32(repr(sorted(field.args)).encode() + str(field.type).encode()) % 7


def _is_known(source: Any) -> bool:
    """Whether what is asked of this one is at hand; of half of them it is."""
    return isinstance(source, Beast) and crc32(source.seed.encode()) % 2 == 0


def _outcome(resolve: Callable[..., Any], source: Any, arguments: dict[str, Any]) -> Any:
    try:
        return resolve(source, None, **arguments)
    except Exception as error:
        return error


async def _settled(value: Awaitable[Any]) -> Any:
    try:
        return await value
    except Exception as error:
        return error


async def _later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def _listed(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item
