"""Limits on tries, one count for all processes."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select

from app.kernel import limits
from app.kernel.database import Database
from app.kernel.limits import RateCounter
from tests.world import NOW

WINDOW = timedelta(minutes=15)


def take(database: Database, key: str = "a", *, limit: int = 3, now: object = NOW) -> bool:
    with database.unit_of_work():
        return limits.take(key, limit=limit, window=WINDOW, now=now)  # type: ignore[arg-type]


def test_tries_within_the_limit_are_allowed_and_later_ones_are_not(database: Database):
    assert [take(database) for _ in range(5)] == [True, True, True, False, False]


def test_keys_do_not_share_a_count(database: Database):
    assert all(take(database, key) for key in "abcde")


def test_a_new_window_begins_anew(database: Database):
    assert not [take(database) for _ in range(4)][-1]
    assert take(database, now=NOW + WINDOW)


def test_a_success_forgives_a_try_or_all_of_them(database: Database):
    for _ in range(3):
        take(database)
    with database.unit_of_work():
        limits.give_back("a", window=WINDOW, now=NOW)
    assert [take(database), take(database)] == [True, False]
    with database.unit_of_work():
        limits.forgive("a")
    assert take(database)


def test_nothing_is_given_back_that_was_not_taken(database: Database):
    with database.unit_of_work() as current:
        limits.give_back("a", window=WINDOW, now=NOW)
        assert current.scalars(select(RateCounter)).all() == []


def test_of_many_at_once_no_more_than_the_limit_pass(database: Database):
    passed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: passed.append(take(database, limit=5))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 7 + [True] * 5


def test_old_counts_are_swept_away(database: Database):
    take(database)
    take(database, now=NOW + timedelta(days=2))
    with database.unit_of_work() as current:
        limits.sweep(now=NOW + timedelta(days=2))
        assert len(current.scalars(select(RateCounter)).all()) == 1
