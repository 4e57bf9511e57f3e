"""Jobs: long work queued in the transaction that caused it, run by worker processes only.

A worker leases a job, and loses it when it stays silent; another then goes on at the last
finished step. So a step may run twice, and must be safe to run twice.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import clock
from app.kernel.database import Base, Database, is_sqlite, session

LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.5
MAX_TRIES = 8
KEEP_FINISHED = timedelta(days=30)
log = logging.getLogger(__name__)


class Job(Base):
    """One piece of queued work. Finished and failed are moments, not flags."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    not_before: Mapped[datetime]
    holder: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    failed_at: Mapped[datetime | None]


class LeaseLost(Exception):
    """Another worker took the job over; this one must stop without a trace."""


@dataclass
class Run:
    """A job being run: its payload, its progress, and the steps it takes."""

    job_id: int
    payload: dict[str, Any]
    cursor: dict[str, Any]
    database: Database
    holder: str
    settings: Any = None
    done: int = 0
    total: int = 0

    @contextmanager
    def step(self) -> Iterator[Session]:
        """One transaction of the job: what it writes and how far it came are kept together.

        Change `cursor`, `done` and `total` inside the block. Raises LeaseLost when another
        worker holds the job by now.
        """
        with self.database.unit_of_work() as current:
            job = current.scalar(
                select(Job).where(Job.id == self.job_id, Job.holder == self.holder)
            )
            if job is None or job.finished_at is not None:
                raise LeaseLost
            yield current
            job.cursor, job.done, job.total = dict(self.cursor), self.done, self.total
            job.lease_until = clock.now() + LEASE


Task = Callable[[Run], None]


@dataclass
class _Book:
    tasks: dict[str, Task] = field(default_factory=dict)
    every: dict[str, timedelta] = field(default_factory=dict)


_book = _Book()


def task(name: str, *, every: timedelta | None = None) -> Callable[[Task], Task]:
    """Register a task under its name; with `every`, workers queue it once a period."""

    def register(function: Task) -> Task:
        _book.tasks[name] = function
        if every is not None:
            _book.every[name] = every
        return function

    return register


def enqueue(
    name: str,
    payload: dict[str, Any] | None = None,
    *,
    key: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Queue a job in the current transaction. `key` names the occasion: twice is once."""
    dialect = sqlite if is_sqlite() else postgresql
    values = {
        "name": name,
        "key": key,
        "payload": payload or {},
        "cursor": {},
        "queued_at": now,
        "not_before": not_before or now,
    }
    session().execute(
        dialect.insert(Job).values(**values).on_conflict_do_nothing(index_elements=["key"])
    )


def find(key: str) -> Job | None:
    """The job of an occasion, to show its progress."""
    return session().scalar(select(Job).where(Job.key == key))


def _open(now: datetime) -> list[ColumnElement[bool]]:
    return [
        Job.finished_at.is_(None),
        Job.failed_at.is_(None),
        Job.not_before <= now,
        or_(Job.lease_until.is_(None), Job.lease_until < now),
    ]


def run_next(database: Database, *, holder: str, settings: Any = None) -> bool:
    """Take one due job and run it; False when nothing is due."""
    now = clock.now()
    with database.unit_of_work(write=False) as current:
        # Looking first keeps an idle worker from taking SQLite's only write lock.
        if current.scalar(select(Job.id).where(*_open(now)).limit(1)) is None:
            return False
    with database.unit_of_work() as current:
        due = select(Job).where(*_open(now)).order_by(Job.id).limit(1)
        job = current.scalar(due.with_for_update(skip_locked=True))
        if job is None:
            return False
        job.holder, job.lease_until, job.tries = holder, now + LEASE, job.tries + 1
        run = Run(
            job.id, job.payload, dict(job.cursor), database, holder, settings, job.done, job.total
        )
        name, tries = job.name, job.tries
    problem = _attempt(name, run)
    if problem is None:
        return True
    with database.unit_of_work() as current:
        job = current.get(Job, run.job_id)
        if job is not None and job.holder == holder:
            job.problem, job.lease_until = problem, None
            if tries >= MAX_TRIES:
                job.failed_at = clock.now()
            else:
                job.not_before = clock.now() + timedelta(seconds=2**tries)
    return True


def _attempt(name: str, run: Run) -> str | None:
    function = _book.tasks.get(name)
    if function is None:
        return f"no task is called {name}"
    stop_beating = threading.Event()
    beat = threading.Thread(target=_beat, args=(run, stop_beating), daemon=True)
    beat.start()
    try:
        function(run)
        with run.step() as current:
            job = current.get_one(Job, run.job_id)
            job.finished_at, job.problem = clock.now(), ""
    except LeaseLost:
        log.warning("job %s was taken over by another worker", run.job_id)
    except Exception as error:
        log.exception("job %s (%s) failed", run.job_id, name)
        return f"{type(error).__name__}: {error}"[:500]
    finally:
        stop_beating.set()
        beat.join()
    return None


def _beat(run: Run, stop: threading.Event) -> None:
    while not stop.wait(LEASE.total_seconds() / 3):
        try:
            with run.database.unit_of_work() as current:
                job = current.get(Job, run.job_id)
                if job is None or job.holder != run.holder:
                    return
                job.lease_until = clock.now() + LEASE
        except Exception:
            log.exception("job %s: the lease could not be extended", run.job_id)


def queue_periodic(database: Database) -> None:
    """Queue what is due by the calendar; any number of workers queue it once."""
    now = clock.now()
    with database.unit_of_work():
        for name, period in _book.every.items():
            window = int(now.timestamp() // period.total_seconds())
            enqueue(name, key=f"{name}:{window}", now=now)


def work(database: Database, stop: threading.Event, *, settings: Any = None) -> None:
    """Run jobs until told to stop. One call a worker process."""
    holder = secrets.token_hex(8)
    next_calendar = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_calendar:
                queue_periodic(database)
                next_calendar = time.monotonic() + 20
            if not run_next(database, holder=holder, settings=settings):
                stop.wait(POLL_SECONDS)
        except Exception:
            # The database may be away for a moment; a worker that dies helps nobody.
            log.exception("the worker could not reach its jobs")
            stop.wait(5)


@task("sweep-jobs", every=timedelta(days=1))
def sweep_finished(run: Run) -> None:
    """Forget jobs that finished a month ago."""
    with run.step() as current:
        limit = clock.now() - KEEP_FINISHED
        current.execute(delete(Job).where(Job.finished_at < limit))
