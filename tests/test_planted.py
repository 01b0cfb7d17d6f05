"""The search over the whole run finds what it is for: each kind, form and source, by name alone."""

import base64
import io
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from app.demo.crowd import crowd
from app.demo.personas import PERSONAS
from app.rules.national_id import check_digit
from tests.conftest import ROOT
from tests.planted.dump import dump
from tests.planted.numbers import ACCOUNT_NUMBER, NATIONAL_ID, TOKEN, kinds_in, kinds_in_file

ID = PERSONAS["both"].national_id
ACCOUNT = next(
    account.number
    for person in crowd(20, 1)
    for holding in person.holdings
    for account in holding.accounts
    if len(account.number) == 10
)
JWT = ".".join(["eyJhbGciOiJSUzI1NiJ9", "eyJwaWQiOiI5In0", "c2lnbmF0dXJl"])
GROUPED = (ID[0], ID[1:5], ID[5:10], ID[10:12], ID[12])

IDS = {
    "plain": ID,
    "dashes": "-".join(GROUPED),
    "spaces": " ".join(GROUPED),
    "in JSON": f'{{"value":"{ID}"}}',
    "after an escape": f"first line\\n{ID}",
    "in a URL": f"/graphql?variables=%7B%22n%22%3A%22{ID}%22%7D",
    "after a date": f"2026-11-23 {ID}",
    "in hex": f"\\x{ID.encode().hex()}",
    "in hex, of more": b"key 1:".hex() + ID.encode().hex() + "ff",
    **{
        f"in base64, {before} bytes in": base64.b64encode(b"x" * before + ID.encode()).decode()
        for before in range(3)
    },
    "in base64 of a URL": base64.urlsafe_b64encode(b"\xff\xfe:" + ID.encode()).decode(),
}


@pytest.mark.parametrize("form", IDS)
def test_a_national_id_is_found_in_each_form(form: str) -> None:
    assert kinds_in(IDS[form].encode()) == {NATIONAL_ID}


@pytest.mark.parametrize(
    "text",
    [ACCOUNT, f"{ACCOUNT[:3]}-{ACCOUNT[3]}-{ACCOUNT[4:9]}-{ACCOUNT[9]}", ACCOUNT.encode().hex()],
)
def test_an_account_number_is_found(text: str) -> None:
    assert kinds_in(f"row\t{text}\t".encode()) == {ACCOUNT_NUMBER}


def test_a_token_is_found() -> None:
    assert kinds_in(f"Authorization: Bearer {JWT}".encode()) == {TOKEN}


def test_what_is_no_number_of_ours_is_not() -> None:
    wrong = f"{ID[:12]}{(check_digit(ID[:12]) + 1) % 10}"
    harmless = [wrong, f"0.{ID}", f"a{ID}f3", f"1{ID}", f"x-xxxx-xxxxx-{ID[10:12]}-{ID[12]}"]
    assert kinds_in(" ".join(harmless).encode()) == set()


@pytest.mark.parametrize("place", [(1 << 20) - 7, (1 << 20), (2 << 20) - 12])
def test_a_number_across_two_chunks_is_found(place: int) -> None:
    assert kinds_in_file(io.BytesIO(b" " * place + ID.encode() + b" " * 99)) == {NATIONAL_ID}


@pytest.mark.parametrize("column", ["text", "bytea"])
async def test_a_dump_holds_every_table_of_every_schema(
    connection: asyncpg.Connection, database_url: str, tmp_path: Path, column: str
) -> None:
    dumped, value = tmp_path / "dump", ID if column == "text" else ID.encode()
    await dump(database_url, dumped)
    assert kinds_in(dumped.read_bytes()) == set()
    await connection.execute(f"create schema aside create table leak (value {column})")
    await connection.execute("insert into aside.leak values ($1)", value)
    await dump(database_url, dumped)
    assert kinds_in(dumped.read_bytes()) == {NATIONAL_ID}
    await connection.execute("drop schema aside cascade")  # the whole run is searched for it too


LEAKS = f"""
import asyncio, logging, subprocess, sys
import httpx, pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

ID = {ID!r}

def answer(field):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={{field: ID}}))
    httpx.Client(transport=transport).get("http://testserver")

def test_response(): answer("message")
def test_head():
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={{"X-Who": ID}}))
    httpx.Client(transport=transport).get("http://testserver")
def test_stream():
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=iter([ID.encode()])))
    with httpx.Client(transport=transport).stream("GET", "http://testserver") as answer:
        assert list(answer.iter_lines())
def test_message():
    async def talk():
        async with serve(lambda socket: socket.send(ID), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(f"ws://127.0.0.1:{{port}}") as socket:
                await socket.recv()
    asyncio.run(talk())
def test_log():
    try: raise ValueError(ID)
    except ValueError: logging.getLogger("any").info("failed", exc_info=True)
def test_print(): subprocess.run([sys.executable, "-c", f"print({{ID}})"])
def test_command(): subprocess.run([sys.executable, "-c", f"print({{ID}})"], capture_output=True)
@pytest.mark.answers_national_id
def test_allowed(): answer("nationalId")
@pytest.mark.answers_national_id
def test_marked(): answer("message")
def test_unmarked(): answer("nationalId")
def test_clean(): answer
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "with a worker"])
def test_a_run_that_leaks_fails_and_says_where_alone(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.planted.plugin", *workers]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, capture_output=True, check=False, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "11 passed" in done.stdout
    found = [line.split("::")[1] for line in done.stdout.splitlines() if "test_leaks.py::" in line]
    assert sorted(found) == [
        "test_command: a national ID in the output",
        "test_head: a national ID in the response",
        "test_log: a national ID in the log",
        "test_marked: a national ID in the response",
        "test_message: a national ID in the response",
        "test_print: a national ID in the output",
        "test_response: a national ID in the response",
        "test_stream: a national ID in the response",
        "test_unmarked: a national ID in the response",
    ]
    assert ID not in done.stdout + done.stderr
