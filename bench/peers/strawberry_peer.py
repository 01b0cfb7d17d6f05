"""Stock Strawberry: a federation schema of plain resolvers, aiodataloader, its own ASGI view."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from enum import Enum
from typing import Any

import strawberry
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from bench.peers import data
from bench.peers.serving import pool_size, serve

Info = strawberry.Info[dict[str, Any], None]


@strawberry.enum
class Scheme(Enum):
    """The two allowances."""

    OLD_AGE_ALLOWANCE = "OLD_AGE_ALLOWANCE"
    DISABILITY_ALLOWANCE = "DISABILITY_ALLOWANCE"


def loaders(info: Info) -> data.Loaders:
    """The loaders of this request."""
    found: data.Loaders = info.context["loaders"]
    return found


@strawberry.type
class LocalAuthority:
    """A local authority."""

    code: strawberry.ID
    kind: str
    province: str
    phone: str | None


@strawberry.type
class Bank:
    """A bank."""

    code: strawberry.ID


@strawberry.type
class BankAccount:
    """A bank account."""

    bank: Bank
    masked_number: str
    account_name: str
    holder: str
    active: bool


async def bank_account(root: strawberry.Parent[Any], info: Info) -> BankAccount | None:
    """The account of a registration or of a payment."""
    if root.account_id is None:
        return None
    key = data.AccountKey(root.citizen_id, root.account_id)
    account: Any = await loaders(info).accounts.load(key)
    return account  # type: ignore[no-any-return]


@strawberry.type
class Payment:
    """A payment."""

    period: str
    kind: str
    amount: str
    status: str
    channel: str
    paid_on: date | None
    bank_account: BankAccount | None = strawberry.field(resolver=bank_account)


@strawberry.type
class PageInfo:
    """Whether more follows."""

    has_next_page: bool


@strawberry.type
class PaymentConnection:
    """A page of payments."""

    nodes: list[Payment]
    page_info: PageInfo


@strawberry.type
class Entitlement:
    """A registration."""

    scheme: str
    registered_on: date | None
    bank_account: BankAccount | None = strawberry.field(resolver=bank_account)

    @strawberry.field
    async def payments(
        root: strawberry.Parent[Any],  # noqa: N805 - the row behind the object
        info: Info,
        first: int = 12,
    ) -> PaymentConnection:
        """The newest payments."""
        key = data.PageKey(root.citizen_id, root.scheme, first)
        page: Any = await loaders(info).payments.load(key)
        return page  # type: ignore[no-any-return]


@strawberry.federation.type(keys=["id"])
class Citizen:
    """A citizen."""

    id: strawberry.ID
    title: str | None
    given_name: str
    family_name: str
    birth_date: date | None
    birth_date_precision: str

    @strawberry.field
    async def local_authority(root: strawberry.Parent[Any], info: Info) -> LocalAuthority:  # noqa: N805
        """The authority of domicile."""
        authority: Any = await loaders(info).authorities.load(root.authority_code)
        return authority  # type: ignore[no-any-return]

    @strawberry.field
    async def entitlements(
        root: strawberry.Parent[Any],  # noqa: N805
        info: Info,
        scheme: Scheme | None = None,
    ) -> list[Entitlement]:
        """The registrations, or the one of a scheme."""
        found: Any = await loaders(info).registrations.load(root.citizen_id)
        return [row for row in found if scheme is None or row.scheme == scheme.value]

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        """The citizen of a gateway's representation."""
        return await loaders(info).citizens.load(data.decode_citizen_id(id))

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Rows stand for citizens."""
        return isinstance(value, data.CitizenRow)


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def citizen(self, info: Info, id: strawberry.ID) -> Citizen | None:  # noqa: A002
        """A citizen by id."""
        found: Any = await loaders(info).citizens.load(data.decode_citizen_id(id))
        return found  # type: ignore[no-any-return]


schema = strawberry.federation.Schema(query=Query, extensions=[ParserCache, ValidationCache])


class View(GraphQL[dict[str, Any], None]):
    """The stock view; its context brings loaders of the request's own."""

    pool: data.Pool = None

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response, "loaders": data.Loaders(self.pool)}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hold the pool."""
    app.state.view.pool = await data.open_pool(pool_size())
    yield
    await app.state.view.pool.close()


def application() -> Starlette:
    """The view at /graphql."""
    app = Starlette(lifespan=lifespan)
    app.state.view = View(schema, graphql_ide=None)
    app.add_route("/graphql", app.state.view)
    return app


if __name__ == "__main__":
    serve(application())
