"""What stands before fields of objects within objects: asked once, of whom it has to see."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLField, build_schema, parse

from app.execution.plan import Attribute, Guard
from tests.execution.both import NoShortcuts, answer, compiled_for

SCHEMA = build_schema(
    """
    type Query { homes: [Home!]! }
    type Home { street: String! people: [Person!]! }
    type Person { name: String! pet: Pet }
    type Pet { name: String! }
    """
)
DOCUMENT = parse("{ homes { street people { name pet { name } } } }")


def person(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, pet=SimpleNamespace(name=f"dog of {name}"))


ROOT = SimpleNamespace(
    homes=[
        SimpleNamespace(street="Long", people=[person("Ann"), person("Bo")]),
        SimpleNamespace(street="Short", people=[]),
        SimpleNamespace(street="Wide", people=[person("Cy")]),
    ]
)
WHOLE = {
    "homes": [
        {
            "street": home.street,
            "people": [{"name": p.name, "pet": {"name": p.pet.name}} for p in home.people],
        }
        for home in ROOT.homes
    ]
}


class Reading(NoShortcuts):
    """Every field by its attribute; a person's behind a guard."""

    def __init__(self, guard: Guard) -> None:
        self._found: dict[int, Attribute] = {}
        for kind in ("Query", "Home", "Person", "Pet"):
            fields: dict[str, GraphQLField] = SCHEMA.type_map[kind].fields  # type: ignore[attr-defined]
            for name, field in fields.items():
                self._found[id(field)] = Attribute(name, guard if kind == "Person" else None)

    def read_of(self, field: Any) -> Any:
        return self._found[id(field)]


async def runs(guard: Callable[[Sequence[Any]], object], times: int = 3) -> Any:
    """The last answer of a plan that has run so often, and what the guard was shown in that run."""
    seen: list[list[str]] = []

    def watched(sources: Sequence[Any], _info: Any) -> object:
        seen.append([each.name for each in sources])
        return guard(sources)

    executor, _ = compiled_for(SCHEMA, Reading(watched))
    found: Any = None
    for _ in range(times):
        seen.clear()
        found = await answer(SCHEMA, DOCUMENT, ROOT, executor=executor)
    return *found, seen


EVERYBODY = ["Ann", "Bo", "Cy"]


async def test_who_lets_read_whatever_there_is_is_shown_nobody() -> None:
    assert await runs(lambda _: True) == (WHOLE, [], [[]])


@pytest.mark.parametrize("says", [None, False, 1])
async def test_who_does_not_say_so_is_shown_all_of_the_level_at_once(says: object) -> None:
    assert await runs(lambda _: says) == (WHOLE, [], [[], EVERYBODY])


async def test_a_first_run_shows_all_of_the_level() -> None:
    data, errors, seen = await runs(lambda _: True, times=1)
    assert (data, errors) == (WHOLE, [])
    assert [] not in seen
    assert all(shown == EVERYBODY for shown in seen)


async def refused(guard: Callable[[Sequence[Any]], object]) -> Any:
    """The errors where the guard refuses."""
    data, errors, _ = await runs(guard)
    assert data is None  # a person's name may not be null, and so on up
    return [(each["message"], each["path"]) for each in errors]


def no(sources: Sequence[Any]) -> None:
    raise PermissionError(f"no, nor of {len(sources)}")


async def test_a_refusal_is_told_where_the_fields_stand() -> None:
    assert await refused(no) == [("no, nor of 3", ["homes", 0, "people", 0, "name"])]


async def test_who_refuses_these_sources_alone_is_heard() -> None:
    """One that does not mind nobody, and says nothing of others."""
    assert await refused(lambda sources: no(sources) if sources else None) == [
        ("no, nor of 3", ["homes", 0, "people", 0, "name"])
    ]
