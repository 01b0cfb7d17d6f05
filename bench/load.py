"""One slice of load by wrk, a native load tool, and what it measured."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "requests.lua"
PATIENCE = 60  # seconds that wrk waits for an answer


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: latencies in milliseconds, `bytes` the mean size of an answer with its head."""

    requests: int
    seconds: float
    bytes: float
    failed: int
    p50: float
    p99: float


def find_wrk() -> str:
    """wrk by path; SystemExit says how to get it."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("The bench needs wrk on PATH: apt-get install wrk, or brew install wrk.")
    return found


def run_wrk(url: str, requests: Path, *, connections: int, seconds: int) -> Load:
    """Ask for so many seconds, each connection its next request when it has the answer."""
    command = [
        *(find_wrk(), "--threads", "1", "--connections", str(connections)),
        *("--duration", f"{seconds}s", "--timeout", f"{PATIENCE}s", "--latency"),
        *("--script", str(SCRIPT), url, "--", str(requests)),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout.splitlines()[-1])
    return Load(
        requests=seen["requests"],
        seconds=seen["microseconds"] / 1e6,
        bytes=seen["bytes"] / max(seen["requests"], 1),
        failed=seen["failed"],
        p50=seen["p50"] / 1e3,
        p99=seen["p99"] / 1e3,
    )
