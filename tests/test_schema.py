"""The schema that is printed, and the schema that stands in the repository."""

from pathlib import Path

from graphql import GraphQLObjectType, build_schema

from app.schema import build_schema as build_our_schema
from app.schema import sdl

ROOT = Path(__file__).parent.parent


def test_schema_graphql_is_what_the_code_prints() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == sdl(), "run `make schema`"


def test_the_federation_version_is_one_that_every_composer_takes() -> None:
    assert "https://specs.apollo.dev/federation/v2.9" in sdl()


def test_the_keys_of_the_entities() -> None:
    text = sdl()
    for key in (
        'type Citizen @key(fields: "id") @key(fields: "nationalId")',
        'type Entitlement @key(fields: "id")',
        'type Payment @key(fields: "id")',
        'type LocalAuthority @key(fields: "code")',
        "nationalId: NationalId! @inaccessible",
    ):
        assert key in text


def test_everything_is_described() -> None:
    schema = build_our_schema()._schema
    bare = [
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("_")
        for name, field in kind.fields.items()
        if not field.description and not name.startswith("_")
    ]
    assert bare == []


def test_the_sdl_is_a_valid_schema() -> None:
    directives = """
      directive @link(url: String!, import: [String]) repeatable on SCHEMA
      directive @cost(weight: Int!) on FIELD_DEFINITION
      directive @listSize(
        assumedSize: Int
        slicingArguments: [String!]
        sizedFields: [String!]
        requireOneSlicingArgument: Boolean = true
      ) on FIELD_DEFINITION
      directive @key(fields: String!) repeatable on OBJECT
      directive @inaccessible on FIELD_DEFINITION
      directive @shareable on OBJECT
      directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
    """
    assert build_schema(sdl() + directives).query_type is not None
