"""Attempts on both databases: drawn once, saved again and again, closed for good."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.assessment import actions, jobs, queries, rules
from app.assessment.models import Attempt, LessonAnswer, Response
from app.catalog.models import CourseVersion, Question
from app.kernel import clock
from app.kernel.envelope import Envelope, new_uuid
from app.people.models import Person
from app.questions.kinds import from_json
from tests.world import NOW, RIGHT, a_learner, a_written_course

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Sitting:
    """A person before the final quiz of the written course."""

    person: Person
    version: CourseVersion

    def start(self, now=NOW, **more) -> Attempt:
        return actions.start(self.person, self.version, round_=1, now=now, **more)


@pytest.fixture
def sitting(session) -> Sitting:
    course = a_written_course()
    assert course.current is not None
    return Sitting(a_learner(), course.current)


def right(attempt, but=()) -> dict[str, list[str]]:
    """What answers an attempt rightly, by question: choice keys or typed text."""
    answers = {}
    for item in attempt.items:
        content = from_json(item.question.content["vi"])
        keys = [c.key for c in content.choices if c.right]
        answers[content.id] = keys or RIGHT[content.id]
    return {key: [] if key in but else values for key, values in answers.items()}


def wrong(attempt) -> dict[str, list[str]]:
    return {key: ["x"] for key in right(attempt)}


def item(attempt, key="ks-3"):
    return next(i for i in attempt.items if i.question.key == key)


def envelope(sequence=0, device=""):
    return Envelope(uuid=new_uuid(), sequence=sequence, device=device)


def submit(attempt, answers=None, now=NOW + MINUTE, **more):
    actions.submit(attempt, answers or {}, envelope(**more), now=now)


# Starting


def test_starting_twice_is_starting_once(sitting):
    first = sitting.start()
    assert sitting.start(NOW + MINUTE) is first
    assert [i.position for i in first.items] == [1, 2, 3, 4]
    assert first.deadline == NOW + 20 * MINUTE


def test_an_attempt_is_drawn_and_shuffled_once_and_kept(sitting, session):
    attempt = sitting.start(chance=random.Random(7))
    before = [(i.question_id, tuple(i.choice_order)) for i in attempt.items]
    session.expire_all()
    again = queries.attempt_with_items(attempt.id)
    assert [(i.question_id, tuple(i.choice_order)) for i in again.items] == before


def test_different_chances_give_different_orders(session):
    sitting = Sitting(a_learner(), a_written_course(attempts=None).current)
    orders = set()
    for seed in range(6):
        attempt = sitting.start(NOW + seed * 13 * HOUR, chance=random.Random(seed))
        orders.add(tuple(i.question.key for i in attempt.items))
        submit(attempt, now=NOW + seed * 13 * HOUR)
    assert len(orders) > 1


def test_the_next_attempt_waits_and_attempts_run_out(sitting):
    for number, start in ((1, NOW), (2, NOW + 13 * HOUR), (3, NOW + 26 * HOUR)):
        attempt = sitting.start(start)
        assert attempt.number == number
        submit(attempt, wrong(attempt), now=start)
        with pytest.raises((rules.AttemptTooSoon, rules.NoAttemptsLeft)):
            sitting.start(start + 11 * HOUR)
    with pytest.raises(rules.NoAttemptsLeft):
        sitting.start(NOW + 100 * HOUR)


def test_a_new_round_begins_with_all_attempts(sitting):
    attempt = sitting.start()
    submit(attempt, wrong(attempt))
    fresh = actions.start(sitting.person, sitting.version, round_=2, now=NOW + 2 * MINUTE)
    assert fresh.number == 1


def test_after_a_pass_there_is_nothing_to_start(sitting):
    attempt = sitting.start()
    submit(attempt, right(attempt))
    with pytest.raises(rules.AlreadyPassed):
        sitting.start(NOW + 100 * HOUR)


def test_an_overdue_attempt_gives_way_to_the_next_after_the_pause(sitting):
    first = sitting.start()
    second = sitting.start(NOW + 20 * MINUTE + 12 * HOUR)
    assert second.number == 2
    assert first.was_overdue
    assert first.closed_at == NOW + 20 * MINUTE


# Saving


def test_a_repeated_save_changes_nothing(sitting, session):
    attempt = sitting.start()
    sent = envelope()
    actions.save(attempt, item(attempt), ["12"], sent, now=NOW)
    actions.save(attempt, item(attempt), ["11"], sent, now=NOW)
    assert item(attempt).answer == ["12"]
    assert session.scalar(select(func.count()).select_from(Response)) == 1


def test_a_save_that_arrives_late_from_one_device_does_not_replace_a_newer_one(sitting, session):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(5, "may-1"), now=NOW)
    actions.save(attempt, item(attempt), ["1"], envelope(4, "may-1"), now=NOW + MINUTE)
    assert item(attempt).answer == ["12"]
    assert session.scalar(select(func.count()).select_from(Response)) == 2


def test_of_two_devices_the_last_one_to_save_counts(sitting):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(50, "may-1"), now=NOW)
    actions.save(attempt, item(attempt), ["11"], envelope(2, "may-2"), now=NOW + MINUTE)
    assert item(attempt).answer == ["11"]


def test_an_answer_can_be_taken_back(sitting):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(), now=NOW)
    actions.save(attempt, item(attempt), [], envelope(), now=NOW)
    assert item(attempt).answer is None


def test_what_a_question_does_not_offer_is_not_saved(sitting):
    attempt = sitting.start()
    actions.save(attempt, item(attempt, "ks-1"), ["khong-co"], envelope(), now=NOW)
    assert item(attempt, "ks-1").answer is None


def test_a_page_saved_by_hand_twice_is_saved_once(sitting, session):
    attempt = sitting.start()
    sent = envelope()
    answers = right(attempt, but=("ks-4",))
    actions.save_page(attempt, answers, sent, now=NOW)
    actions.save_page(attempt, answers, sent, now=NOW)
    assert sum(i.answer is not None for i in attempt.items) == 3
    assert session.scalar(select(func.count()).select_from(Response)) == 3


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [(0, True), (15, True), (16, False)], ids=["at", "grace", "late"]
)
def test_saves_are_taken_until_the_deadline_and_its_grace(sitting, seconds, is_taken):
    attempt = sitting.start()
    now = attempt.deadline + timedelta(seconds=seconds)
    if is_taken:
        actions.save(attempt, item(attempt), ["12"], envelope(), now=now)
        assert item(attempt).answer == ["12"]
    else:
        with pytest.raises(rules.AttemptOver):
            actions.save(attempt, item(attempt), ["12"], envelope(), now=now)


def test_a_closed_attempt_takes_no_answer(sitting):
    attempt = sitting.start()
    submit(attempt)
    with pytest.raises(rules.AttemptOver):
        actions.save(attempt, item(attempt), ["12"], envelope(), now=NOW + MINUTE)


# Submitting and marking


def test_the_form_carries_every_answer_and_the_best_score_is_full(sitting):
    attempt = sitting.start()
    submit(attempt, right(attempt))
    assert (attempt.percent, attempt.has_passed, attempt.points) == (100.0, True, 4.0)
    assert attempt.closed_at == NOW + MINUTE


def test_half_the_points_reach_the_pass_mark_of_fifty(sitting):
    attempt = sitting.start()
    submit(attempt, right(attempt, but=("ks-1", "ks-2")))
    assert (attempt.percent, attempt.has_passed) == (50.0, True)


def test_part_of_a_several_choice_question_earns_part_of_its_point(sitting):
    attempt = sitting.start()
    answers = wrong(attempt) | {"ks-2": right(attempt)["ks-2"][:1]}
    submit(attempt, answers)
    assert (attempt.percent, attempt.has_passed) == (12.5, False)


def test_nothing_answered_is_marked_as_nothing(sitting):
    attempt = sitting.start()
    submit(attempt)
    assert (attempt.percent, attempt.has_passed) == (0.0, False)


def test_submitting_twice_is_submitting_once(sitting):
    attempt = sitting.start()
    submit(attempt, wrong(attempt))
    submit(attempt, right(attempt), now=NOW + 2 * MINUTE)
    assert attempt.percent == 0.0
    assert attempt.closed_at == NOW + MINUTE


def test_a_form_sent_empty_from_a_second_tab_keeps_what_was_saved(sitting):
    attempt = sitting.start()
    for one in attempt.items:
        actions.save(attempt, one, right(attempt)[one.question.key], envelope(1, "may-1"), now=NOW)
    actions.submit(
        attempt,
        {key: [] for key in right(attempt)},
        envelope(9, "may-1"),
        shown_at=NOW,
        now=NOW + MINUTE,
    )
    assert attempt.percent == 100.0


def test_a_form_left_open_on_another_device_does_not_undo_newer_answers(sitting):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(1, "may-1"), now=NOW + MINUTE)
    actions.submit(
        attempt, {"ks-3": ["11"]}, envelope(1, "dien-thoai"), shown_at=NOW, now=NOW + 2 * MINUTE
    )
    assert item(attempt).answer == ["12"]


def test_a_submitted_answer_older_than_its_devices_last_save_is_kept_and_replaces_nothing(
    sitting, session
):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(5, "may-1"), now=NOW)
    submit(attempt, {"ks-3": ["11"]}, sequence=4, device="may-1")
    assert (item(attempt).answer, attempt.percent) == (["12"], 25.0)
    kept = session.scalars(select(Response.answer).order_by(Response.id)).all()
    assert kept == [["12"], ["11"]]


def test_what_a_submission_leaves_at_hand_is_what_stands_in_the_tables(sitting, session):
    attempt = sitting.start()
    actions.save(attempt, item(attempt, "ks-1"), right(attempt)["ks-1"], envelope(), now=NOW)
    submit(attempt, right(attempt, but=("ks-4",)), sequence=3, device="may-1")

    def stands():
        items = [(i.answer, i.answer_sequence, i.answered_at, i.points) for i in attempt.items]
        columns = (attempt.points, attempt.percent, attempt.has_passed, attempt.closed_at)
        return items, columns, attempt.was_overdue

    at_hand = stands()
    session.expire_all()
    assert stands() == at_hand
    assert at_hand[1] == (3.0, 75.0, True, NOW + MINUTE)
    sent = session.scalars(select(Response.sequence).order_by(Response.id)).all()
    assert sent == [0, 3, 3]


def test_submitting_after_the_grace_counts_only_what_was_saved_in_time(sitting):
    attempt = sitting.start()
    actions.save(attempt, item(attempt), ["12"], envelope(), now=NOW)
    submit(attempt, right(attempt), now=NOW + 21 * MINUTE)
    assert attempt.percent == 25.0
    assert attempt.was_overdue
    assert attempt.closed_at == attempt.deadline


def test_an_attempt_without_a_time_limit_is_never_overdue(session):
    sitting = Sitting(a_learner(), a_written_course(minutes=None).current)
    attempt = sitting.start()
    submit(attempt, right(attempt), now=NOW + 1000 * HOUR)
    assert (attempt.deadline, attempt.was_overdue, attempt.percent) == (None, False, 100.0)


# The job


def test_the_job_closes_what_is_overdue_and_nothing_else(database, monkeypatch):
    with database.unit_of_work():
        course = a_written_course()
        running, late = (
            actions.start(a_learner(), course.current, round_=1, now=now).id
            for now in (NOW + HOUR, NOW)
        )
    monkeypatch.setattr(clock, "now", lambda: NOW + HOUR)
    _run(database)
    _run(database)
    with database.unit_of_work():
        assert queries.attempt_with_items(running).closed_at is None
        closed = queries.attempt_with_items(late)
        assert closed.was_overdue
        assert closed.closed_at == NOW + 20 * MINUTE
        assert closed.percent == 0.0


def _run(database):
    from app.kernel import jobs as kernel_jobs

    with database.unit_of_work() as session:
        key = new_uuid()
        kernel_jobs.enqueue("close-overdue-attempts", key=key, now=NOW)
        job = session.scalar(select(kernel_jobs.Job).where(kernel_jobs.Job.key == key))
        job.holder = "test"
    jobs.close_overdue(kernel_jobs.Run(job.id, {}, {}, database, "test"))


# In a lesson


def question(session, key):
    return session.scalar(select(Question).where(Question.key == key))


@pytest.mark.parametrize(
    ("key", "typed", "share"),
    [("hoi-so", "15", 1.0), ("hoi-so", "14", 0.0), ("hoi-chu", "dapan PHIẾU khảo sát", 1.0)],
)
def test_an_answer_in_a_lesson_is_marked_at_once(sitting, session, key, typed, share):
    given = actions.answer_in_lesson(
        sitting.person,
        question(session, key),
        lesson_key="hoi-va-ghi",
        language="vi",
        values=[typed],
        envelope=envelope(),
        now=NOW,
    )
    assert (given.share, given.answer) == (share, [typed])


def test_an_answer_in_a_lesson_repeated_is_given_once_and_the_latest_one_is_shown(sitting, session):
    sent = envelope()

    def answer(typed, wrapped):
        return actions.answer_in_lesson(
            sitting.person,
            question(session, "hoi-so"),
            lesson_key="hoi-va-ghi",
            language="vi",
            values=[typed],
            envelope=wrapped,
            now=NOW,
        )

    first = answer("14", sent)
    assert answer("15", sent) is first
    answer("15", envelope())
    shown = queries.lesson_answers(sitting.person.id, sitting.version.course_id, "hoi-va-ghi")
    assert shown["hoi-so"] == ["15"]
    assert session.scalar(select(func.count()).select_from(LessonAnswer)) == 2
