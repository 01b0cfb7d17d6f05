"""The README tells the truth: its commands run, its answers are real, its tables are complete."""

import json
import re
import subprocess
from pathlib import Path

import click
import pytest

from app.cli import main
from app.policies import Scope
from app.rules.vocabulary import Language
from app.settings import DeliverySettings, Settings
from tests.conftest import ROOT, DemoServer

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.xdist_group("server")
def test_the_first_query_gives_the_answer_shown(demo_server: DemoServer) -> None:
    command = next(block for block in blocks("sh") if block.startswith("curl"))
    command = command.replace("http://127.0.0.1:8000", demo_server.url)
    command = command.replace(".venv/bin/allowances", demo_server.command)
    answer = subprocess.run(
        ["bash", "-c", command],
        env=demo_server.environment,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    assert json.loads(answer) == json.loads(blocks("json")[0])


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", blocks("sh")[0], re.MULTILINE)
    assert targets == ["run", "test"]
    assert all(f"\n{target}:" in makefile for target in [*targets, "gateway"])


def test_every_command_is_listed() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        subcommands = getattr(main.get_command(context, name), "commands", None)
        for shown in [f"{name} {sub}" for sub in subcommands] if subcommands else [name]:
            assert re.search(rf"^\| `{shown}[ `]", README, re.MULTILINE), shown


def test_every_setting_is_listed_with_its_default() -> None:
    for name, field in {**Settings.model_fields, **DeliverySettings.model_fields}.items():
        assert f"`{name.upper()}`" in README or name == "national_id_encryption_key_id", name
        if not field.is_required() and not isinstance(field.default, bool) and name != "host":
            default = field.get_default(call_default_factory=True)
            value = f"{default:g}" if isinstance(default, float) else default
            value = value.value if isinstance(value, Language) else value
            shown = f"`{value}`" if value else "none"
            lines = [line for line in README.splitlines() if f"`{name.upper()}`" in line]
            assert not lines or any(shown in line for line in lines), name


def test_the_files_it_names_are_there() -> None:
    for path in re.findall(r"`((?:app|docs|tests|gateway|loaders)/[\w./-]+)`", README):
        assert Path(ROOT, path).exists(), path


def test_every_scope_that_the_graph_needs_is_listed() -> None:
    schema = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    for scope in Scope:
        assert (f'"{scope.value}"' in schema) <= (f"| `{scope.value}` |" in README), scope
