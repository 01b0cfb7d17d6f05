"""Documents of hypothesis-graphql over our schema, as they come and varied, by several viewers:
the compiled executor and graphql-core give the same answer."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from zlib import crc32

import pytest
from graphql import DocumentNode, ObjectFieldNode, ValueNode, Visitor, print_ast, visit
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app import clock, schema
from app.demo.home import DataDirectory
from app.demo.personas import PERSONAS
from app.demo.service import create_demo
from tests.callers import leaves, signed
from tests.execution.both import keys_in_order
from tests.execution.documents import Document
from tests.execution.variations import Variation
from tests.ingest.office import ACCOUNT, AUTHORITY, national_id
from tests.suites.answers import CODES
from tests.suites.documents import EXAMPLES, FIELDS, SCHEMA, documents
from tests.suites.in_process import InProcess, in_process
from tests.suites.known import Known, literal
from tests.suites.live import EVERY_SCOPE

pytestmark = pytest.mark.xdist_group("suites")

VARIATIONS = 3
AGENCY = {"pid": None, "client_id": "suite", "purpose": "audit of payments"}
_COMPILED = "graphql_operations_compiled_total "
# The scan for numbers in clear knows the field by its name.
UNALIASED = frozenset({"nationalId"})
# What is over a limit is refused by both before either is asked.
_LIMITS = (
    *("requests_per_minute", "max_tokens", "max_depth", "max_aliases", "max_directives"),
    *("max_root_fields", "max_repeated_fields", "max_cost", "max_agency_cost"),
)
UNLIMITED: dict[str, Any] = dict.fromkeys(_LIMITS, 10**9)


def comparable(answer: Any) -> Any:
    """All of an answer but the order of its errors, which graphql-core tells as they come.

    Of several errors that take away the same object one is enough (GraphQL, 6.4.4), and which of
    them is told is a matter of time: so of these only where the null stands.
    """
    data, told, taken_away = answer.get("data"), [], set()
    for error in answer.get("errors", ()):
        path = error.get("path", [])
        place = _null_at(data, path)
        if "data" in answer and len(place) < len(path):
            taken_away.add(tuple(place))
        else:
            told.append(error)
    errors = sorted(told, key=json.dumps)
    return list(answer), keys_in_order(data), keys_in_order(errors), taken_away


def _null_at(data: Any, path: list[Any]) -> list[Any]:
    """The beginning of a path, down to the null."""
    for depth, key in enumerate(path):
        if data is None:
            return path[:depth]
        data = data[key]
    return path


@dataclass(frozen=True, slots=True)
class Both:
    """Two services over one database: ours, and ours by graphql-core."""

    compiled: InProcess
    core: InProcess

    def answer(self, document: Document, token: str | None, dice: random.Random) -> Any:
        """The answer that both give, whichever is asked first."""
        asked = document.text, token, document.variables
        services = [self.compiled, self.core]
        dice.shuffle(services)
        first, second = (service.ask(*asked).json() for service in services)
        assert comparable(first) == comparable(second), document
        return first

    def compiled_operations(self) -> int:
        """How many of what ours was asked were run by a plan; and graphql-core's were not."""
        ours, theirs = (
            next(int(line.split()[1]) for line in each.metrics() if line.startswith(_COMPILED))
            for each in (self.compiled, self.core)
        )
        assert theirs == 0
        return ours


@contextmanager
def both_over(dsn: str, home: DataDirectory) -> Iterator[Both]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "Execution", StrawberryGraphQLCoreExecutionContext)
        core = create_demo(home, dsn, 8000, **UNLIMITED)
    compiled = create_demo(home, dsn, 8000, **UNLIMITED)
    with in_process(compiled) as one, in_process(core) as other:
        yield Both(one, other)


@pytest.fixture(scope="module")
def both(demo_database: str, home: DataDirectory) -> Iterator[Both]:
    with both_over(demo_database, home) as both:
        yield both


def token_of(home: DataDirectory, **claims: Any) -> str:
    """One that lasts as long as the slowest run."""
    return signed(home.issuer(), **claims, exp=int(clock.now().timestamp()) + 3600)


@pytest.fixture(scope="module")
def viewers(home: DataDirectory, known: Known) -> list[str | None]:
    """Citizens, an agency that may everything, one that may little and is limited, and nobody;
    those who see most more than once."""
    little = {
        "scope": "citizen:read entitlement:read",
        "local_authority_codes": [known.authorities[0]],
    }
    return [
        *(token_of(home, pid=PERSONAS[name].national_id) for name in ("both", "both", "proxy")),
        *[token_of(home, **AGENCY, scope=EVERY_SCOPE)] * 2,
        token_of(home, **AGENCY, **little),
        None,
    ]


def itself(document: DocumentNode) -> DocumentNode:
    return document


def forms_of(document: DocumentNode, dice: random.Random) -> list[Document]:
    """A document as it came, and varied."""
    varied = [Variation(SCHEMA, dice, UNALIASED).of(document) for _ in range(VARIATIONS)]
    return [Document(print_ast(document), {}), *varied]


def count(seen: Counter[str], answer: Any) -> None:
    seen["asked"] += 1
    seen["leaves"] += len(leaves(answer.get("data")))
    seen.update(str(error["extensions"]["code"]) for error in answer.get("errors", ()))


def submitted() -> dict[str, st.SearchStrategy[ValueNode]]:
    """Values of a submission: such as are taken, among others."""
    return {
        "NationalId": st.integers(1, 4).map(national_id).map(literal),
        "ID": st.sampled_from([AUTHORITY, AUTHORITY, "006", "again"]).map(literal),
        "YearMonth": st.sampled_from(["2026-10", "2026-11"]).map(literal),
        "Date": st.sampled_from(["2026-11-10", "2026-11-11", "2030-01-01"]).map(literal),
        "Baht": st.sampled_from(["600.00", "700.00", "-1.00"]).map(literal),
        "String": st.sampled_from([ACCOUNT, "มาลี ใจดี"]).map(literal),
    }


class Naming(Visitor):
    """Gives most submissions a name of their own, for a name stands for one content."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = literal(name)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode | None:
        value = node.value
        if node.name.value != "requestId" or getattr(value, "value", "again") == "again":
            return None
        return ObjectFieldNode(name=node.name, value=self._name)


def named(document: DocumentNode) -> DocumentNode:
    name = f"submission-{crc32(print_ast(document).encode())}"
    return cast(DocumentNode, visit(document, Naming(name)))


@pytest.mark.answers_national_id
def test_queries_have_one_answer(both: Both, known: Known, viewers: list[str | None]) -> None:
    seen: Counter[str] = Counter()
    everything = documents(known, itself, (*FIELDS, "disbursementBatches"))
    own = documents(known, itself, ["me"])  # where most is to be had

    @settings(EXAMPLES, max_examples=300)
    @given(document=own | everything, seed=st.integers(0, 2**32))
    def answered(document: DocumentNode, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for form in forms_of(document, dice):
            count(seen, both.answer(form, dice.choice(viewers), dice))

    answered()
    assert set(seen) >= {"FORBIDDEN", "BAD_USER_INPUT", "UNAUTHENTICATED"}
    assert set(seen) <= CODES | {"asked", "leaves"}
    assert seen["leaves"] > seen["asked"] / 4
    assert both.compiled_operations() > 0.9 * seen["asked"]


@pytest.mark.usefixtures("office_at")
def test_mutations_have_one_answer(database_url: str, home: DataDirectory) -> None:
    """Whoever is asked second tells what the first brought about."""
    seen: Counter[str] = Counter()
    token = token_of(home, **AGENCY, scope="disbursement:write batch:read")
    generated = mutations(SCHEMA, custom_scalars=submitted(), print_ast=named)
    with both_over(database_url, home) as both:

        @settings(EXAMPLES, max_examples=20)
        @given(document=generated, seed=st.integers(0, 2**32))
        def answered(document: DocumentNode, seed: int) -> None:
            dice = random.Random(seed)  # noqa: S311
            for form in forms_of(document, dice):
                count(seen, both.answer(form, token, dice))

        answered()
        assert set(seen) == {"asked", "leaves", "BAD_USER_INPUT", "FORBIDDEN"}
        assert seen["leaves"] > seen["asked"] / 4
        assert both.compiled_operations() > 0.9 * seen["asked"]
