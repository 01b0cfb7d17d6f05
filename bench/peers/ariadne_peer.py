"""Ariadne: its federated schema, aiodataloader, its own ASGI view."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from ariadne import ObjectType, QueryType
from ariadne.asgi import GraphQL
from ariadne.contrib.federation import FederatedObjectType, make_federated_schema
from graphql import DocumentNode, GraphQLError, parse, validate
from starlette.applications import Starlette

from bench.peers import data
from bench.peers.serving import pool_size, serve

query = QueryType()
citizen = FederatedObjectType("Citizen")
entitlement = ObjectType("Entitlement")
payment = ObjectType("Payment")


def loaders(info: Any) -> data.Loaders:
    """The loaders of this request."""
    found: data.Loaders = info.context["loaders"]
    return found


@query.field("citizen")
async def _citizen(_root: None, info: Any, id: str) -> Any:  # noqa: A002
    return await loaders(info).citizens.load(data.decode_citizen_id(id))


@citizen.reference_resolver
async def _reference(_root: Any, info: Any, representation: dict[str, Any]) -> Any:
    return await loaders(info).citizens.load(data.decode_citizen_id(representation["id"]))


@citizen.field("localAuthority")
async def _authority(root: data.CitizenRow, info: Any) -> Any:
    return await loaders(info).authorities.load(root.authority_code)


@citizen.field("entitlements")
async def _entitlements(root: data.CitizenRow, info: Any, scheme: str | None = None) -> Any:
    found = await loaders(info).registrations.load(root.citizen_id)
    return [row for row in found if scheme is None or row.scheme == scheme]


@entitlement.field("bankAccount")
@payment.field("bankAccount")
async def _account(root: Any, info: Any) -> Any:
    if root.account_id is None:
        return None
    return await loaders(info).accounts.load(data.AccountKey(root.citizen_id, root.account_id))


@entitlement.field("payments")
async def _payments(root: data.RegistrationRow, info: Any, first: int = 12) -> Any:
    return await loaders(info).payments.load(data.PageKey(root.citizen_id, root.scheme, first))


@lru_cache(maxsize=100)
def _parsed(text: str) -> DocumentNode:
    return parse(text)


def _parse(_context: Any, request: dict[str, Any]) -> DocumentNode:
    return _parsed(request["query"])


class Validation:
    """Validates a document once; documents are the same objects while `_parsed` holds them."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[DocumentNode, list[GraphQLError]]] = {}

    def __call__(self, schema: Any, document: DocumentNode, **options: Any) -> list[GraphQLError]:
        held = self._found.get(id(document))
        if held is None:
            held = self._found[id(document)] = document, validate(schema, document, **options)
        return held[1]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hold the pool."""
    app.state.pool = await data.open_pool(pool_size())
    yield
    await app.state.pool.close()


def application() -> Starlette:
    """The view at /graphql."""
    types = [query, citizen, entitlement, payment]
    text = (data.HERE / "schema.graphql").read_text(encoding="utf-8")
    schema = make_federated_schema(text, *types, convert_names_case=True)
    app = Starlette(lifespan=lifespan)

    def context(request: Any, _data: Any) -> dict[str, Any]:
        return {"request": request, "loaders": data.Loaders(app.state.pool)}

    view: Any = GraphQL(
        schema,
        context_value=context,
        query_parser=_parse,
        query_validator=Validation(),
        introspection=False,
    )
    app.add_route("/graphql", view)
    return app


if __name__ == "__main__":
    serve(application())
