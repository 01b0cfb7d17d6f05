"""The pytest plugin: records what the run gives out, and fails the run for a number in clear."""

import functools
import logging
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.connection import Connection

from tests.planted.records import LOG, OUTPUT, RECORDS, RESPONSE, Records, records_of

_PATCH = pytest.StashKey[pytest.MonkeyPatch]()
_FINDINGS = pytest.StashKey[list[str]]()
_MARKER = "answers_national_id"
_FIELD = re.compile(rb'"nationalId":\s?"[0-9]{13}"')


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{_MARKER}: the test's answers may hold a national ID in the field `nationalId`.",
    )
    given = getattr(config, "workerinput", None)
    if given is None:
        directory = Path(tempfile.mkdtemp(prefix="allowances-planted-"))
        records = Records(directory, "main")
    else:
        records = Records(Path(given["planted"]), given["workerid"])
    config.stash[RECORDS] = records
    patch = config.stash[_PATCH] = pytest.MonkeyPatch()
    _watch_answers(patch, records)
    _watch_messages(patch, records)
    _watch_commands(patch, records)
    logging.getLogger().addHandler(_Handler(records))
    logging.getLogger().setLevel(logging.INFO)  # DEBUG is where libraries print all that passes


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["planted"] = str(records_of(node.config).directory)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


class _Handler(logging.Handler):
    """Every record of the process, with its traceback."""

    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.write(LOG, self.format(record).encode(errors="replace"))


def _watch_answers(patch: pytest.MonkeyPatch, records: Records) -> None:
    """Every answer that httpx brings to a test, redirects too."""
    send, send_async = httpx.Client.send, httpx.AsyncClient.send

    @functools.wraps(send)
    def sent(*arguments: Any, **named: Any) -> httpx.Response:
        response = send(*arguments, **named)
        _write_answer(records, response)
        if named.get("stream"):
            _watch_stream(records, response)
        return response

    @functools.wraps(send_async)
    async def sent_async(*arguments: Any, **named: Any) -> httpx.Response:
        response = await send_async(*arguments, **named)
        _write_answer(records, response)
        if named.get("stream"):
            _watch_stream(records, response)
        return response

    patch.setattr(httpx.Client, "send", sent)
    patch.setattr(httpx.AsyncClient, "send", sent_async)


def _watch_stream(records: Records, response: httpx.Response) -> None:
    """What a test reads of an open answer, which all of httpx's readers take from one of these."""
    chunks, chunks_async = response.iter_bytes, response.aiter_bytes

    def read(*arguments: Any) -> Iterator[bytes]:
        for chunk in chunks(*arguments):
            records.write(RESPONSE, chunk)
            yield chunk

    async def read_async(*arguments: Any) -> AsyncIterator[bytes]:
        async for chunk in chunks_async(*arguments):
            records.write(RESPONSE, chunk)
            yield chunk

    response.__dict__.update(iter_bytes=read, aiter_bytes=read_async)


def _watch_messages(patch: pytest.MonkeyPatch, records: Records) -> None:
    """Every message that a WebSocket brings to a test."""
    receive = Connection.recv

    @functools.wraps(receive)
    async def received(*arguments: Any, **named: Any) -> str | bytes:
        message: str | bytes = await receive(*arguments, **named)
        records.write(RESPONSE, message if isinstance(message, bytes) else message.encode())
        return message

    patch.setattr(Connection, "recv", received)


def _write_answer(records: Records, last: httpx.Response) -> None:
    for response in (*last.history, last):
        head = b"\n".join(name + b": " + value for name, value in response.headers.raw)
        body = response.content if response.is_stream_consumed else b""
        if records.answers_national_id:
            body = _FIELD.sub(b'"nationalId": ""', body)
        records.write(RESPONSE, head + b"\n\n" + body)


def _watch_commands(patch: pytest.MonkeyPatch, records: Records) -> None:
    """What a process printed to the test that ran it; `allowances token` is to print a token."""
    communicate = subprocess.Popen.communicate

    @functools.wraps(communicate)
    def communicated(process: Any, *arguments: Any, **named: Any) -> Any:
        printed = communicate(process, *arguments, **named)
        if not _prints_a_token(process.args):
            for text in filter(None, printed):
                records.write(OUTPUT, text if isinstance(text, bytes) else text.encode())
        return printed

    patch.setattr(subprocess.Popen, "communicate", communicated)


def _prints_a_token(arguments: Any) -> bool:
    return isinstance(arguments, list) and arguments[1:2] == ["token"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    records = records_of(item.config)
    records.begin(item.nodeid, item.get_closest_marker(_MARKER) is not None)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the test and the servers beside it printed."""
    report = yield
    if call.when == "teardown":
        for name, text in report.sections:
            if "log" not in name:
                records_of(item.config).write(OUTPUT, text.encode(errors="replace"))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if _is_worker(config):
        return
    findings = config.stash[_FINDINGS] = list(records_of(config).findings())
    if findings:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    findings = config.stash.get(_FINDINGS, [])
    if findings:
        terminalreporter.section("numbers and tokens in clear", red=True)
        for finding in findings:
            terminalreporter.line(finding)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_PATCH].undo()
    if not _is_worker(config):
        shutil.rmtree(records_of(config).directory, ignore_errors=True)
