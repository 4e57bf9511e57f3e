"""What completes a course, who may start it, where one goes on: tables of values."""

from __future__ import annotations

from datetime import date

import pytest

from app.learning import rules

KEYS = ["mot", "hai", "ba"]


def a_completion(needed=3, quiz=50, lessons=KEYS):
    return {"lessons": lessons, "lessons_needed": needed, "final_quiz": quiz}


@pytest.mark.parametrize(
    ("completion", "finished", "passed", "open_points"),
    [
        (a_completion(), [], False, ["lessons", "quiz"]),
        (a_completion(), KEYS, False, ["quiz"]),
        (a_completion(), KEYS[:2], True, ["lessons"]),
        (a_completion(), KEYS, True, []),
        (a_completion(needed=2), KEYS[1:], True, []),
        (a_completion(lessons=["ba"], needed=1), ["mot", "hai"], True, ["lessons"]),
        (a_completion(lessons=["ba"], needed=1), ["ba"], True, []),
        (a_completion(quiz=None), KEYS, False, []),
        (a_completion(needed=0, lessons=[]), [], True, []),
        (a_completion(quiz=0), KEYS, False, ["quiz"]),
        (a_completion(), [*KEYS, "bai-da-bo"], True, []),
    ],
)
def test_completion_needs_the_lessons_that_count_and_the_passed_quiz(
    completion, finished, passed, open_points
):
    asked = rules.points(completion, finished, best_percent=None, has_passed=passed)
    assert [p.kind for p in asked if not p.is_met] == open_points
    assert rules.is_complete(asked) == (not open_points)


def test_a_lesson_that_does_not_count_brings_completion_no_nearer():
    asked = rules.points(a_completion(), ["mot", "bai-da-bo"], best_percent=40, has_passed=False)
    assert [(p.needed, p.done) for p in asked] == [(3, 1), (50, 40)]


@pytest.mark.parametrize(
    ("done", "passed", "percent"),
    [(0, False, 0), (1, False, 25), (3, False, 75), (2, True, 75), (3, True, 100), (9, False, 75)],
)
def test_progress_counts_the_quiz_as_one_lesson_and_is_full_only_at_the_end(done, passed, percent):
    assert rules.percent_done(a_completion(), done, has_passed=passed) == percent


def test_progress_without_a_quiz_is_that_of_the_lessons():
    assert rules.percent_done(a_completion(quiz=None), 1, has_passed=False) == 33
    assert rules.percent_done(a_completion(quiz=None), 3, has_passed=False) == 100


@pytest.mark.parametrize(
    ("finished", "last", "onward"),
    [
        ([], "", "mot"),
        (["mot"], "mot", "hai"),
        (["mot"], "ba", "ba"),
        (["mot", "ba"], "ba", "hai"),
        (["hai"], "mot", "mot"),
        (KEYS, "ba", None),
        (["mot"], "bai-da-bo", "hai"),
    ],
)
def test_one_goes_on_where_one_stopped(finished, last, onward):
    assert rules.where_to_continue(KEYS, finished, last) == onward


def test_a_course_takes_learners_through_its_last_day_and_then_says_so():
    rules.check_open(date(2026, 12, 31), today=date(2026, 12, 31))
    with pytest.raises(rules.CourseClosed, match="31/12/2026"):
        rules.check_open(date(2026, 12, 31), today=date(2027, 1, 1))
    rules.check_open(None, today=date(2027, 1, 1))


def test_missing_courses_are_named():
    rules.check_prerequisites([])
    with pytest.raises(rules.PrerequisiteMissing, match="Nhập môn; Khảo sát"):
        rules.check_prerequisites(["Nhập môn", "Khảo sát"])


@pytest.mark.parametrize(
    ("today", "is_due"),
    [
        (date(2026, 11, 29), False),
        (date(2026, 11, 30), False),
        (date(2026, 12, 1), True),
        (date(2027, 1, 1), True),
    ],
)
def test_a_review_is_due_after_six_months(today, is_due):
    assert rules.is_review_due(date(2026, 5, 30), today=today) == is_due


@pytest.mark.parametrize(
    ("from_number", "last_substantial", "moves"),
    [(1, 0, True), (1, 2, False), (2, 2, True), (3, 2, True)],
)
def test_a_correction_takes_along_only_who_holds_the_last_substantial_change(
    from_number, last_substantial, moves
):
    assert rules.moves_by_itself(from_number, last_substantial) == moves
