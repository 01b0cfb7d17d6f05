"""The second subgraph: another agency's facts about a citizen, joined by the national ID.

It stands in for the agency of the state welfare card (บัตรสวัสดิการแห่งรัฐ): the facts are made up
from a hash of the national ID, and any bearer token is taken, where the agency would verify it. It
knows nothing of the allowances, shares no code with them, and logs nothing.
"""

from datetime import date
from enum import Enum
from hashlib import sha256
from typing import Any, NewType

import click
import strawberry
import strawberry.federation
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

Baht = NewType("Baht", int)  # satang
NationalId = NewType("NationalId", str)

_TOP_UP = Baht(200_00)  # for an adult with a disability, on the card and not in the allowance [S31]


def _write_baht(satang: int) -> str:
    return f"{satang // 100}.{satang % 100:02d}"


_SCALARS: dict[object, Any] = {
    Baht: strawberry.scalar(name="Baht", serialize=_write_baht),
    NationalId: strawberry.scalar(name="NationalId", serialize=str, parse_value=str),
    date: strawberry.scalar(name="Date", serialize=date.isoformat, parse_value=date.fromisoformat),
}


@strawberry.enum(description="Whether a state welfare card pays.")
class WelfareCardStatus(Enum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"


@strawberry.type(description="The state welfare card (บัตรสวัสดิการแห่งรัฐ) of a citizen.")
class WelfareCard:
    status: WelfareCardStatus = strawberry.field(description="Whether the card pays.")
    monthly_top_up: Baht = strawberry.field(
        description="What the card adds a month to the disability allowance of an adult."
    )
    valid_through: date = strawberry.field(description="The last day of the card, Gregorian.")


def _require_token(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise GraphQLError(
            "A bearer token is expected in the header Authorization.",
            extensions={"code": "UNAUTHENTICATED"},
        )


def _made_up_card(national_id: NationalId) -> WelfareCard:
    dice = sha256(national_id.encode()).digest()
    status = list(WelfareCardStatus)[dice[0] % 3]
    year = 2020 + dice[1] % 5 if status is WelfareCardStatus.EXPIRED else 2030 + dice[1] % 5
    top_up = _TOP_UP if status is WelfareCardStatus.ACTIVE else Baht(0)
    return WelfareCard(status=status, monthly_top_up=top_up, valid_through=date(year, 9, 30))


def _welfare_card(
    root: strawberry.Parent["Citizen"], info: Info[dict[str, Any], None]
) -> WelfareCard:
    _require_token(info.context["request"])
    return _made_up_card(root.national_id)


@strawberry.federation.type(keys=["nationalId"], description="A person, of whom others know more.")
class Citizen:
    national_id: NationalId = strawberry.federation.field(
        inaccessible=True, description="For the gateway's joins only."
    )
    welfare_card: WelfareCard | None = strawberry.field(
        resolver=_welfare_card, description="The state welfare card. Asks for a bearer token."
    )

    @classmethod
    def resolve_reference(cls, **key: Any) -> "Citizen":
        """The citizen of a representation; what it holds beside the key is left unread."""
        return cls(national_id=key["nationalId"])


class Schema(strawberry.federation.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: an error quotes its document, and a document may hold a national ID."""


def build_schema() -> Schema:
    """The schema; it has no root field of its own, only entities."""
    return Schema(
        types=[Citizen], config=StrawberryConfig(scalar_map=_SCALARS), federation_version="2.9"
    )


def create_app() -> Starlette:
    """The service, at `/graphql`."""
    graphql: GraphQL[Any, None] = GraphQL(build_schema(), graphql_ide=None)
    return Starlette(routes=[Route("/graphql", graphql)])


@click.command()
@click.option("--port", default=4001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--schema", is_flag=True, help="Print the SDL, as welfare-card.graphql has it.")
def main(port: int, schema: bool) -> None:
    """Serve the second subgraph on 127.0.0.1."""
    if schema:
        click.echo(print_schema(build_schema()))
        return
    uvicorn.run(
        create_app(),
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,  # longer than who asks keeps a connection
        headers=[("Keep-Alive", "timeout=60")],
    )


if __name__ == "__main__":
    main()
