"""Jobs, with real worker processes that are stopped, frozen and killed.

This file is also the worker: `python -m tests.kernel.test_jobs ADDRESS LEASE` runs the tasks
that stand at its beginning.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select, update

from app.kernel import clock, jobs
from app.kernel.database import Database, session
from app.kernel.jobs import Job, Run

ROOT = Path(__file__).resolve().parents[2]
NO_TIME = timedelta(0)

written = Table(
    "written_by_jobs",
    MetaData(),  # not the product's: its schema is compared with the migrations
    Column("id", Integer, primary_key=True),
    Column("job", String),
    Column("part", Integer),
    Column("worker", Integer),
)


def write(job: str, part: int) -> None:
    values = {"job": job, "part": part, "worker": os.getpid()}
    session().execute(written.insert().values(**values))


def wait_until(happened: Callable[[], Any]) -> Any:
    """Wait for what must happen; the limit only ends a test that would hang."""
    limit = time.monotonic() + 120
    while not (answer := happened()):
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.02)
    return answer


# The tasks


def wait_for_word(run: Run, place: str) -> None:
    """Tell the test that we are here, and wait until it says `go`."""
    folder = Path(run.payload["folder"])
    (folder / place).touch()
    wait_until((folder / "go").exists)


@jobs.task("test-write-once")
def write_once(run: Run) -> None:
    with run.step():
        write(run.payload["name"], 0)


@jobs.task("test-write-three")
def write_three(run: Run) -> None:
    """Three steps; waits where the payload says: inside the second, or before it."""
    run.total = 3
    for part in range(run.cursor.get("next", 0), 3):
        if part == 1 and run.payload["wait"] == "between":
            wait_for_word(run, "waiting")
        with run.step():
            write(run.payload["name"], part)
            run.cursor["next"] = run.done = part + 1
            if part == 1 and run.payload["wait"] == "inside":
                wait_for_word(run, "waiting")


# Fixtures


@pytest.fixture(autouse=True)
def table(database: Database) -> None:
    with database.unit_of_work() as current:
        written.create(current.connection())


@pytest.fixture
def task() -> Iterator[Callable[..., Any]]:
    """Register tasks for one test only."""
    tasks, every = dict(jobs._book.tasks), dict(jobs._book.every)
    yield jobs.task
    jobs._book.tasks, jobs._book.every = tasks, every


@pytest.fixture
def worker(database: Database) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start worker processes; whatever is left of them is killed at the end."""
    started = []

    def start(lease: float = 30) -> subprocess.Popen[bytes]:
        address = database.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.kernel.test_jobs", address, str(lease)]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def queue(database: Database) -> Callable[..., None]:
    """Queue a job in a transaction of its own, under its task's name unless told otherwise."""

    def put(name: str, payload: dict[str, Any] | None = None, *, key: str = "") -> None:
        with database.unit_of_work():
            jobs.enqueue(name, payload, key=key or name, now=clock.now())

    return put


@pytest.fixture
def job(database: Database) -> Callable[[str], Job]:
    """The job of a key as it stands now."""

    def read(key: str) -> Job:
        with database.unit_of_work(write=False):
            found = jobs.find(key)
        assert found is not None
        return found

    return read


@pytest.fixture
def change(database: Database) -> Callable[..., None]:
    """Put a job into a state that would take long to come about."""

    def set_values(key: str, **values: Any) -> None:
        with database.unit_of_work() as current:
            current.execute(update(Job).where(Job.key == key).values(**values))

    return set_values


def parts(database: Database) -> list[tuple[str, int]]:
    """What jobs wrote, in order."""
    with database.unit_of_work(write=False) as current:
        found = current.execute(select(written.c.job, written.c.part).order_by(written.c.id))
        return [(name, part) for name, part in found]


def writers(database: Database) -> list[int]:
    """Which process wrote each part."""
    with database.unit_of_work(write=False) as current:
        return list(current.scalars(select(written.c.worker).order_by(written.c.id)))


THREE = [("x", 0), ("x", 1), ("x", 2)]
PAST = clock.now() - timedelta(days=1)


def run(database: Database, holder: str = "a", **others: Any) -> bool:
    return jobs.run_next(database, holder=holder, **others)


# Queueing


def test_a_job_queued_in_a_transaction_that_rolls_back_does_not_exist(database):
    with database.unit_of_work() as current:
        jobs.enqueue("test-write-once", {"name": "x"}, key="x", now=clock.now())
        current.rollback()
    assert not run(database)
    assert parts(database) == []


def test_the_same_occasion_queued_twice_is_one_job(database, queue):
    queue("test-write-once", {"name": "first"}, key="occasion")
    queue("test-write-once", {"name": "second"}, key="occasion")
    assert run(database)
    assert not run(database)
    queue("test-write-once", {"name": "after the end"}, key="occasion")
    assert not run(database)
    assert parts(database) == [("first", 0)]


def test_a_job_waits_for_its_moment(database, change):
    tomorrow = clock.now() + timedelta(days=1)
    with database.unit_of_work():
        jobs.enqueue(
            "test-write-once", {"name": "x"}, key="x", now=clock.now(), not_before=tomorrow
        )
    assert not run(database)
    change("x", not_before=PAST)
    assert run(database)


def test_jobs_run_in_the_order_in_which_they_were_queued(database, queue):
    for name in ("a", "b", "c"):
        queue("test-write-once", {"name": name}, key=name)
    while run(database):
        pass
    assert parts(database) == [("a", 0), ("b", 0), ("c", 0)]


def test_a_worker_with_nothing_to_do_needs_no_write_lock(database):
    jobs.queue_periodic(database)
    while run(database):
        pass
    with database.unit_of_work() as holding_the_lock:
        assert not run(database)
        jobs.queue_periodic(database)
        assert holding_the_lock.in_transaction()


# Steps and progress


def test_progress_can_be_seen_while_a_job_runs(database, queue, job, worker, tmp_path):
    queue("test-write-three", {"name": "x", "wait": "between", "folder": str(tmp_path)}, key="x")
    worker()
    wait_until((tmp_path / "waiting").exists)
    seen = job("x")
    assert (seen.done, seen.total, seen.finished_at) == (1, 3, None)
    (tmp_path / "go").touch()
    wait_until(lambda: job("x").finished_at)
    assert job("x").done == 3


def test_a_step_that_fails_leaves_neither_rows_nor_progress(database, queue, job, task):
    seen = {}

    @task("test-fails-in-a-step")
    def fails(run: Run) -> None:
        with run.step():
            run.cursor["list"] = [1]
            run.done = 1
        try:
            with run.step():
                write("x", 1)
                run.cursor["list"].append(2)
                run.done = 2
                raise ValueError("no")
        finally:
            seen.update(cursor=run.cursor, done=run.done)

    queue("test-fails-in-a-step")
    run(database)
    assert parts(database) == []
    kept = job("test-fails-in-a-step")
    assert (kept.cursor, kept.done) == ({"list": [1]}, 1)
    assert seen == {"cursor": {"list": [1]}, "done": 1}
    assert kept.problem == "ValueError: no"


def test_a_job_that_fails_after_its_last_step_does_not_do_its_steps_again(
    database, queue, job, change, task
):
    problems = [OSError("the disk is full")]

    @task("test-fails-at-the-end")
    def fails(run: Run) -> None:
        write_three(run)
        if problems:
            raise problems.pop()

    queue("test-fails-at-the-end", {"name": "x", "wait": ""})
    run(database)
    assert job("test-fails-at-the-end").finished_at is None
    change("test-fails-at-the-end", not_before=PAST)
    run(database)
    ended = job("test-fails-at-the-end")
    assert ended.finished_at is not None
    assert ended.problem == ""
    assert parts(database) == THREE


# Failure


def test_a_failed_job_waits_longer_each_time_and_is_given_up_in_the_end(
    database, queue, job, change, task
):
    @task("test-always-fails")
    def fails(run: Run) -> None:
        raise LookupError(run.payload["word"])

    queue("test-always-fails", {})  # a poisoned payload: it has no word
    pauses = []
    for _ in range(jobs.MAX_TRIES):
        before = clock.now()
        assert run(database)
        assert not run(database)
        pauses.append(job("test-always-fails").not_before - before)
        change("test-always-fails", not_before=PAST)
    assert pauses[:5] == sorted(pauses[:5])
    assert pauses[0] < jobs.LONGEST_PAUSE / 100 < jobs.LONGEST_PAUSE / 2 < pauses[6]
    ended = job("test-always-fails")
    assert ended.failed_at is not None
    assert ended.problem == "KeyError: 'word'"
    assert not run(database)


def test_a_job_that_comes_forward_each_time_is_not_given_up(database, queue, job, change, task):
    @task("test-one-step-a-life")
    def one_step(run: Run) -> None:
        with run.step():
            run.cursor["next"] = run.cursor.get("next", 0) + 1
        if run.cursor["next"] < jobs.MAX_TRIES * 2:
            raise ConnectionError

    queue("test-one-step-a-life")
    for _ in range(jobs.MAX_TRIES * 2):
        run(database)
        change("test-one-step-a-life", not_before=PAST)
    assert job("test-one-step-a-life").finished_at is not None


def test_a_problem_that_no_database_can_write_is_still_noted(
    database, queue, job, task, monkeypatch
):
    # The log would hand the same words to the test runner, which cannot write them either.
    monkeypatch.setattr(jobs.log, "disabled", True)

    @task("test-bad-words")
    def fails(run: Run) -> None:
        raise ValueError("a\0b \udcff " + "c" * 5000)

    queue("test-bad-words")
    run(database)
    noted = job("test-bad-words")
    assert noted.problem.startswith("ValueError: ab ? ccc")
    assert noted.lease_until is None


def test_a_job_that_kills_its_workers_is_given_up(database, queue, job, change):
    queue("test-write-once", {"name": "x"}, key="x")
    change("x", tries=jobs.MAX_TRIES, holder="dead", lease_until=PAST)
    assert run(database)
    assert job("x").failed_at is not None
    assert job("x").problem != ""
    assert not run(database)
    assert parts(database) == []


def test_a_task_that_this_release_does_not_know_is_left_to_a_newer_worker(
    database, queue, job, task
):
    queue("test-of-tomorrow", {"name": "x"})
    assert not run(database)
    assert job("test-of-tomorrow").tries == 0
    task("test-of-tomorrow")(write_once)
    assert run(database)
    assert parts(database) == [("x", 0)]


# Several workers


def test_a_worker_killed_in_mid_step_leaves_its_job_to_another(
    database, queue, job, worker, tmp_path
):
    queue("test-write-three", {"name": "x", "wait": "inside", "folder": str(tmp_path)}, key="x")
    killed = worker(lease=1)
    wait_until((tmp_path / "waiting").exists)
    killed.kill()
    killed.wait()
    assert parts(database) == [("x", 0)]
    (tmp_path / "go").touch()
    worker(lease=1), worker(lease=1)
    wait_until(lambda: job("x").finished_at)
    assert parts(database) == THREE
    first, *others = writers(database)
    assert first == killed.pid not in others


def test_a_frozen_worker_that_wakes_after_its_lease_writes_nothing(
    database, queue, job, worker, tmp_path
):
    queue("test-write-three", {"name": "x", "wait": "between", "folder": str(tmp_path)}, key="x")
    frozen = worker(lease=1)
    wait_until((tmp_path / "waiting").exists)
    frozen.send_signal(signal.SIGSTOP)
    (tmp_path / "go").touch()
    worker(lease=1)
    wait_until(lambda: job("x").finished_at)
    frozen.send_signal(signal.SIGCONT)
    queue("test-write-once", {"name": "later"}, key="later")
    wait_until(lambda: job("later").finished_at)
    frozen.send_signal(signal.SIGTERM)
    assert frozen.wait() == 0
    assert parts(database) == [*THREE, ("later", 0)]


def test_a_worker_that_lives_keeps_extending_its_lease(database, queue, job, worker, tmp_path):
    queue("test-write-three", {"name": "x", "wait": "between", "folder": str(tmp_path)}, key="x")
    worker(lease=3)
    wait_until((tmp_path / "waiting").exists)
    first = job("x").lease_until
    wait_until(lambda: job("x").lease_until > first + timedelta(seconds=3))
    assert job("x").tries == 1
    (tmp_path / "go").touch()
    wait_until(lambda: job("x").finished_at)


def test_a_step_after_the_lease_was_lost_writes_nothing(database, queue, job, task):
    lost = []

    @task("test-is-robbed")
    def robbed(run: Run) -> None:
        with database.unit_of_work() as current:
            current.execute(update(Job).values(holder="b"))
        try:
            with run.step():
                write("x", 0)
        except jobs.LeaseLost:
            lost.append(True)
            raise

    queue("test-is-robbed")
    run(database)
    assert lost
    assert parts(database) == []
    other = job("test-is-robbed")
    assert (other.holder, other.finished_at, other.problem) == ("b", None, "")


def test_a_failure_after_the_lease_was_lost_is_not_noted(database, queue, job, task):
    @task("test-is-robbed")
    def robbed(run: Run) -> None:
        with database.unit_of_work() as current:
            current.execute(update(Job).values(holder="b"))
        raise ValueError

    queue("test-is-robbed")
    run(database)
    other = job("test-is-robbed")
    assert (other.holder, other.problem) == ("b", "")
    assert other.lease_until is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nobody_takes_a_job_over_in_the_middle_of_a_step(database, queue, task):
    # On SQLite a step has the only write lock.
    taken = []

    @task("test-long-step")
    def long_step(run: Run) -> None:
        with run.step():
            rival = threading.Thread(
                target=lambda: taken.append(jobs.run_next(database, holder="b", lease=NO_TIME))
            )
            rival.start()
            rival.join()
            write("x", 0)

    queue("test-long-step")
    run(database, lease=NO_TIME)
    assert taken == [False]
    assert parts(database) == [("x", 0)]


def test_workers_that_race_run_every_job_once(database, queue, worker):
    names = [f"{number:02}" for number in range(12)]
    for name in names:
        queue("test-write-once", {"name": name}, key=name)
    worker(), worker()
    unfinished = select(func.count()).where(Job.finished_at.is_(None), Job.key.in_(names))

    def all_finished() -> bool:
        with database.unit_of_work(write=False) as current:
            return current.scalar(unfinished) == 0

    wait_until(all_finished)
    assert sorted(parts(database)) == [(name, 0) for name in names]


def test_a_worker_told_to_stop_ends_after_its_step_and_hands_the_job_on(
    database, queue, job, worker, tmp_path
):
    queue("test-write-three", {"name": "x", "wait": "inside", "folder": str(tmp_path)}, key="x")
    stopped = worker()
    wait_until((tmp_path / "waiting").exists)
    stopped.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    assert stopped.wait() == 0
    assert parts(database) == THREE[:2]
    left = job("x")
    assert (left.holder, left.lease_until, left.tries, left.done) == ("", None, 0, 2)
    assert run(database)
    assert parts(database) == THREE


def test_a_lease_from_a_clock_that_was_set_back_holds_nobody_up(database, queue, job, change):
    queue("test-write-once", {"name": "x"}, key="x")
    change("x", holder="dead", lease_until=clock.now() + timedelta(seconds=20))
    assert not run(database)
    change("x", holder="dead", lease_until=clock.now() + timedelta(days=300))
    assert run(database)
    assert parts(database) == [("x", 0)]


# The calendar


def test_a_job_queued_while_the_clock_ran_ahead_is_run_when_it_was_set_back(database, job):
    ahead = clock.now() + timedelta(hours=3)
    with database.unit_of_work():
        jobs.enqueue("test-write-once", {"name": "x"}, key="x", now=ahead)
    assert run(database)
    assert job("x").finished_at is not None


def test_a_pause_told_by_a_clock_that_ran_ahead_ends_when_it_was_set_back(
    database, queue, job, change
):
    queue("test-write-once", {"name": "x"}, key="x")
    change("x", tries=1, not_before=clock.now() + timedelta(days=2))
    assert run(database)
    assert job("x").finished_at is not None


def test_what_is_due_every_period_is_queued_once_by_any_number_of_workers(database, worker):
    def sweeps() -> list[Job]:
        with database.unit_of_work(write=False) as current:
            return list(current.scalars(select(Job).where(Job.name == "sweep-jobs")))

    worker(), worker()
    wait_until(lambda: [one for one in sweeps() if one.finished_at])
    jobs.queue_periodic(database)
    assert [one.tries for one in sweeps()] == [1]


def test_a_periodic_task_is_not_queued_beside_itself(database, queue, job, change, task):
    @task("test-every-hour", every=timedelta(hours=1))
    def hourly(run: Run) -> None:
        raise ValueError

    def count() -> int:
        with database.unit_of_work(write=False) as current:
            found = current.scalar(select(func.count()).where(Job.name == "test-every-hour"))
            assert found is not None
            return found

    queue("test-every-hour", key="test-every-hour:of-the-hour-before")
    jobs.queue_periodic(database)
    assert count() == 1
    change("test-every-hour:of-the-hour-before", failed_at=clock.now())
    jobs.queue_periodic(database)
    jobs.queue_periodic(database)
    assert count() == 2


def test_old_jobs_are_forgotten_and_others_kept(database, queue, change, task):
    task("test-weekly", every=timedelta(days=7))(write_once)
    now = clock.now()
    for key, name, ago in (
        ("done lately", "test-write-once", timedelta(days=29)),
        ("done long ago", "test-write-once", timedelta(days=31)),
        ("weekly of this week", "test-weekly", timedelta(days=6)),
        ("weekly of last month", "test-weekly", timedelta(days=15)),
    ):
        queue(name, key=key)
        change(key, finished_at=now - ago)
    queue("test-write-once", key="given up long ago")
    change("given up long ago", failed_at=now - timedelta(days=31))
    queue("not for this worker", key="open for long")
    change("open for long", queued_at=now - timedelta(days=90))
    queue("sweep-jobs")
    run(database)
    with database.unit_of_work(write=False) as current:
        kept = set(current.scalars(select(Job.key)))
    assert kept == {"done lately", "weekly of this week", "open for long", "sweep-jobs"}


if __name__ == "__main__":
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    jobs.work(Database(sys.argv[1]), stop, lease=timedelta(seconds=float(sys.argv[2])))
