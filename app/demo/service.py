"""The service as the demo runs it."""

from starlette.applications import Starlette

from app.demo.home import DataDirectory
from app.demo.routes import personas_route
from app.main import PERSONAS_PATH, create_app


def create_demo(home: DataDirectory, dsn: str, port: int) -> Starlette:
    """The service over the demo's database, with the demo's own keys, issuer and personas."""
    return create_app(
        home.settings(dsn, port),
        demo=True,
        more_routes=[personas_route(PERSONAS_PATH, home.issuer())],
    )
