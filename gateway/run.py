"""`make gateway`: the supergraph of both agencies, on this machine. Ctrl-C stops all of it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn
from urllib.parse import urlsplit

import click

from gateway.children import Children, ChildStopped, answers
from gateway.node import HERE, Node, NodeError, find_node

ROOT = HERE.parent
HIVE = HERE / "node_modules" / "@graphql-hive" / "gateway" / "dist" / "bin.js"
DEMO_SECONDS = 300  # a first start makes its database and loads its people
START_SECONDS = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_port = click.IntRange(1, 65535)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--allowances-url", envvar="ALLOWANCES_URL", default=lambda: _allowances_url(),
    help="The allowances subgraph; if nothing answers there, the demo is started.",
)  # fmt: skip
@click.option("--port", envvar="GATEWAY_PORT", default=4000, type=_port, help="The gateway's port.")
@click.option(
    "--welfare-card-port", envvar="WELFARE_CARD_PORT", default=4001, type=_port,
    help="The second subgraph's port.",
)  # fmt: skip
def main(allowances_url: str, port: int, welfare_card_port: int) -> None:
    """Serve the allowances and a second agency's facts as one graph, with Hive Gateway."""
    for each in SIGNALS:
        signal.signal(each, _leave)
    try:
        _serve(allowances_url, port, welfare_card_port)
    except (NodeError, ChildStopped) as error:
        raise click.ClickException(str(error)) from None


def _leave(*_: object) -> NoReturn:
    for each in SIGNALS:  # a second Ctrl-C would leave behind what is still to be stopped
        signal.signal(each, signal.SIG_IGN)
    sys.exit(0)


def _serve(allowances_url: str, port: int, welfare_card_port: int) -> None:
    node = find_node()
    for each in (port, welfare_card_port):
        _refuse_busy(each)
    click.echo("Installing with npm where needed (about a minute the first time) ...")
    node.install()
    with TemporaryDirectory() as directory, Children() as children:
        supergraph = Path(directory) / "supergraph.graphql"
        _start_allowances(children, allowances_url)
        welfare_card_url = _start_welfare_card(children, welfare_card_port)
        _compose(node, supergraph, allowances_url, welfare_card_url)
        url = _start_gateway(children, node, supergraph, port)
        click.echo(_welcome(url))
        children.watch()


def _start_allowances(children: Children, url: str) -> None:
    if answers(url):
        return
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        raise ChildStopped(f"Nothing answers at {url}. Start it, or correct ALLOWANCES_URL.")
    click.echo(f"Nothing answers at {url}: starting the demo ...")
    command = [str(Path(sys.executable).with_name("allowances")), "demo"]
    children.start("the demo", command, cwd=ROOT, environment={"PORT": str(parts.port or 80)})
    children.wait_for("the demo", url, DEMO_SECONDS)


def _start_welfare_card(children: Children, port: int) -> str:
    url, command = (
        f"http://127.0.0.1:{port}/graphql",
        [sys.executable, "-m", "gateway.welfare_card"],
    )
    children.start("the second subgraph", [*command, "--port", str(port)], cwd=ROOT, environment={})
    children.wait_for("the second subgraph", url, START_SECONDS)
    return url


def _compose(node: Node, supergraph: Path, allowances_url: str, welfare_card_url: str) -> None:
    environment = {
        "ALLOWANCES_URL": allowances_url,
        "WELFARE_CARD_URL": welfare_card_url,
        "SUPERGRAPH": str(supergraph),
    }
    extra = [f"{name}={value}" for name, value in environment.items()]
    command = ["/usr/bin/env", *extra, node.node, str(HERE / "compose.mjs")]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own arguments
        raise ChildStopped("No supergraph, no gateway; see above.")


def _allowances_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/graphql"


def _start_gateway(children: Children, node: Node, supergraph: Path, port: int) -> str:
    url, environment = (
        f"http://127.0.0.1:{port}/graphql",
        {"GATEWAY_PORT": str(port), "PORT": str(port)},
    )
    children.start(
        "Hive Gateway",
        [node.node, str(HIVE), "supergraph"],
        cwd=HERE,
        environment=environment | {"SUPERGRAPH": str(supergraph)},
    )
    children.wait_for("Hive Gateway", url, START_SECONDS)
    return url


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(
                f"Port {port} is in use. Stop what uses it, or choose another with GATEWAY_PORT "
                "or WELFARE_CARD_PORT."
            ) from None


def _welcome(url: str) -> str:
    return f"""
The supergraph is running: the allowances, and the welfare card of another agency.

  Open  {url}  in a browser, or ask from another terminal:

    curl -s {url} -H "Authorization: Bearer $(.venv/bin/allowances token old-age-receiving)" \\
      -H "Content-Type: application/json" \\
      -d '{{"query":"{{ me {{ givenName welfareCard {{ status monthlyTopUp }} }} }}"}}'

  Ctrl-C stops everything that this started.
"""


if __name__ == "__main__":
    main()
