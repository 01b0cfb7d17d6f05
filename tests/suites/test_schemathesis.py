"""Schemathesis over the live service: every root field, every check of its own."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.graphql.checks import GraphQLClientError, GraphQLServerError
from schemathesis.specs.graphql.schemas import GraphQLSchema

from app.demo.home import DataDirectory
from app.schema import build_schema
from tests.suites.answers import of_errors
from tests.suites.faults import Fault, Faults
from tests.suites.known import ACCESS_CURSOR, BATCH_CURSOR, PAYMENT_CURSOR, Known
from tests.suites.live import Live, serving

pytestmark = pytest.mark.xdist_group("suites")

QUERY = build_schema()._schema.query_type
FIELDS = sorted(QUERY.fields) if QUERY else []
Case = schemathesis.Case[Any]
CALLERS: dict[str, Callable[[Live], str | None]] = {
    "nobody": lambda _live: None,
    "citizen": lambda live: live.citizen(),
    "agency": lambda live: live.agency(),
}
EXPECTED = frozenset({"FORBIDDEN", "UNAUTHENTICATED"})  # at the place of what is not theirs
PUBLIC = frozenset({"_service", "_entities", "localAuthority", "dataFreshness"})
FINDS = {
    "nobody": PUBLIC,
    "citizen": PUBLIC | {"me", "citizen", "citizenByNationalId"},
    "agency": PUBLIC | {"citizen", "citizenByNationalId", "disbursementBatches"},
}
# Arguments with bounds of their own, which no schema tells.
_RANGED = tuple(f"{name}: expected" for name in ("fiscalYear", "first", "last", "after", "before"))
LONGEST = 20.0  # seconds until an answer counts as none
STATEMENT_TIMEOUT = 0.2

EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def load(live: Live, known: Known, token: str | None) -> GraphQLSchema:
    """The schema as introspection tells it, with arguments that find something."""
    for name, strategy in known.scalars().items():
        schemathesis.graphql.scalar(name, strategy)
    dictionaries: dict[str, list[Any]] = {
        "citizens": list(known.citizens),
        "authorities": list(known.authorities),
        "pages": [0, 1, 2, 5],
        "years": [2567, 2568, 2569],
        "payments": [PAYMENT_CURSOR],
        "records": [ACCESS_CURSOR],
        "batches": [BATCH_CURSOR],
    }
    arguments = {
        "Query.citizen.id": "citizens",
        "Query.localAuthority.code": "authorities",
        "*.*.first": "pages",
        "*.*.last": "pages",
        "*.*.fiscalYear": "years",
        "Entitlement.payments.after": "payments",
        "Entitlement.payments.before": "payments",
        "Citizen.accessHistory.after": "records",
        "Query.disbursementBatches.after": "batches",
    }
    config = schemathesis.Config.from_dict(
        {
            "dictionaries": {name: {"values": list_} for name, list_ in dictionaries.items()},
            "parameters": {
                argument: {"dictionary": name, "probability": 1.0}
                for argument, name in arguments.items()
            },
            "headers": {} if token is None else {"Authorization": f"Bearer {token}"},
        }
    )
    return schemathesis.graphql.from_url(f"{live.url}/graphql", config=config)


def judge(case: Case, response: schemathesis.Response, allowed: frozenset[str]) -> Counter[str]:
    """Run every check on an answer; its codes, and whether it `found` anything.

    Schemathesis calls each GraphQL error a finding; those of an `allowed` code are none.
    """
    answer = response.json()
    told = [each for each in answer.get("errors", ()) if not each["message"].startswith(_RANGED)]
    codes = Counter(str(error["extensions"]["code"]) for error in told)
    try:
        case.validate_response(response)
    except FailureGroup as found:
        errors = (GraphQLClientError, GraphQLServerError)
        if not allowed.issuperset(codes) or found.split(errors)[1] is not None:
            raise
    return codes + Counter({"found": any((answer.get("data") or {}).values())})


@pytest.fixture(scope="module", params=CALLERS)
def caller(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def graph(caller: str, live: Live, known: Known) -> GraphQLSchema:
    return load(live, known, CALLERS[caller](live))


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("field", FIELDS)
def test_no_check_finds_anything(
    graph: GraphQLSchema, live: Live, caller: str, field: str, mode: GenerationMode
) -> None:
    seen: Counter[str] = Counter()

    @EXAMPLES
    @given(case=graph["Query"][field].as_strategy(mode))
    def ask(case: Case) -> None:
        seen.update(judge(case, case.call(timeout=LONGEST), EXPECTED))

    ask()
    assert live.complaints() == []
    if mode is GenerationMode.POSITIVE:
        assert bool(seen["found"]) == (field in FINDS[caller])


@pytest.fixture(scope="module")
def shaken(
    demo_database: str, home: DataDirectory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, Faults]]:
    """A service whose database fails when it is told to."""
    log = tmp_path_factory.mktemp("shaken") / "log"
    name, seconds = "shaken", str(STATEMENT_TIMEOUT)
    dsn = f"{demo_database}&application_name={name}"
    with (
        serving(home, dsn, log, STATEMENT_TIMEOUT_SECONDS=seconds) as live,
        Faults.of(demo_database, name) as faults,
    ):
        yield live, faults


@pytest.mark.parametrize(
    ("who", "field"),
    [("citizen", "me"), ("citizen", "_entities")]
    + [("agency", field) for field in ("citizen", "citizenByNationalId", "_entities")],
)
def test_a_database_that_fails_is_said_so_and_comes_back(
    shaken: tuple[Live, Faults], known: Known, who: str, field: str
) -> None:
    live, faults = shaken
    graph = load(live, known, CALLERS[who](live))
    seen: Counter[str] = Counter()

    @settings(EXAMPLES, max_examples=15)
    @given(case=graph["Query"][field].as_strategy(), fault=st.sampled_from(Fault))
    def ask(case: Case, fault: Fault) -> None:
        response = faults.during(fault, lambda: case.call(timeout=LONGEST))
        seen.update(judge(case, response, EXPECTED | {"SERVICE_UNAVAILABLE"}))
        assert list(of_errors(response.json())) == []

    ask()
    assert seen["SERVICE_UNAVAILABLE"]
    assert live.complaints() == []
    assert recovers(live)


def recovers(live: Live) -> bool:
    """Whether a citizen is answered again; connections may fail first that were killed."""
    headers = {"Authorization": f"Bearer {live.citizen()}"}
    answers = (
        httpx.post(f"{live.url}/graphql", json={"query": "{ me { id } }"}, headers=headers).json()
        for _ in range(20)
    )
    return any(answer["data"]["me"] is not None for answer in answers)
