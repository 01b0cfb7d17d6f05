"""The schema: gathers the types, guards `_entities`, prints the SDL."""

from typing import Any, Final

import strawberry.federation
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, ParserCache, ValidationCache
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

import resolvers.enums  # noqa: F401 - registers the enums
from app.errors import BadInput
from app.presentable import make_presentable
from resolvers.accountability import Accountability
from resolvers.citizen import Citizen
from resolvers.entities import entity
from resolvers.query import Query
from resolvers.scalars import SCALARS

FEDERATION_VERSION: Final = "2.9"  # the newest that every composer accepts
_CACHED_DOCUMENTS = 1000


class Schema(strawberry.federation.Schema):
    """The federation schema, with `_entities` resolved by our own guard."""

    def entities_resolver(
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """One awaitable per representation, so that each fails or answers at its own position."""
        limit = info.context.max_representations
        if len(representations) > limit:
            raise BadInput(
                f"representations: expected at most {limit}, got {len(representations)}."
            )
        found: list[Any] = [entity(info.context, each) for each in representations]
        return found

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:  # noqa: ARG002 - the library's signature
        """Every error of every transport passes here on its way out."""
        for error in errors:
            make_presentable(error)


def build_schema(*, introspection: bool = True) -> Schema:
    """The schema of the service. Without introspection no one can ask what fields there are."""
    extensions: list[Any] = [
        Accountability,
        lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
    ]
    if not introspection:
        extensions.append(DisableIntrospection)
    return Schema(
        query=Query,
        types=[Citizen],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
        extensions=extensions,
        federation_version=FEDERATION_VERSION,
    )


def sdl() -> str:
    """The schema in the Schema Definition Language, as schema.graphql has it."""
    return print_schema(build_schema()) + "\n"
