"""What is done to the site, and when: a schedule that a seed repeats, and its execution."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.faults import processes
from tests.faults.book import Book
from tests.faults.people import World
from tests.faults.site import Site

WEB, WORKER, SUPERVISOR, TREE = "web process", "worker", "supervisor", "whole tree"
STARTING = "whole tree while it starts"
BACKEND, CLUSTER = "database backend", "whole database"
FULL, JUMP = "disk full", "clock jump"
KILLS = (WEB, WORKER, SUPERVISOR, TREE, STARTING, BACKEND, CLUSTER)

WEIGHTS = {
    "sqlite": {WEB: 52, WORKER: 30, SUPERVISOR: 8, TREE: 7, STARTING: 3},
    "postgresql": {
        WEB: 42, WORKER: 24, SUPERVISOR: 6, TREE: 5, STARTING: 3, BACKEND: 14, CLUSTER: 6,
    },
}  # fmt: skip
BURST = 0.15
"""Share of kills that follow the one before within half a second."""

EVERY_FULL, EVERY_JUMP = 60, 35
"""Kills between two full disks, and between two jumps of the clock."""

JUMPS = (90.0, 3 * 3600.0, -2 * 3600.0, 2 * 86400.0, -600.0, 20 * 86400.0, -86400.0)
"""Seconds by which the clock is wrong for a while."""

AFTERSHOCK = 6.0
"""Seconds after a trouble in which a failure is still explained by it."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, and how long after the one before."""

    kind: str
    gap: float
    """A share of the mean gap."""

    detail: float = 0.0


def schedule(seed: int, kills: int, database: str) -> Iterator[Fault]:
    """The faults of a campaign in their order: the same seed gives the same."""
    chance = random.Random(f"faults:{seed}:{database}")
    weights = WEIGHTS[database]
    for number in range(1, kills + 1):
        kind = chance.choices(list(weights), list(weights.values()))[0]
        gap = 0.0 if chance.random() < BURST else chance.uniform(0.3, 1.9)
        yield Fault(kind, gap, chance.random())
        if number % EVERY_JUMP == 0:
            yield Fault(JUMP, 0.0, chance.choice(JUMPS))
        if number % EVERY_FULL == 0:
            yield Fault(FULL, 0.0, chance.uniform(4.0, 8.0))


@dataclass
class Trouble:
    """A time in which failures are to be expected, and why."""

    why: str
    begun: float
    over: float | None = None


@dataclass
class Harm:
    """Does what the schedule says, and puts the site back on its feet."""

    site: Site
    book: Book
    world: World
    troubles: list[Trouble] = field(default_factory=list)
    kills: int = 0
    killed_processes: int = 0
    slowest_recovery: float = 0.0
    _jump_ends: float = 0.0

    def excuse(self, start: float, end: float) -> str:
        """What explains a failure in this time; empty where nothing does."""
        for trouble in self.troubles:
            if trouble.begun <= end and (
                trouble.over is None or start <= trouble.over + AFTERSHOCK
            ):
                return trouble.why
        return ""

    def do(self, fault: Fault) -> None:
        """Let one thing go wrong."""
        self._straighten_clock()
        acts: dict[str, Callable[[], None]] = {
            WEB: lambda: self._kill_role("web", fault),
            WORKER: lambda: self._kill_role("worker", fault),
            SUPERVISOR: self._kill_supervisor,
            TREE: self._kill_tree,
            STARTING: lambda: self._kill_while_starting(fault.detail * 4),
            BACKEND: lambda: self._kill_backend(fault),
            CLUSTER: self._kill_cluster,
            FULL: lambda: self._fill_disk(fault.detail),
            JUMP: lambda: self._jump(fault.detail),
        }
        acts[fault.kind]()
        if fault.kind not in KILLS:
            self.book.faults[fault.kind] += 1

    def calm(self) -> None:
        """Put everything right again: clock, disk, processes."""
        self._jump_ends = 0.0
        self._straighten_clock()
        self.site.disk.clear()
        if self.site.cluster and not self.site.cluster.master():
            self.site.cluster.start()
        if not self.site.supervisor():
            self.site.start()
        deadline = time.monotonic() + 60
        while not self.site.answers() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _count(self, kind: str, hit: int) -> None:
        self.kills += 1
        self.killed_processes += hit
        self.book.faults[f"kill: {kind}"] += 1

    # Processes of the product

    def _kill_role(self, role: str, fault: Fault) -> None:
        deadline = time.monotonic() + 40
        while not (found := self.site.named(role)):
            if time.monotonic() > deadline or not self.site.supervisor():
                self.book.finds("not replaced", f"no {role} process for 40 s")
                return
            time.sleep(0.05)
        victim = found[int(fault.detail * len(found))]
        self._count(WEB if role == "web" else WORKER, processes.kill(victim))

    def _kill_supervisor(self) -> None:
        self._count(SUPERVISOR, processes.kill(self.site.supervisor()))
        self._bury()
        self._start_again()

    def _kill_tree(self) -> None:
        self._count(TREE, processes.kill(*self.site.everybody()))
        self._bury()
        self._start_again()

    def _kill_while_starting(self, delay: float) -> None:
        """Kill all, and all again while they come up."""
        self._count(TREE, processes.kill(*self.site.everybody()))
        self._bury()

        def again() -> None:
            time.sleep(delay)
            if everybody := self.site.everybody():
                self._count(STARTING, processes.kill(*everybody))

        killer = threading.Thread(target=again)
        killer.start()
        self.site.start()
        killer.join()
        self._start_again()

    def _bury(self) -> None:
        if self.site.process is not None:
            self.site.process.wait(timeout=30)

    def _start_again(self) -> None:
        """Start the site after its supervisor was killed; nothing where it came through."""
        begun = time.monotonic()
        time.sleep(0.05)  # the one who was killed takes a moment to be gone
        if self.site.supervisor() and self.site.answers():
            return
        self._bury()
        self.site.start()
        self.slowest_recovery = max(self.slowest_recovery, time.monotonic() - begun)

    # The database

    def _kill_backend(self, fault: Fault) -> None:
        assert self.site.cluster is not None
        found = self.site.cluster.backends()
        if not found:
            return
        with self._trouble("a database process was killed"):
            self._count(BACKEND, processes.kill(found[int(fault.detail * len(found))]))
            self._wait_for_database()

    def _kill_cluster(self) -> None:
        cluster = self.site.cluster
        assert cluster is not None
        with self._trouble("the database was killed"):
            everybody = processes.family(cluster.master())
            self._count(CLUSTER, processes.kill(*everybody))
            processes.wait_for(everybody)
            cluster.start()
            self._wait_for_database()

    def _wait_for_database(self) -> None:
        deadline = time.monotonic() + 60
        while not self.site.answers():
            if time.monotonic() > deadline:
                self.book.finds("not healed", "no answer 60 s after the database came back")
                return
            time.sleep(0.1)

    # Disk and clock

    def _fill_disk(self, seconds: float) -> None:
        with self._trouble("the disk is full"):
            self.site.disk.fill()
            time.sleep(seconds)
            self.site.disk.clear()
            if self.site.cluster and not self.site.cluster.master():
                self.site.cluster.start()
            if not self.site.supervisor():
                self.site.start()
            self._wait_for_database()

    def _jump(self, seconds: float) -> None:
        self.world.offset = seconds
        self.site.move_clock(seconds)
        self._jump_ends = time.monotonic() + 12

    def _straighten_clock(self) -> None:
        if self.world.offset and time.monotonic() >= self._jump_ends:
            self.world.offset = 0.0
            self.site.move_clock(0.0)

    def _trouble(self, why: str) -> _During:
        return _During(self.troubles, Trouble(why, time.monotonic()))


class _During:
    def __init__(self, troubles: list[Trouble], trouble: Trouble) -> None:
        self._troubles, self._trouble = troubles, trouble

    def __enter__(self) -> None:
        self._troubles.append(self._trouble)

    def __exit__(self, *_problem: object) -> None:
        self._trouble.over = time.monotonic()
