"""The service as the demo runs it."""

from datetime import date
from typing import Any

from starlette.applications import Starlette

from app.demo.home import DataDirectory
from app.demo.routes import personas_route
from app.main import PERSONAS_PATH, create_app
from app.migrations.service_role import as_service, as_submission


def create_demo(
    home: DataDirectory, dsn: str, port: int, played: date | None = None, **changed: Any
) -> Starlette:
    """The service over the demo's database, with the demo's own keys, issuer and personas.

    `played` is the day that the demo acts as if it were; None is today, whenever that is.

    `changed` are settings that are not the demo's.

    `dsn` is the owner's, as the embedded server gives it; the service connects as its own roles.
    """
    own = {"submission_database_url": as_submission(dsn)}
    return create_app(
        home.settings(as_service(dsn), port).model_copy(update=own | changed),
        demo=True,
        played=played,
        more_routes=[personas_route(PERSONAS_PATH, home.issuer())],
    )
