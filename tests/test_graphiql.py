"""GraphiQL: what the page may load, and a real browser that uses it with the cable pulled."""

import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as HTTPRoute

import app.graphiql
from app import screens
from app.errors import SettingsError
from app.graphiql import GraphiQL
from app.graphiql.page import vendor_directory
from tests.conftest import DemoServer

VENDOR = "graphene_django_graphiql_static"
SOURCES = Path(app.graphiql.__file__).parent
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


on_the_server = pytest.mark.xdist_group("server")  # one demo for all that use it


async def get(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """A GET to an application that has GraphiQL and nothing else."""
    graphiql = GraphiQL("/demo/personas")

    async def page(_request: HTTPRequest) -> Response:
        return graphiql.page()

    routes = [HTTPRoute("/graphql", page), Mount("/graphiql/static", graphiql.files)]
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


async def test_page_allows_nothing_from_elsewhere() -> None:
    response = await get("/graphql")
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept"


async def test_page_has_no_inline_script() -> None:
    scripts = re.findall(r"<script\b([^>]*)>", (await get("/graphql")).text)
    inline = [attributes for attributes in scripts if "src=" not in attributes]
    assert inline == [' type="application/json" id="settings"']


async def test_everything_the_page_loads_is_served_here() -> None:
    linked = re.findall(r'(?:src|href)="([^"]+)"', (await get("/graphql")).text)
    files = [path for path in linked if not path.startswith("data:")]
    assert "graphiql/static/graphiql.min.js" in files
    for path in files:
        response = await get(f"/{path}")
        assert (path, response.status_code) == (path, 200)
        assert response.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_an_unchanged_file_is_not_sent_again() -> None:
    first = await get("/graphiql/static/graphiql.min.js")
    again = await get("/graphiql/static/graphiql.min.js", {"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["page.py", "page.html", "../page.py", "%2e%2e/page.py", ""])
async def test_only_the_static_files_are_served(path: str) -> None:
    assert (await get(f"/graphiql/static/{path}")).status_code == 404


def test_page_carries_its_settings_and_no_way_out_of_them() -> None:
    text = bytes(GraphiQL("</script>").page().body).decode()
    settings = json.loads(text.split('id="settings">')[1].split("</script>")[0])
    assert settings["personasUrl"] == "</script>"
    assert [each["name"] for each in settings["screens"]] == list(screens.NAMES)
    for each in settings["screens"]:
        assert each["document"] == screens.document(each["name"])


def test_page_files_name_no_other_host() -> None:
    for path in SOURCES.rglob("*.*"):
        if path.suffix in (".html", ".css", ".js"):
            text = path.read_text(encoding="utf-8").replace(SVG_NAMESPACE, "")
            assert not re.findall(r"""https?:|wss?:|["'(]//""", text), path.name


def test_the_package_is_found_without_importing_it() -> None:
    assert (vendor_directory() / "graphiql.min.js").is_file()
    assert VENDOR not in sys.modules


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert importlib.util.find_spec(VENDOR) is None
    with pytest.raises(SettingsError, match="pip install graphene-django-graphiql-static"):
        GraphiQL()


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    problem = f"NO BROWSER: none of {', '.join(names)} is on PATH, so GraphiQL is NOT tested."
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield instance
        instance.close()


@dataclass
class Visit:
    """GraphiQL open in a tab that reaches the server and nothing else."""

    page: Page
    host: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def guard(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == self.host:
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def choose(self, screen: str) -> None:
        self.page.get_by_role("tab", name=screen).click()
        expect(self.page.get_by_role("region", name="Query Editor")).to_contain_text(screen)

    def ask_as(self, persona: str) -> None:
        self.page.get_by_label("Who asks").select_option(persona)

    def execute(self) -> tuple[Request, Any]:
        """Press Execute; the request that went out and the JSON that came back."""
        with self.page.expect_response(lambda each: is_operation(each.request)) as waiting:
            self.page.get_by_role("button", name="Execute query").click()
        return waiting.value.request, waiting.value.json()

    @property
    def shown(self) -> Locator:
        return self.page.get_by_role("region", name="Result Window")


@pytest.fixture
def visit(browser: Browser, demo_server: DemoServer) -> Iterator[Visit]:
    context = browser.new_context(service_workers="block")
    seen = Visit(context.new_page(), urlsplit(demo_server.url).netloc)
    context.route("**/*", seen.guard)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type == "error" else None,
    )
    yield seen
    context.close()


def is_operation(request: Request) -> bool:
    """Whether it is somebody's operation: not the page, and not GraphiQL reading the schema."""
    return request.method == "POST" and "__schema" not in (request.post_data or "")


def open_page(visit: Visit, demo_server: DemoServer) -> None:
    visit.page.goto(f"{demo_server.url}/graphql")
    expect(visit.page.get_by_role("button", name="Execute query")).to_be_visible()


@on_the_server
def test_offline_a_persona_runs_a_screen_and_sees_the_answer(
    visit: Visit, demo_server: DemoServer
) -> None:
    open_page(visit, demo_server)
    visit.ask_as("old-age-receiving")
    visit.choose("OldAgeHome")
    visit.execute()
    expect(visit.shown).to_contain_text('"RECEIVING"')
    expect(visit.shown).to_contain_text(re.compile(r'"maskedNationalId": "x-xxxx-xxxxx-\d\d-\d"'))

    visit.ask_as("nobody (no token)")
    visit.execute()
    expect(visit.shown).to_contain_text('"me": null')
    assert (visit.elsewhere, visit.complaints) == ([], [])


@on_the_server
def test_all_four_screens_are_ready_to_run(visit: Visit, demo_server: DemoServer) -> None:
    open_page(visit, demo_server)
    visit.ask_as("both")
    for screen in ("OldAgeHome", "OldAgeHistory", "DisabilityHome", "DisabilityHistory"):
        visit.choose(screen)
        request, answer = visit.execute()
        assert screen in (request.post_data or "")
        assert "errors" not in answer
        assert len(answer["data"]["me"]["entitlements"]) == 1
    assert (visit.elsewhere, visit.complaints) == ([], [])


@on_the_server
def test_the_day_can_be_played(visit: Visit, demo_server: DemoServer) -> None:
    open_page(visit, demo_server)
    visit.ask_as("old-age-receiving")
    visit.page.get_by_label("Today").fill("2027-01-15")
    request, answer = visit.execute()
    assert request.headers["x-demo-today"] == "2027-01-15"
    assert "errors" not in answer


@on_the_server
def test_the_token_stays_in_memory(visit: Visit, demo_server: DemoServer) -> None:
    open_page(visit, demo_server)
    visit.ask_as("old-age-receiving")
    request, _ = visit.execute()
    token = request.headers["authorization"].removeprefix("Bearer ")
    assert token
    assert token not in visit.page.url
    assert visit.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert visit.page.context.cookies() == []


@on_the_server
def test_without_personas_a_token_is_asked_for(
    visit: Visit, demo_server: DemoServer, demo_token: Callable[[str], str]
) -> None:
    token = demo_token("old-age-receiving")
    visit.page.route("**/demo/personas", lambda route: route.fulfill(status=404))
    open_page(visit, demo_server)
    visit.page.get_by_label("Bearer token").fill(f"Bearer {token}")
    request, answer = visit.execute()
    assert request.headers["authorization"] == f"Bearer {token}"
    assert answer["data"]["me"]["maskedNationalId"]
    expect(visit.page.get_by_label("Who asks")).to_be_hidden()
