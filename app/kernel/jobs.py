"""Jobs: long work queued in the transaction that caused it, run by worker processes only.

A worker leases a job and loses it when it stays silent; another then goes on at the last
finished step. What a step writes happens once; what it does outside the database may happen
twice, and must be safe to do twice. Why this is our own: docs/building/decisions/jobs.md.
"""

from __future__ import annotations

import copy
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import clock
from app.kernel.database import Base, Database, is_sqlite, session

LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.5
CALENDAR_SECONDS = 20
MAX_TRIES = 12
LONGEST_PAUSE = timedelta(hours=1)
KEEP_FINISHED = timedelta(days=30)
KEEP_PERIODIC = timedelta(days=1)
ROOM_FOR_OTHERS = 0.004
"""Seconds after a transaction on SQLite: whoever waits for its only lock polls for it."""

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


class Stopping(Exception):
    """The worker was told to stop; the job goes on elsewhere at its next step."""


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
    lease: timedelta = LEASE
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def step(self) -> Iterator[Session]:
        """One transaction of the job: what it writes and how far it came are kept together.

        Change `cursor`, `done` and `total` inside the block; an exception puts them back.
        Keep it short, for on SQLite nobody else writes meanwhile, and never inside another.
        Raises LeaseLost when another worker holds the job by now, and Stopping after the step
        when this worker is to end.
        """
        before = copy.deepcopy(self.cursor), self.done, self.total
        try:
            with self.database.unit_of_work() as current:
                job = _held(current, self)
                yield current
                if job.cursor != self.cursor:
                    job.tries = 1  # whoever comes forward is not stuck
                job.cursor, job.done, job.total = copy.deepcopy(self.cursor), self.done, self.total
                job.lease_until = _now(current) + self.lease
        except BaseException:
            self.cursor, self.done, self.total = before
            raise
        _leave_room(self.database)
        if self.stop.is_set() and job.finished_at is None:
            raise Stopping


Task = Callable[[Run], None]
Aside = Callable[[Database], None]


@dataclass
class _Book:
    tasks: dict[str, Task] = field(default_factory=dict)
    every: dict[str, timedelta] = field(default_factory=dict)
    asides: dict[Aside, float] = field(default_factory=dict)


_book = _Book()


def task(name: str, *, every: timedelta | None = None) -> Callable[[Task], Task]:
    """Register a task under its name; with `every`, workers queue it once a period.

    A periodic task never runs beside itself: while one is open, no other is queued.
    """

    def register(function: Task) -> Task:
        _book.tasks[name] = function
        if every is not None:
            _book.every[name] = every
        return function

    return register


def beside(*, every: float) -> Callable[[Aside], Aside]:
    """Register something short that every worker does each so many seconds, beside its jobs.

    For what must not wait until a long job ends. Several workers may do it at once.
    """

    def register(function: Aside) -> Aside:
        _book.asides[function] = every
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


def try_again(key: str, *, now: datetime) -> None:
    """Let a job that failed, or waits after a failure, be tried at once, as often as at first."""
    session().execute(
        update(Job)
        .where(
            Job.key == key,
            Job.finished_at.is_(None),
            or_(Job.failed_at.is_not(None), Job.lease_until.is_(None)),
        )
        .values(failed_at=None, lease_until=None, tries=0, not_before=now)
    )


def run_next(
    database: Database,
    *,
    holder: str,
    settings: Any = None,
    lease: timedelta = LEASE,
    stop: threading.Event | None = None,
) -> bool:
    """Take one due job and run it; False when nothing is due."""
    with database.unit_of_work(write=False) as current:
        # Looking first keeps an idle worker from taking SQLite's only write lock.
        if current.scalar(select(Job.id).where(*_due(_now(current), lease)).limit(1)) is None:
            return False
    run, name = None, ""
    with database.unit_of_work() as current:
        now = _now(current)
        due = select(Job).where(*_due(now, lease)).order_by(Job.id).limit(1)
        job = current.scalar(due.with_for_update(skip_locked=True))
        if job is None:
            return False
        if job.tries >= MAX_TRIES:
            # Its workers died without a word each time; one more would die too.
            job.failed_at, job.problem = now, job.problem or "every worker that ran it died"
            log.error("job %s (%s) was given up: %s", job.id, job.name, job.problem)
            return True
        job.holder, job.lease_until, job.tries = holder, now + lease, job.tries + 1
        name = job.name
        run = Run(
            job_id=job.id,
            payload=job.payload,
            cursor=copy.deepcopy(job.cursor),
            database=database,
            holder=holder,
            settings=settings,
            done=job.done,
            total=job.total,
            lease=lease,
            stop=stop or threading.Event(),
        )
    with _beating(run):
        _attempt(name, run)
    _leave_room(database)
    return True


def _now(current: Session) -> datetime:
    """The database's clock where there is one, so that workers' own clocks may differ."""
    if is_sqlite():
        return clock.now()
    return current.execute(select(func.clock_timestamp())).scalar_one()


def _open() -> ColumnElement[bool]:
    return and_(Job.finished_at.is_(None), Job.failed_at.is_(None))


def _due(now: datetime, lease: timedelta) -> list[ColumnElement[bool]]:
    free = or_(
        Job.lease_until.is_(None),
        Job.lease_until < now,
        Job.lease_until > now + 2 * lease,  # the clock went back; nobody leases for so long
    )
    due = or_(
        Job.not_before <= now,
        # The clock had run ahead when it was queued, or when it was told to wait after a failure:
        # it would wait until that moment comes again, and keep its periodic task from the rest.
        Job.queued_at > now + lease,
        and_(Job.tries > 0, Job.not_before > now + 2 * LONGEST_PAUSE),
    )
    # A worker of an older release leaves tasks that it does not know to the newer ones.
    return [_open(), Job.name.in_(_book.tasks), due, free]


def _held(current: Session, run: Run) -> Job:
    """The job, locked until the transaction ends. Raises LeaseLost unless this worker has it."""
    held = select(Job).where(Job.id == run.job_id, Job.holder == run.holder, _open())
    job = current.scalar(held.with_for_update())
    if job is None:
        raise LeaseLost
    return job


def _attempt(name: str, run: Run) -> None:
    try:
        try:
            _book.tasks[name](run)
            with run.step() as current:
                job = current.get_one(Job, run.job_id)
                job.finished_at, job.problem = _now(current), ""
        except Stopping:
            with run.database.unit_of_work() as current:
                job = _held(current, run)
                job.holder, job.lease_until, job.tries = "", None, job.tries - 1
        except LeaseLost:
            raise
        except Exception as error:
            log.exception("job %s (%s) failed", run.job_id, name)
            with run.database.unit_of_work() as current:
                _note_failure(_held(current, run), error, _now(current))
    except LeaseLost:
        log.warning("job %s (%s) was taken over by another worker", run.job_id, name)


def _note_failure(job: Job, error: Exception, now: datetime) -> None:
    # Neither database keeps lone surrogates, nor PostgreSQL a null character.
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
    job.problem, job.lease_until = text.replace("\0", "")[:500], None
    if job.tries >= MAX_TRIES:
        job.failed_at = now
    else:
        longest = _book.every.get(job.name, LONGEST_PAUSE)
        job.not_before = now + min(timedelta(seconds=4**job.tries), longest, LONGEST_PAUSE)


def _leave_room(database: Database) -> None:
    if database.is_sqlite:
        time.sleep(ROOM_FOR_OTHERS)


@contextmanager
def _beating(run: Run) -> Iterator[None]:
    """Extend the lease of a run while the block lasts."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(run, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(run: Run, ended: threading.Event) -> None:
    mine = update(Job).where(Job.id == run.job_id, Job.holder == run.holder, _open())
    while not ended.wait(run.lease.total_seconds() / 3):
        try:
            with run.database.unit_of_work() as current:
                current.execute(mine.values(lease_until=_now(current) + run.lease))
        except Exception:
            log.exception("job %s: the lease could not be extended", run.job_id)


def queue_periodic(database: Database) -> None:
    """Queue what is due by the calendar; any number of workers queue it once."""
    now = clock.now()
    keys = {
        name: f"{name}:{int(now.timestamp() // period.total_seconds())}"
        for name, period in _book.every.items()
    }
    with database.unit_of_work(write=False) as current:
        known = select(Job.name).where(Job.name.in_(keys), or_(_open(), Job.key.in_(keys.values())))
        missing = set(keys) - set(current.scalars(known))
    if missing:
        with database.unit_of_work():
            for name in sorted(missing):
                enqueue(name, key=keys[name], now=now)


def work(
    database: Database,
    stop: threading.Event,
    *,
    settings: Any = None,
    lease: timedelta = LEASE,
) -> None:
    """Run jobs until told to stop. One call a worker process."""
    holder = secrets.token_hex(8)
    next_calendar = 0.0
    asides = [
        threading.Thread(target=_aside, args=(aside, every, database, stop), daemon=True)
        for aside, every in _book.asides.items()
    ]
    for thread in asides:
        thread.start()
    while not stop.is_set():
        try:
            if time.monotonic() >= next_calendar:
                queue_periodic(database)
                next_calendar = time.monotonic() + CALENDAR_SECONDS
            if not run_next(database, holder=holder, settings=settings, lease=lease, stop=stop):
                stop.wait(POLL_SECONDS)
        except Exception:
            # The database may be away for a moment; a worker that dies helps nobody.
            log.exception("the worker could not reach its jobs")
            stop.wait(5)
    for thread in asides:
        thread.join()


def _aside(aside: Aside, every: float, database: Database, stop: threading.Event) -> None:
    while not stop.wait(every):
        try:
            aside(database)
        except Exception:
            log.exception("%s failed, and is tried again", aside.__name__)


@task("sweep-jobs", every=timedelta(days=1))
def sweep_finished(run: Run) -> None:
    """Forget jobs that ended a month ago, and periodic ones sooner: they are many."""
    with run.step() as current:
        now = clock.now()
        ended = func.coalesce(Job.finished_at, Job.failed_at, type_=Job.finished_at.type)
        old = [and_(Job.name.not_in(_book.every), ended < now - KEEP_FINISHED)]
        for name, period in _book.every.items():
            # Not within its own window, or it would be queued in it once more.
            old.append(and_(Job.name == name, ended < now - max(KEEP_PERIODIC, 2 * period)))
        current.execute(delete(Job).where(or_(*old)))
