"""Tokens, depth, aliases, directives, root and repeated fields: up to the limit, and one more."""

import time
from collections.abc import Callable

import pytest
from graphql import GraphQLError, get_introspection_query, specified_rules
from strawberry.printer import print_schema

from app import screens
from app.limits.cost_table import CostTable
from app.limits.documents import Document, Documents
from app.limits.limits import Limits
from app.limits.refusal import TooMuch
from app.schema import build_schema
from resolvers.paging import MAX_PAGE_SIZE

LIMITS = Limits()


def documents(limits: Limits = LIMITS) -> Documents:
    schema = build_schema()
    costs = CostTable.of(print_schema(schema), MAX_PAGE_SIZE)
    return Documents(schema._schema, costs, limits, specified_rules, suggestions=True)


@pytest.fixture(scope="module")
def read() -> Callable[[str], Document]:
    return documents().read


def refusals(document: Document) -> list[tuple[str, str]]:
    found = []
    for error in document.errors:
        assert isinstance(error.original_error, TooMuch), error
        assert error.original_error.message == error.message
        found.append((error.original_error.code, error.message))
    return found


def chain(count: int) -> str:
    """A query of so many levels."""
    pairs, odd = divmod(count - 3, 2)
    inner = "citizen{age}" if odd else "id"
    return "{me{entitlements{" + "citizen{entitlements{" * pairs + inner + "}}" * pairs + "}}}"


SHAPES: list[tuple[str, str, Callable[[int], str], int]] = [
    ("MAX_DEPTH_LIMIT", "Depth", chain, LIMITS.max_depth),
    (
        "MAX_ALIASES_LIMIT",
        "Aliases",
        lambda n: "{me{" + " ".join(f"a{i}:age" for i in range(n)) + "}}",
        LIMITS.max_aliases,
    ),
    (
        "MAX_DIRECTIVES_LIMIT",
        "Directives",
        lambda n: "{me{id" + "".join(f" a{i}:age@skip(if:false)" for i in range(n)) + "}}",
        LIMITS.max_directives,
    ),
    (
        "MAX_ROOT_FIELDS_LIMIT",
        "Root fields",
        lambda n: "{" + " ".join(f"a{i}:me{{id}}" for i in range(n)) + "}",
        LIMITS.max_root_fields,
    ),
    (
        "MAX_REPEATED_FIELDS_LIMIT",
        "Repeated fields",
        lambda n: "{me{id" + " id" * n + "}}",
        LIMITS.max_repeated_fields,
    ),
]


@pytest.mark.parametrize(("code", "what", "make", "limit"), SHAPES, ids=[s[0] for s in SHAPES])
def test_up_to_the_limit_and_no_further(
    code: str, what: str, make: Callable[[int], str], limit: int
) -> None:
    generous = Limits(max_aliases=1000) if what == "Directives" else LIMITS
    read = documents(generous).read
    assert read(make(limit)).errors == []
    assert refusals(read(make(limit + 1))) == [
        (code, f"{what}: at most {limit}, found {limit + 1}.")
    ]


@pytest.mark.parametrize(("code", "what", "make", "limit"), SHAPES, ids=[s[0] for s in SHAPES])
def test_a_fragment_hides_nothing(
    code: str, what: str, make: Callable[[int], str], limit: int
) -> None:
    generous = Limits(max_aliases=1000) if what == "Directives" else LIMITS
    inner = make(limit + 1)
    document = documents(generous).read(f"{{...All}} fragment All on Query {inner}")
    assert code in [found for found, _ in refusals(document)]


@pytest.mark.parametrize("definitions", [1, 2])
def test_a_fragment_that_nothing_reads_is_measured(definitions: int) -> None:
    read = documents().read
    spread = "...X" if definitions == 2 else ""
    last = " fragment X on Citizen {id}" * (definitions - 1)

    def document(repeats: int) -> str:
        return f"{{me{{id {spread}}}}} fragment X on Citizen {{id{' id' * repeats}}}{last}"

    over = refusals(read(document(LIMITS.max_repeated_fields + 1)))
    assert [code for code, _ in over] == ["MAX_REPEATED_FIELDS_LIMIT"]
    allowed = read(document(LIMITS.max_repeated_fields - 1)).errors
    assert "X" in allowed[0].message  # validation's own word on it


def test_a_fragment_has_no_root_fields() -> None:
    query = "{me{...X}} fragment X on Citizen {" + "id " * (LIMITS.max_root_fields + 5) + "}"
    assert documents().read(query).errors == []


def test_tokens_up_to_the_limit_and_no_further() -> None:
    read = documents(Limits(max_tokens=40, max_repeated_fields=100)).read
    assert read("{me{" + "id " * 35 + "}}").errors == []
    for text in ("{me{" + "id " * 36 + "}}", "{me{id}}" + "#\n" * 41):
        with pytest.raises(GraphQLError) as refused:
            read(text)
        assert isinstance(refused.value.original_error, TooMuch)
        assert refused.value.original_error.code == "MAX_TOKENS_LIMIT"
        assert refused.value.message == "Tokens: at most 40, found more."


def test_a_syntax_error_stays_one(read: Callable[[str], Document]) -> None:
    with pytest.raises(GraphQLError, match="Syntax Error: Expected Name") as error:
        read("{ me( }")
    assert error.value.original_error is None


@pytest.mark.parametrize("name", screens.NAMES)
def test_the_screens_pass(read: Callable[[str], Document], name: str) -> None:
    assert read(screens.document(name)).errors == []


def test_the_introspection_of_tools_passes(read: Callable[[str], Document]) -> None:
    for options in ({}, {"input_value_deprecation": True, "schema_description": True}):
        document = read(get_introspection_query(**options))
        assert document.errors == []
        assert document.cost(None, {}) == 0


def doubling(levels: int, on: str, last: str) -> str:
    """Fragments, each of which spreads the next one twice."""
    spreads = "".join(f" fragment f{i} on {on} {{...f{i + 1} ...f{i + 1}}}" for i in range(levels))
    return f"{spreads} fragment f{levels} on {on} {{{last}}}"


def test_exponential_fragments_are_refused_at_once(read: Callable[[str], Document]) -> None:
    started = time.process_time()
    found = refusals(read("{...f0}" + doubling(90, "Query", "a:me{id}")))
    assert time.process_time() - started < 1
    assert found == [
        (code, f"{what}: at most {limit}, found more than 1,000,000,000,000.")
        for code, what, limit in (
            ("MAX_ALIASES_LIMIT", "Aliases", 30),
            ("MAX_ROOT_FIELDS_LIMIT", "Root fields", 20),
            ("MAX_REPEATED_FIELDS_LIMIT", "Repeated fields", 50),
        )
    ]


def test_cycles_are_named_by_validation(read: Callable[[str], Document]) -> None:
    document = read("{...a} fragment a on Query {...b} fragment b on Query {me{id} ...a}")
    assert [error.message for error in document.errors] == [
        "Cannot spread fragment 'a' within itself via 'b'."
    ]


def test_nesting_beyond_reading_is_an_error_and_no_crash() -> None:
    read = documents(Limits(max_tokens=20_000)).read
    with pytest.raises(GraphQLError, match="nested too deeply"):
        read("{me" * 3000)
    spreads = "".join(f" fragment f{i} on Query {{...f{i + 1}}}" for i in range(1200))
    document = read("{...f0}" + spreads + " fragment f1200 on Query {me{id}}")
    assert refusals(document) == [
        ("MAX_DEPTH_LIMIT", "Fragments within fragments: nested deeper than can be read.")
    ]


def test_a_text_is_read_once(read: Callable[[str], Document]) -> None:
    text = screens.document("old_age_home")
    assert read(text) is read(text)


def test_a_long_text_is_not_kept(read: Callable[[str], Document]) -> None:
    text = "{me{id}}" + " " * 60_000
    assert read(text) is not read(text)


def test_what_is_refused_is_not_validated(read: Callable[[str], Document]) -> None:
    document = read("{me{" + "nonsense " * 60 + "}}")
    assert [code for code, _ in refusals(document)] == ["MAX_REPEATED_FIELDS_LIMIT"]
