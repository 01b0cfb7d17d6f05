"""What the demo serves beside the service: a token for each persona."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import clock
from app.demo.issuer import DevelopmentIssuer
from app.demo.personas import PERSONAS


def personas_route(path: str, issuer: DevelopmentIssuer) -> Route:
    """The personas with fresh tokens, for GraphiQL. Never part of `serve`."""

    async def personas(_request: Request) -> Response:
        now = clock.now()
        listed = [
            {
                "name": name,
                "description": persona.description,
                "token": issuer.citizen_token(persona.national_id, now),
            }
            for name, persona in PERSONAS.items()
        ]
        return JSONResponse(listed, headers={"Cache-Control": "no-store"})

    return Route(path, personas)
