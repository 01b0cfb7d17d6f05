"""What processes spend, as Linux counts it in /proc."""

import os
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")
_REST, _PATIENCE = 0.05, 30.0  # seconds


def cpu_seconds(process: int) -> float:
    """Of a process and its descendants, those that ended and were waited for included."""
    return sum(map(own_cpu_seconds, _family(process)))


def own_cpu_seconds(process: int) -> float:
    """Of a process, and of its children that ended and were waited for; 0 for one that is gone."""
    fields = _stat(process)
    return sum(map(int, fields[11:15])) / _TICK if fields else 0.0


def settle(process: int) -> None:
    """Wait till a process rests: what it was asked before is done, though nobody waits for it."""
    deadline = time.monotonic() + _PATIENCE
    before, now = -1.0, cpu_seconds(process)
    while now > before and time.monotonic() < deadline:
        time.sleep(_REST)
        before, now = now, cpu_seconds(process)


def resident_bytes(process: int) -> int:
    """Of a process and its descendants; pages that they share are counted for each."""
    return sum(map(_resident, _family(process)))


def proportional_mb(process: int) -> float:
    """Memory of a process and its descendants; a page that some share is counted once in all."""
    return sum(map(_proportional, _family(process)))


def status_mb(process: int, name: str) -> float:
    """A size that Linux tells of a process itself, as VmHWM, its peak; 0 for one that is gone."""
    try:
        text = (_PROC / str(process) / "status").read_text(encoding="ascii")
        return int(text.partition(f"{name}:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def parent_of(process: int) -> int:
    """Who started a process that runs."""
    return int(_stat(process)[1])


def _family(process: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for directory in _PROC.glob("[0-9]*"):
        fields = _stat(int(directory.name))
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(directory.name))
    found = [process]
    for each in found:
        found.extend(parents.get(each, ()))
    return found


def _stat(process: int) -> list[str]:
    """The fields after the name: state first, parent second; none where the process is gone."""
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _resident(process: int) -> int:
    try:
        text = (_PROC / str(process) / "statm").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(text.split()[1]) * _PAGE


def _proportional(process: int) -> float:
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(text.partition("\nPss:")[2].split()[0]) / 1024
