"""Slices of a page and its floors in turn: what drifts, drifts for all of them.

A figure is the median over the rounds; a ratio is made within a round, where page and floor stood
side by side, and is the median of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench import machine
from tests.bench.driver import Driver, Heard, Order
from tests.bench.instances import Server
from tests.bench.options import Options
from tests.bench.pages import (
    READING,
    WRITING,
    Page,
    Requests,
    bare,
    floor_expects,
    floor_requests,
)
from tests.bench.world import World

ONCE_A_SECOND = 500
"""Requests prepared for a second of posts that can be sent once; few pages are faster."""
ALONE_MOST = 40
WARM_EACH = 3
"""Requests over each connection before a page is measured."""


class WrongAnswer(Exception):
    """A page answered with another status than expected: its row is void."""


class NothingThere(Exception):
    """The instance holds too little of what a page shows: it has no row."""


@dataclass
class Slice:
    """One slice: good answers, and the processor time of the server's side."""

    heard: Heard
    web_seconds: float
    database_seconds: float

    @property
    def milliseconds(self) -> float:
        """Processor time an answer, of the web processes and the database together."""
        return (self.web_seconds + self.database_seconds) / max(1, len(self.heard.times)) * 1000


class Bench:
    """A server with its driver, and the world they work in."""

    def __init__(
        self, world: World, server: Server, options: Options, *, postmaster: int | None
    ) -> None:
        self.world, self.server, self.options = world, server, options
        self.driver = Driver()
        self._postmaster = postmaster
        self.bare = Requests([bare(world)])
        self.floors = {kind: floor_requests(world, kind) for kind in (READING, WRITING)}

    def warm(self) -> None:
        """Meet the floors in every process, so that none of them is measured cold."""
        self.link()
        for kind, requests in self.floors.items():
            self.slice(requests, floor_expects(kind), seconds=0.5)

    def link(self) -> None:
        """Connections anew, the same number to each web process; wait for all to serve."""
        last: Exception | None = None
        for _ in range(20):
            try:
                self.driver.link(
                    self.server.port,
                    each=self.options.each,
                    processes=self.server.processes,
                    bare=self.bare.all[0],
                )
                return
            except RuntimeError as problem:
                last = problem
        raise RuntimeError(f"{last}\n{self.server.log()}")

    @property
    def processes(self) -> dict[str, int]:
        """The server's processes by name."""
        found = machine.children(self.server.pid)
        names = [f"web {n}" for n in range(1, self.server.processes + 1)] + ["worker"]
        return {"supervisor": self.server.pid, **dict(zip(names, found, strict=True))}

    def _web(self) -> list[int]:
        return [pid for name, pid in self.processes.items() if name.startswith("web")]

    def _database(self) -> list[int]:
        # Backends only come and go with connections, which the pools keep.
        return machine.children(self._postmaster) if self._postmaster else []

    def slice(
        self,
        requests: Requests,
        expects: int,
        *,
        seconds: float,
        share: float = 1.0,
        connections: int | None = None,
    ) -> Slice:
        """Send one slice's requests. Raises WrongAnswer."""
        width = self.options.each * self.server.processes if connections is None else connections
        taken = requests.take(share)
        if width == 1 and not requests.is_spent:
            taken = taken[:ALONE_MOST]
        if not taken:
            raise NothingThere("the instance holds too little of it")
        web, database = machine.Clock(self._web()), machine.Clock(self._database())
        heard = self.driver.drive(
            Order(
                requests=taken,
                expects=expects,
                seconds=seconds,
                again=not requests.is_spent,
                connections=width,
            )
        )
        spent = web.seconds(), database.seconds()
        if heard.wrong or not heard.times:
            raise WrongAnswer(f"{dict(heard.wrong)} instead of {expects}: {heard.example}")
        return Slice(heard, *spent)

    def measure(self, page: Page) -> dict[str, Any]:
        """One page: rounds of bare route, floor and page. Raises WrongAnswer or NothingThere."""
        options = self.options
        seconds, rounds = options.seconds, options.rounds
        most = int(ONCE_A_SECOND * seconds * rounds) + ALONE_MOST
        most += WARM_EACH * options.each * self.server.processes
        requests = page.make(self.world, most + page.warms)
        if not requests.all:
            raise NothingThere("the instance holds none of it")
        self.world.database.dispose()
        self.link()
        requests, is_heavy = self._warmed(page, requests)
        if is_heavy:
            return self._heavy(page, requests)
        share = 0.9 / rounds
        floor, expected = self.floors[page.floor], floor_expects(page.floor)
        found: list[tuple[Slice, Slice, Slice]] = []
        alone: list[tuple[float, float]] = []
        for _ in range(rounds):
            found.append(
                (
                    self.slice(self.bare, 200, seconds=seconds / 4),
                    self.slice(floor, expected, seconds=seconds / 2),
                    self.slice(requests, page.expects, seconds=seconds, share=share),
                )
            )
            few = 0.1 / rounds
            by_itself = self.slice(floor, expected, seconds=seconds / 4, connections=1)
            page_alone = self.slice(
                requests, page.expects, seconds=seconds / 2, share=few, connections=1
            )
            alone.append((undisturbed(by_itself.heard), undisturbed(page_alone.heard)))
        return figures(found, alone) | {"memory_mb": self._memory()}

    def _warmed(self, page: Page, requests: Requests) -> tuple[Requests, bool]:
        """Meet every process a few times first: templates compile once, and so do queries.

        Returns the requests that are left, and whether one takes longer than a whole slice.
        """
        one = Requests(requests.all[:1], is_spent=True)
        took = self.slice(one, page.expects, seconds=60.0, connections=1).heard.times[0]
        is_heavy = took > self.options.seconds
        width = self.options.each * self.server.processes
        count = max(page.warms, 1 if is_heavy else 1 + WARM_EACH * width)
        if count > 1:
            more = Requests(requests.all[1:count], is_spent=True)
            self.slice(more, page.expects, seconds=60.0)
        if not requests.is_spent:
            return requests, is_heavy
        return Requests(requests.all[count:], is_spent=True), is_heavy

    def _heavy(self, page: Page, requests: Requests) -> dict[str, Any]:
        """A page of seconds: two rounds of one request to each process, so that a run ends."""
        floor, expected = self.floors[page.floor], floor_expects(page.floor)
        seconds, width = self.options.seconds, self.server.processes
        found, alone = [], []
        for _ in range(2):
            bare_slice = self.slice(self.bare, 200, seconds=seconds / 4, connections=width)
            floor_slice = self.slice(floor, expected, seconds=seconds / 2, connections=width)
            few = Requests(requests.take(0.1)[:width], is_spent=True)
            page_slice = self.slice(few, page.expects, seconds=seconds, connections=width)
            found.append((bare_slice, floor_slice, page_slice))
            alone.append((undisturbed(floor_slice.heard), undisturbed(page_slice.heard)))
        return figures(found, alone) | {"memory_mb": self._memory(), "is_heavy": True}

    def _memory(self) -> float:
        """What the largest web process holds by now, in MB."""
        return max(machine.memory(pid)["rss"] for pid in self._web())


def figures(
    found: Sequence[tuple[Slice, Slice, Slice]], alone: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """What follows from rounds of bare route, floor and page, and from each of them alone."""
    pages = [page for _, _, page in found]
    times = sorted(time for page in pages for time in page.heard.times)
    statements = sorted(count for page in pages for count in page.heard.statements)
    done = sum(len(page.heard.times) for page in pages)
    return {
        "rate": median(page.heard.rate for page in pages),
        "requests": done,
        "median_ms": quantile(times, 0.5) * 1000,
        "p95_ms": quantile(times, 0.95) * 1000,
        "p99_ms": quantile(times, 0.99) * 1000,
        "alone_ms": median(page for _, page in alone) * 1000,
        "web_ms": median(1000 * p.web_seconds / len(p.heard.times) for p in pages),
        "database_ms": median(1000 * p.database_seconds / len(p.heard.times) for p in pages),
        "statements": quantile(statements, 0.5),
        "statements_most": statements[-1],
        "bytes": round(sum(page.heard.bytes for page in pages) / done),
        "floor_rate": median(floor.heard.rate for _, floor, _ in found),
        "bare_rate": median(one.heard.rate for one, _, _ in found),
        # Each a list by rounds: their spread is what noise is judged by.
        "ratios": {
            "bare": [b.heard.rate / p.heard.rate for b, _, p in found],
            "rate": [f.heard.rate / p.heard.rate for _, f, p in found],
            "processor": [p.milliseconds / max(f.milliseconds, 1e-6) for _, f, p in found],
            "alone": [page / floor for floor, page in alone],
        },
    }


def undisturbed(heard: Heard) -> float:
    """What a request takes when nothing else wants the processor: the quickest tenth, in seconds.

    Whatever else the machine does makes requests slower, never quicker.
    """
    return quantile(sorted(heard.times), 0.1)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of an ordered sequence lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(row: Mapping[str, Any], name: str) -> float:
    """The median of a row's ratio over its rounds."""
    return float(median(row["ratios"][name]))
