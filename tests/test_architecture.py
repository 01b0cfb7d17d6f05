"""The house keeps its rooms: who may import whom, and what is used where."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOF = (
    "app.field_calls", "app.schema", "app.service", "app.http", "app.main", "app.cli",
    "app.graphiql", "app.demo",
)  # fmt: skip
FILES = sorted(
    path for part in ("app", "loaders", "resolvers") for path in (ROOT / part).rglob("*.py")
)
HOMES = {
    "strawberry": ("resolvers", "app.field_calls", "app.schema", "app.http"),
    "starlette": ("app.main", "app.http", "app.graphiql", "app.demo", "app.cli"),
    "aiodataloader": ("loaders.batching",),
    "jwt": ("app.viewer", "app.signing_keys", "app.demo.issuer"),
    "click": ("app.cli",),
    "httpx": ("app.delivery.portal",),
    "pydantic_settings": ("app.settings",),
}
LONGEST_FUNCTION, LONGEST_FILE = 40, 300


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def within(module: str, *places: str) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def layer(module: str) -> int:
    """0 the floor, 1 loaders, 2 resolvers, 3 the roof; -1 for what is not ours."""
    top = module.split(".")[0]
    if top not in {"app", "loaders", "resolvers"}:
        return -1
    return 3 if within(module, *ROOF) else {"app": 0, "loaders": 1, "resolvers": 2}[top]


def test_imports_go_down_alone() -> None:
    assert [
        f"{module_of(path)} imports {name}"
        for path in FILES
        for name in imports_of(path)
        if layer(name) > layer(module_of(path))
    ] == []


def test_each_library_is_known_where_it_belongs() -> None:
    assert [
        f"{module_of(path)} imports {name}"
        for path in FILES
        for name in imports_of(path)
        for library, homes in HOMES.items()
        if within(name, library) and not within(module_of(path), *homes)
    ] == []


def test_the_rules_know_nothing_else_of_ours() -> None:
    assert [
        f"{module_of(path)} imports {name}"
        for path in FILES
        for name in imports_of(path)
        if within(module_of(path), "app.rules")
        and layer(name) >= 0
        and not within(name, "app.rules")
    ] == []


def test_no_import_inside_a_function() -> None:
    assert [
        f"{module_of(path)}:{node.lineno}"
        for path in FILES
        for function in functions_of(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_the_environment_is_read_in_settings_alone() -> None:
    assert [
        module_of(path)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ] == []


def test_the_clock_is_read_in_one_place() -> None:
    assert {
        module_of(path)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"today", "now", "utcnow"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"date", "datetime"}
    } == {"app.clock"}


def test_functions_and_files_stay_small() -> None:
    assert [
        f"{module_of(path)}.{function.name} has {function.end_lineno - function.lineno + 1} lines"
        for path in FILES
        for function in functions_of(path)
        if function.end_lineno is not None
        and function.end_lineno - function.lineno >= LONGEST_FUNCTION
    ] == []
    assert [
        f"{module_of(path)} has {lines} lines"
        for path in FILES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ] == []
