"""What runs on this machine, read from /proc: who is whose child, and what it calls itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """The living children of a process."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit() and _stat(int(entry.name))[1:] == (pid, True):
            found.append(int(entry.name))
    return sorted(found)


def family(pid: int) -> list[int]:
    """A process and its children, stopped first so that it has no more meanwhile."""
    if not pid:
        return []
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return [pid, *children(pid)]


def name(pid: int) -> str:
    """What a process calls itself; empty once it is gone."""
    return _stat(pid)[0]


def is_alive(pid: int) -> bool:
    """Whether a process runs (a dead one that nobody has buried does not)."""
    return _stat(pid)[2]


def title(pid: int) -> str:
    """The command line of a process, as it shows itself."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def kill(*pids: int) -> int:
    """SIGKILL, all at once; returns how many there were."""
    hit = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        hit += 1
    return hit


def wait_for(pids: Iterable[int], seconds: float = 30) -> None:
    """Wait until all of some processes that were killed are gone."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def _stat(pid: int) -> tuple[str, int, bool]:
    """Name, parent and life of a process."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return "", 0, False
    before, _bracket, after = text.rpartition(")")
    state, parent = after.split()[:2]
    return before.partition("(")[2], int(parent), state not in "ZX"
