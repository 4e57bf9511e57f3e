"""When an attempt may start, what it draws, what may be seen of it: tables of values."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.assessment import rules

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def past(*closed, passed=False):
    return [rules.PastAttempt(moment, passed) for moment in closed]


def test_a_first_attempt_may_always_start():
    rules.check_start([], attempts=1, wait_hours=24, now=NOON)


def test_a_passed_quiz_is_not_taken_again_even_with_attempts_left():
    with pytest.raises(rules.AlreadyPassed):
        rules.check_start(past(NOON, passed=True), attempts=3, wait_hours=0, now=NOON)


def test_attempts_run_out():
    with pytest.raises(rules.NoAttemptsLeft):
        rules.check_start(past(NOON, NOON), attempts=2, wait_hours=0, now=NOON)
    rules.check_start(past(NOON, NOON), attempts=None, wait_hours=0, now=NOON)


def test_the_pause_counts_from_the_last_closed_attempt_and_says_when_it_ends():
    tried = past(NOON - 30 * HOUR, NOON - 11 * HOUR)
    with pytest.raises(rules.AttemptTooSoon, match="13:00 23/11/2026"):
        rules.check_start(tried, attempts=5, wait_hours=12, now=NOON)
    rules.check_start(tried, attempts=5, wait_hours=12, now=NOON + HOUR)


@pytest.mark.parametrize(("used", "allowed", "left"), [(0, 3, 3), (4, 3, 0), (7, None, None)])
def test_attempts_left_are_counted(used, allowed, left):
    assert rules.attempts_left(used, allowed) == left


BANK = [
    rules.BankQuestion(1, "a", "easy", ("x",)),
    rules.BankQuestion(2, "a", "hard", ("x", "y")),
    rules.BankQuestion(3, "a", "", ()),
    rules.BankQuestion(4, "b", "easy", ()),
    rules.BankQuestion(5, "b", "easy", ()),
]


@pytest.mark.parametrize(
    ("wanted", "pools"),
    [
        ([{"from": "a", "count": 2}], [{1, 2, 3}, {1, 2, 3}]),
        ([{"from": "a", "count": 1, "tags": ["x", "y"]}], [{2}]),
        ([{"from": "a", "count": 1, "difficulty": "easy"}], [{1}]),
        ([{"from": "a", "count": 1, "difficulty": None, "tags": []}], [{1, 2, 3}]),
        ([{"from": "b", "count": 1}, {"from": "a", "count": 1}], [{4, 5}, {1, 2, 3}]),
    ],
)
def test_a_draw_takes_its_count_from_its_topic_tags_and_difficulty(wanted, pools):
    for seed in range(20):
        drawn = rules.draw(wanted, BANK, random.Random(seed))
        assert len(drawn) == len(pools) == len(set(drawn))
        assert all(question in pool for question, pool in zip(drawn, pools, strict=True))


def test_no_question_is_drawn_twice_by_two_draws_of_one_topic():
    for seed in range(20):
        drawn = rules.draw(
            [{"from": "a", "count": 1, "tags": ["x"]}, {"from": "a", "count": 1}],
            BANK,
            random.Random(seed),
        )
        assert len(set(drawn)) == 2


def test_draws_go_in_the_order_of_the_course_file():
    """The check of a course promises enough questions in that order, and in no other."""
    narrow = {"from": "a", "count": 1, "tags": ["y"]}
    with pytest.raises(rules.BankTooSmall):
        rules.draw([{"from": "a", "count": 3}, narrow], BANK, random.Random(1))
    assert rules.draw([narrow, {"from": "a", "count": 2}], BANK, random.Random(1))[0] == 2


@pytest.mark.parametrize(
    ("points", "most", "percent"),
    [
        ([1, 0], [1, 1], 50.0),
        ([1, 0.9992], [2, 2], 49.9),
        ([0.3333, 0.3333, 0.3333], [1, 1, 1], 33.3),
        ([0.1, 0.2], [0.3, 0.3], 50.0),
        ([1, 1, 1], [1, 1, 1], 100.0),
        ([], [], 0.0),
    ],
)
def test_a_score_is_rounded_down_so_that_nothing_passes_by_rounding(points, most, percent):
    assert rules.percent(points, most) == percent


@pytest.mark.parametrize(
    ("after", "is_over"),
    [(timedelta(0), False), (timedelta(seconds=15), False), (timedelta(seconds=16), True)],
)
def test_a_slow_line_has_fifteen_seconds_of_grace(after, is_over):
    assert rules.is_over(NOON, now=NOON + after) == is_over
    assert not rules.is_over(None, now=NOON + after)


@pytest.mark.parametrize(
    ("policy", "passed", "again", "may"),
    [
        ("after-submit", False, True, True),
        ("after-pass", False, True, False),
        ("after-pass", True, False, True),
        ("after-pass", False, False, True),
        ("never", True, False, False),
        ("after-close", True, False, False),
    ],
)
def test_the_course_says_when_right_answers_may_be_seen(policy, passed, again, may):
    assert rules.may_review(policy, has_passed=passed, can_try_again=again) == may


@pytest.mark.parametrize(
    ("values", "saved_after_shown", "saved_by", "device", "replaces"),
    [
        (["a"], False, "", "", True),
        ([], False, "may-1", "may-1", False),
        (["  "], True, "may-1", "may-1", False),
        (["a"], True, "may-1", "may-1", True),
        (["a"], True, "may-2", "may-1", False),
        (["a"], False, "may-2", "may-1", True),
        (["a"], True, "", "", True),
    ],
)
def test_a_page_left_open_elsewhere_takes_nothing_away_when_it_is_submitted(
    values, saved_after_shown, saved_by, device, replaces
):
    saved_at = NOON + HOUR if saved_after_shown else NOON - HOUR
    assert (
        rules.replaces(values, saved_at=saved_at, saved_by=saved_by, shown_at=NOON, device=device)
        == replaces
    )
