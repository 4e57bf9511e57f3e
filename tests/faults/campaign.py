"""One campaign: people work, things break, and the book is compared with the tables."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from app import features
from app.kernel import jobs
from app.kernel.database import Base, Database
from tests.faults import processes
from tests.faults.book import DONE, Book, Finding
from tests.faults.comparing import READ, Surroundings, Tables, compare, has_open_jobs
from tests.faults.disk import Disk
from tests.faults.harm import Harm, schedule
from tests.faults.people import (
    Administrator,
    Learner,
    Manager,
    Operator,
    Person,
    Visitor,
    World,
)
from tests.faults.population import populate
from tests.faults.site import Site

LEARNERS = 6
CHECKPOINT_EVERY = 100
CALM_SECONDS = 240
"""How long jobs may take to end once everything is well again."""

PLANTS = ("loss", "double", "amnesia")
SAID = re.compile(r"^(?:[\w.]+\.)?(\w+(?:Error|Exception|Failure|Full|Lost|Unusable)\b.*)$")


@dataclass(frozen=True)
class Wanted:
    """What a campaign is asked for."""

    database: str
    kills: int
    minutes: float
    seed: int
    plant: str = ""


@dataclass
class Result:
    """What came out of a campaign."""

    wanted: Wanted
    kills: int = 0
    killed_processes: int = 0
    seconds: float = 0.0
    calm_seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    acts: dict[str, dict[str, int]] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    site: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def run(wanted: Wanted, kept: Path) -> Result:
    """Run a campaign; its book and logs stay in `kept`."""
    kept.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="faults-"))
    base.chmod(0o755)
    disk = Disk(base / "disk", base / "disk.img")
    disk.make()
    site = Site(kept, disk, wanted.database, plant=wanted.plant)
    disk.used_by(lambda: (*site.everybody(), *_database_processes(site)))
    try:
        return _Campaign(wanted, kept, site).run()
    finally:
        site.stop()
        if site.cluster:
            site.cluster.stop()
        disk.remove()
        shutil.rmtree(base, ignore_errors=True)


def _database_processes(site: Site) -> list[int]:

    master = site.cluster.master() if site.cluster else 0
    return [master, *processes.children(master)] if master else []


class _Campaign:
    def __init__(self, wanted: Wanted, kept: Path, site: Site) -> None:
        self.wanted, self.kept, self.site = wanted, kept, site
        self.book = Book(kept / "book.jsonl")
        self.begun = time.monotonic()
        self.result = Result(wanted)

    def run(self) -> Result:
        tell(f"{self.wanted.database}, seed {self.wanted.seed}, disk: {self.site.disk.kind}")
        if self.site.cluster:
            self.site.cluster.make()
        self.people = populate(self.site, self.kept)
        self.site.listen()
        self.site.start()
        self.world = World(self.site, self.book, self.people, self.wanted.seed)
        self.harm = Harm(self.site, self.book, self.world)
        self.world.excuses = self.harm.excuse
        tell(f"ready after {time.monotonic() - self.begun:.0f} s; people begin")
        threads = [threading.Thread(target=one.run, daemon=True) for one in self._everybody()]
        for thread in threads:
            thread.start()
        try:
            self._break_things()
            self._end(threads)
        finally:
            self.world.gate.end()
        return self._conclude()

    def _everybody(self) -> list[Person]:
        world = self.world
        return [
            *(Learner(world, f"learner {number}") for number in range(1, LEARNERS + 1)),
            Manager(world, "A", self.people.managers[0]),
            Manager(world, "B", self.people.managers[1]),
            Administrator(world, "administrator"),
            Visitor(world, "visitor"),
            Operator(world, "operator"),
        ]

    # Breaking

    def _break_things(self) -> None:
        """Do what the schedule says, as evenly as the time that is left allows."""
        last = self.begun + 60 * self.wanted.minutes - min(300, 15 * self.wanted.minutes)
        planted, next_check, busy = False, CHECKPOINT_EVERY, 0.0
        for fault in schedule(self.wanted.seed, self.wanted.kills, self.wanted.database):
            if time.monotonic() > last or self.harm.kills >= self.wanted.kills:
                break
            left = max(1, self.wanted.kills - self.harm.kills)
            # What a kill takes by itself, until the site is up again, leaves less to wait.
            mean = (last - time.monotonic()) / left - 1.2 * busy / max(1, self.harm.kills)
            time.sleep(fault.gap * max(0.0, mean))
            begun = time.monotonic()
            try:
                self.harm.do(fault)
            except Exception as error:
                self.book.finds("not healed", f"{fault.kind}: {type(error).__name__}: {error}")
                raise
            busy += time.monotonic() - begun
            if self.wanted.plant and not planted and self.harm.kills >= self.wanted.kills / 2:
                planted = self._plant()
            if self.harm.kills >= next_check:
                next_check += CHECKPOINT_EVERY
                begun = time.monotonic()
                self._checkpoint()
                busy += time.monotonic() - begun
        if self.harm.kills < self.wanted.kills:
            missed = f"only {self.harm.kills} of {self.wanted.kills} kills in the time"
            self.book.finds("schedule", missed)

    def _checkpoint(self) -> None:
        """Hold everybody for a moment and compare what must hold even amid faults."""
        if not self.world.gate.shut(120):
            self.book.finds("hung", "somebody is still waiting for an answer after 120 s")
        try:
            self.harm.calm()
            time.sleep(1.5)
            found = self._compare(at_rest=False)
        finally:
            self.world.gate.open()
        minutes = (time.monotonic() - self.begun) / 60
        tell(
            f"{minutes:5.1f} min: {self.harm.kills} kills, {len(self.book.acts)} acts, "
            f"{sum(self.book.reads.values())} pages, {len(found)} findings"
        )

    # Ending

    def _end(self, threads: list[threading.Thread]) -> None:
        if not self.world.gate.shut(150):
            self.book.finds("hung", "somebody is still waiting for an answer after 150 s")
        self.world.gate.end()
        self.harm.calm()
        for thread in threads:
            thread.join(timeout=60)
        calm = time.monotonic()
        while time.monotonic() < calm + CALM_SECONDS and self._unfinished():
            time.sleep(1)
        self.result.calm_seconds = time.monotonic() - calm
        tell(f"all jobs that end had ended {self.result.calm_seconds:.0f} s after the last fault")

    def _unfinished(self) -> bool:
        tables = self._tables(("job", "audit_row", "audit_seal", "attempt"))
        around = Surroundings(now=datetime.now(UTC), periodic=_periodic())
        unsealed = len(tables["audit_row"]) > len(tables["audit_seal"])
        return unsealed or bool(_still_open(tables["attempt"])) or has_open_jobs(tables, around)

    def _conclude(self) -> Result:
        self._compare(at_rest=True)
        self._verify()
        self._listen_back()
        self.book.flush()
        result, book = self.result, self.book
        result.kills, result.killed_processes = self.harm.kills, self.harm.killed_processes
        result.seconds = time.monotonic() - self.begun
        result.faults, result.acts = dict(sorted(book.faults.items())), book.tally()
        result.reads, result.refusals = dict(book.reads), dict(book.refusals.most_common())
        result.findings = book.findings
        result.site = {
            "disk": self.site.disk.kind,
            "starts": self.site.starts,
            "slowest start, seconds": round(self.site.slowest_start, 1),
            "starts refused because the port was still held": self.site.refused_starts,
        }
        result.machine = machine()
        return result

    def _verify(self) -> None:
        """What the product and the database say of themselves."""
        for command in (("certificates", "verify"), ("audit", "verify")):
            done = self.site.run(*command)
            if done.returncode:
                self.book.finds(" ".join(command), (done.stdout + done.stderr).strip()[:500])
        if self.site.is_sqlite:
            with sqlite3.connect(self.site.instance / "app.db") as connection:
                said = connection.execute("PRAGMA integrity_check").fetchall()
                broken = connection.execute("PRAGMA foreign_key_check").fetchall()
            if said != [("ok",)] or broken:
                self.book.finds("integrity_check", f"{said} {broken}")

    def _listen_back(self) -> None:
        """Errors that the server wrote while nothing explains them."""
        said: Counter[str] = Counter()
        for line in list(self.site.lines):
            found = SAID.match(line.text)
            if found is None:
                continue
            text = re.sub(r"\d+", "#", found[1])[:160]
            said[text] += 1
            if not self.harm.excuse(line.at - 2, line.at):
                self.book.finds("server log", text)
        self.result.said = dict(said.most_common(40))

    # Tables

    def _compare(self, *, at_rest: bool) -> list[Finding]:
        found = compare(self.book.acts, self._tables(READ), self._surroundings(at_rest))
        for one in found:
            self.book.finds(one.kind, one.text)
        return found

    def _surroundings(self, at_rest: bool) -> Surroundings:
        stored = self.site.instance / "files"
        letters = (self.site.instance / "mail").glob("*.eml")
        return Surroundings(
            now=datetime.now(UTC),
            people=self.people.known,
            certified_at_once=frozenset({self.people.certified_at_once}),
            files={
                path.name: hashlib.sha256(path.read_bytes()).hexdigest() == path.name
                for path in stored.glob("*/*")
            },
            letters=frozenset(int(path.stem) for path in letters),
            periodic=_periodic(),
            at_rest=at_rest,
        )

    def _tables(self, names: tuple[str, ...]) -> Tables:
        database = Database(self.site.database_url)
        tables: dict[str, list[Any]] = {}
        try:
            with database.unit_of_work(write=False) as session:
                for name in names:
                    found = session.execute(select(Base.metadata.tables[name])).mappings()
                    tables[name] = [dict(row) for row in found]
        finally:
            database.dispose()
        if names is READ:
            self.result.rows = {name: len(rows) for name, rows in tables.items()}
        return tables

    # Planting

    def _plant(self) -> bool:
        """Do behind the product's back what the book must find."""
        if self.wanted.plant == "amnesia":
            return True  # the server was started with it
        finished = Base.metadata.tables["finished_lesson"]
        told = [act for act in self.book.acts if act.kind == "finish" and act.outcome == DONE]
        if not told:
            return False
        database = Database(self.site.database_url)
        try:
            with database.unit_of_work() as session:
                if self.wanted.plant == "loss":
                    session.execute(delete(finished).where(finished.c.uuid == told[0].uuid))
                else:
                    row = session.execute(select(Base.metadata.tables["person"])).mappings().first()
                    assert row is not None
                    again = {key: value for key, value in row.items() if key != "id"}
                    again["staff_code"] += "-2"
                    session.execute(insert(Base.metadata.tables["person"]).values(**again))
        finally:
            database.dispose()
        tell(f"planted: {self.wanted.plant}")
        return True


def _still_open(attempts: Any) -> list[Any]:
    now = datetime.now(UTC)
    return [
        row
        for row in attempts
        if row["closed_at"] is None and row["deadline"] and row["deadline"] < now
    ]


def _periodic() -> frozenset[str]:
    assert features.TASKS  # importing them registers their tasks
    return frozenset(jobs._book.every)


def machine() -> dict[str, Any]:
    """What the campaign ran on."""
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 1),
    }


def tell(line: str) -> None:
    """Say something to whoever waits."""
    print(line, flush=True, file=sys.stderr)
