"""Moments, and units of work: what is kept, what is not, who waits for whom."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError, StatementError

from app.kernel.database import Database, serialize
from app.kernel.limits import RateCounter

NOW = datetime(2026, 11, 23, 2, 0, 0, 123456, tzinfo=UTC)


def add(current: object, key: str, moment: datetime = NOW) -> None:
    current.add(RateCounter(key=key, window_start=moment, tries=1))  # type: ignore[attr-defined]


def kept(database: Database) -> list[str]:
    with database.unit_of_work(write=False) as current:
        return list(current.scalars(select(RateCounter.key).order_by(RateCounter.key)))


def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database):
    hanoi = NOW.astimezone(timezone(timedelta(hours=7)))
    with database.unit_of_work() as current:
        add(current, "a", hanoi)
    with database.unit_of_work(write=False) as current:
        read = current.scalars(select(RateCounter.window_start)).one()
    assert read == NOW
    assert read.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(database: Database):
    with pytest.raises(StatementError, match="without a zone"), database.unit_of_work() as current:
        add(current, "a", NOW.replace(tzinfo=None))


def test_a_unit_of_work_keeps_all_or_nothing(database: Database):
    with database.unit_of_work() as current:
        add(current, "kept")

    def fail() -> None:
        with database.unit_of_work() as current:
            add(current, "lost")
            current.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert kept(database) == ["kept"]


def test_a_reading_unit_of_work_keeps_nothing(database: Database):
    with database.unit_of_work(write=False) as current:
        add(current, "lost")
        current.flush()
    assert kept(database) == []


def test_a_reader_goes_on_while_somebody_writes(database: Database):
    with database.unit_of_work() as writer:
        add(writer, "a")
        writer.flush()
        assert kept(database) == []
    assert kept(database) == ["a"]


def test_on_sqlite_a_writer_has_the_lock_before_its_first_read(database: Database):
    if not database.is_sqlite:
        with database.unit_of_work(), database.unit_of_work():
            return
    begun: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        begun.append(statement)

    other = Database(str(database.url))
    with other.engine.connect() as second, database.unit_of_work():
        second.rollback()
        second.connection.driver_connection.execute("PRAGMA busy_timeout=0")  # type: ignore[union-attr]
        with pytest.raises(OperationalError, match="locked"):
            second.exec_driver_sql("SELECT 1")
    other.dispose()
    with database.unit_of_work(write=False):
        pass
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


def test_what_is_serialized_happens_one_after_the_other(database: Database):
    order: list[str] = []
    holding, tried = threading.Event(), threading.Event()

    def second() -> None:
        holding.wait()
        tried.set()
        with database.unit_of_work():
            serialize("chung")
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with database.unit_of_work():
        serialize("chung")
        holding.set()
        tried.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_on_sqlite_the_writers_of_a_process_take_turns_and_nobody_is_turned_away(
    database: Database,
):
    """The database itself lets whoever comes next go first; some waited until they gave up."""
    if not database.is_sqlite:
        return

    @event.listens_for(database.engine, "checkout")
    def impatient(connection: Any, *_rest: Any) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    together = threading.Barrier(6)

    def write(number: int) -> None:
        together.wait()
        for turn in range(5):
            with database.unit_of_work() as current:
                add(current, f"{number}:{turn}")
                if turn == number % 5:
                    current.rollback()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(write, number) for number in range(6)]:
            done.result()
    assert len(kept(database)) == 24


def test_on_sqlite_a_turn_ends_with_a_failure_too(database: Database):
    for _again in range(2):
        with pytest.raises(StatementError), database.unit_of_work() as current:
            add(current, "a", NOW.replace(tzinfo=None))
    with database.unit_of_work() as current:
        add(current, "b")
    assert kept(database) == ["b"]
