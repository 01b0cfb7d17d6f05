"""The GraphiQL page and the files that it loads, all from this server."""

import importlib.util
import json
from importlib import resources
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from app import screens
from app.errors import SettingsError

_VENDOR = "graphene_django_graphiql_static"
_MISSING = (
    "GraphiQL's files are not installed. Run `pip install graphene-django-graphiql-static`,"
    " or switch GraphiQL off with GRAPHIQL=false."
)
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # GraphiQL's dialogs write a style element
        "connect-src 'self'",
        "img-src data:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


class GraphiQL:
    """GraphiQL with the screens' operations ready to run.

    Show `page()` at /graphql (or /) and mount `files` at /graphiql/static.
    """

    def __init__(self, personas_url: str | None = None) -> None:
        """`personas_url` answers `[{name, description, token}]`; None asks for a token instead.

        Raises `SettingsError` when the package with GraphiQL's files is not installed.
        """
        here = resources.files(__package__)
        page = Template(here.joinpath("page.html").read_text(encoding="utf-8"))
        self._html = page.substitute(settings=_settings(personas_url))
        self.files = _Files(vendor_directory(), Path(str(here.joinpath("static"))))

    def page(self) -> HTMLResponse:
        """The page, with a policy that allows nothing from elsewhere."""
        return HTMLResponse(self._html, headers=_HEADERS)


def vendor_directory() -> Path:
    """Where pip put GraphiQL's files; found without importing the package, which needs Django."""
    spec = importlib.util.find_spec(_VENDOR)
    for location in (spec and spec.submodule_search_locations) or ():
        directory = Path(location, "static", _VENDOR)
        if (directory / "graphiql.min.js").is_file():
            return directory
    raise SettingsError(_MISSING)


def _settings(personas_url: str | None) -> str:
    operations = [{"name": name, "document": screens.document(name)} for name in screens.NAMES]
    text = json.dumps({"personasUrl": personas_url, "screens": operations}, ensure_ascii=False)
    return text.replace("<", "\\u003c")  # inside a script element, </script> would end it


class _Files(StaticFiles):
    """Several directories as one; the browser asks each time whether a file is still the same."""

    def __init__(self, *directories: PathLike) -> None:
        super().__init__(check_dir=False)
        self.all_directories = list(directories)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
