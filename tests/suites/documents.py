"""Documents of hypothesis-graphql over our schema."""

from collections.abc import Callable, Sequence

from graphql import DocumentNode, ValueNode
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from app.schema import build_schema
from tests.suites.known import ACCESS_CURSOR, PAYMENT_CURSOR, Known, literal

SCHEMA = build_schema()._schema
FIELDS = ("_entities", "me", "citizen", "citizenByNationalId", "localAuthority", "dataFreshness")
EXAMPLES = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def scalars(known: Known) -> dict[str, st.SearchStrategy[ValueNode]]:
    """Keys that exist among those that do not, pages that are small among those that are wrong."""
    keys = st.sampled_from([*known.citizens, *known.authorities, *known.entitlements])
    cursors = st.sampled_from([PAYMENT_CURSOR, ACCESS_CURSOR])
    return {
        **known.scalars(),
        "ID": (keys | keys | st.text(max_size=30)).map(literal),
        "String": (cursors | st.text(max_size=30)).map(literal),
        "Int": (st.integers(0, 6) | st.integers(2560, 2570) | st.integers(-3, 10**6)).map(literal),
    }


def documents(
    known: Known, change: Callable[[DocumentNode], DocumentNode], fields: Sequence[str] = FIELDS
) -> st.SearchStrategy[DocumentNode]:
    """Queries of one of the root fields or of several, each changed before it is given."""
    custom_scalars = scalars(known)
    chosen = [*([field] for field in fields), fields]
    return st.one_of(
        [
            queries(SCHEMA, fields=fields, custom_scalars=custom_scalars, print_ast=change)
            for fields in chosen
        ]
    )
