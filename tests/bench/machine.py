"""The machine: what it is, and what processes cost on it."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def description() -> dict[str, object]:
    """What the figures of a run hang on; two runs compare only on one machine."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in (_PROC / "cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    pages = os.sysconf("SC_PHYS_PAGES") * _PAGE
    return {
        "processor": model,
        "cores": os.cpu_count() or 1,
        "memory_gb": round(pages / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def commit(root: Path) -> str:
    """The commit that is measured, with + where files differ from it."""
    named = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return named.stdout.strip()


class Clock:
    """Processor time that some processes use from now on."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._began = {process: _seconds_of(process) for process in processes}

    def seconds(self) -> float:
        """What they used so far, in seconds; one that ended meanwhile counts nothing."""
        return sum(max(0.0, _seconds_of(one) - before) for one, before in self._began.items())


def _seconds_of(process: int) -> float:
    # Nanoseconds by thread where the kernel tells them, else ticks of the whole process.
    tasks, total = _PROC / str(process) / "task", 0
    try:
        for task in os.listdir(tasks):
            total += int((tasks / task / "schedstat").read_text().split()[0])
        return total / 1e9
    except (OSError, ValueError, IndexError):
        pass
    try:
        fields = (_PROC / str(process) / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def children(process: int) -> list[int]:
    """The processes that a process started, oldest first."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(_PROC / str(process) / "task"):
            listed = (_PROC / str(process) / "task" / task / "children").read_text()
            found += [int(child) for child in listed.split()]
    return sorted(found)


def memory(process: int) -> dict[str, float]:
    """Memory of a process in MB: resident, its share of what is shared (PSS), and its peak."""
    rollup = (_PROC / str(process) / "smaps_rollup").read_text()
    status = (_PROC / str(process) / "status").read_text()
    return {
        "rss": _kilobytes(rollup, "Rss:") / 1024,
        "pss": _kilobytes(rollup, "Pss:") / 1024,
        "peak": _kilobytes(status, "VmHWM:") / 1024,
    }


def _kilobytes(text: str, name: str) -> int:
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


class Peak:
    """The highest resident memory of each process while something runs, in MB."""

    def __init__(self) -> None:
        self.before: dict[int, float] = {}
        self.highest: dict[int, float] = {}

    def look(self, processes: Iterable[int]) -> None:
        """Note what processes hold now."""
        for process in processes:
            with contextlib.suppress(OSError):
                held = int((_PROC / str(process) / "statm").read_text().split()[1]) * _PAGE / 2**20
                self.before.setdefault(process, held)
                self.highest[process] = max(held, self.highest.get(process, 0.0))


@contextmanager
def watched(processes: Iterable[int], *, every: float = 0.02) -> Iterator[Peak]:
    """Watch the memory of processes during a block."""
    peak, ended, listed = Peak(), threading.Event(), list(processes)
    peak.look(listed)

    def watch() -> None:
        while not ended.is_set():
            peak.look(listed)
            time.sleep(every)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
        peak.look(listed)
