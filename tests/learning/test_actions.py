"""Enrolling, finishing, completing and moving to new versions, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app import reactions
from app.assessment import actions as assessment
from app.assessment import queries as attempts
from app.assessment.models import LessonAnswer
from app.catalog import editions
from app.catalog import queries as catalog
from app.kernel import jobs
from app.kernel.database import session as current_session
from app.kernel.envelope import Envelope, new_uuid
from app.learning import actions, queries, rules
from app.learning import jobs as _registered  # noqa: F401 - a worker knows the task
from app.learning.models import Completion, Enrollment, FinishedLesson
from app.people.models import Person
from tests.assessment.test_actions import right, wrong
from tests.world import (
    NOW,
    TODAY,
    WRITTEN,
    a_completion,
    a_course,
    a_person,
    a_published_course,
    a_unit,
    a_written_course,
)

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def joined():
    """What follows from news, as in the application."""
    reactions.join()


def envelope():
    return Envelope(uuid=new_uuid())


def finish(enrollment, *keys, now=NOW):
    for key in keys:
        actions.finish_lesson(enrollment, key, envelope(), now=now)


def pass_quiz(enrollment, now=NOW, but=()):
    attempt = actions.start_quiz(enrollment, now=now)
    assessment.submit(attempt, right(attempt, but), envelope(), now=now)
    return attempt


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


# Enrolling


def test_enrolling_keeps_the_current_version_and_the_unit_of_the_day(session):
    unit = a_unit("Trung tâm Khuyến công tỉnh Minh Sơn")
    course = a_course()
    enrollment = actions.enroll(a_person(unit=unit), course, now=NOW)
    assert (enrollment.version_id, enrollment.unit_id) == (course.current_id, unit.id)
    assert (enrollment.round, enrollment.lessons_done) == (1, 0)


def test_enrolling_twice_is_enrolling_once(session):
    person, course = a_person(), a_course()
    first = actions.enroll(person, course, now=NOW)
    assert actions.enroll(person, course, now=NOW + HOUR) is first
    assert count(session, Enrollment) == 1


def test_a_closed_course_takes_no_more_learners_but_keeps_those_it_has(session):
    person = a_person()
    course = a_course(closes_on=TODAY)
    actions.enroll(person, course, now=NOW)
    with pytest.raises(rules.CourseClosed):
        actions.enroll(a_person(), course, now=NOW + timedelta(days=1))
    actions.enroll(person, course, now=NOW + timedelta(days=1))


def test_the_last_day_is_one_of_vietnam(session):
    course = a_course(closes_on=date(2026, 11, 23))
    late_evening = NOW.replace(hour=16, minute=59)
    actions.enroll(a_person(), course, now=late_evening)
    with pytest.raises(rules.CourseClosed):
        actions.enroll(a_person(), course, now=late_evening + timedelta(minutes=1))


def test_a_course_that_comes_first_must_be_completed(session):
    first = a_course("Nhập môn khuyến công", slug="nhap-mon")
    then = a_written_course(requires="[nhap-mon]")
    person = a_person()
    with pytest.raises(rules.PrerequisiteMissing, match="Nhập môn khuyến công"):
        actions.enroll(person, then, now=NOW)
    a_completion(person, first)
    assert actions.enroll(person, then, now=NOW).course_id == then.id


def test_somebody_elses_completion_opens_nothing(session):
    first = a_course(slug="nhap-mon")
    then = a_written_course(requires="[nhap-mon]")
    a_completion(a_person(), first)
    with pytest.raises(rules.PrerequisiteMissing):
        actions.enroll(a_person(), then, now=NOW)


# Finishing and answering


def test_finishing_a_lesson_twice_is_finishing_it_once(session):
    enrollment = actions.enroll(a_person(), a_course(lessons=3), now=NOW)
    sent = envelope()
    actions.finish_lesson(enrollment, "bai-2", sent, now=NOW)
    actions.finish_lesson(enrollment, "bai-2", sent, now=NOW + HOUR)
    actions.finish_lesson(enrollment, "bai-2", envelope(), now=NOW + HOUR)
    assert count(session, FinishedLesson) == 1
    assert (enrollment.lessons_done, enrollment.last_lesson_key) == (1, "bai-2")
    assert enrollment.last_activity_at == NOW + HOUR


def test_an_empty_answer_is_refused_and_not_kept(session):
    course = a_written_course()
    enrollment = actions.enroll(a_person(), course, now=NOW)
    question = editions.lesson_questions(course.current_id, "hoi-va-ghi")["hoi-so"]
    with pytest.raises(rules.NothingAnswered):
        actions.answer(
            enrollment,
            question,
            lesson_key="hoi-va-ghi",
            values=["  "],
            envelope=envelope(),
            now=NOW,
        )
    assert count(session, LessonAnswer) == 0


def test_answering_moves_the_place_to_go_on_from(session):
    course = a_written_course()
    enrollment = actions.enroll(a_person(), course, now=NOW)
    question = editions.lesson_questions(course.current_id, "hoi-va-ghi")["hoi-so"]
    actions.answer(
        enrollment,
        question,
        lesson_key="hoi-va-ghi",
        values=["15"],
        envelope=envelope(),
        now=NOW + HOUR,
    )
    assert enrollment.last_lesson_key == "hoi-va-ghi"
    assert enrollment.last_activity_at == NOW + HOUR


# Completing


def test_lessons_and_a_passed_quiz_complete_a_course_exactly_once(session):
    unit = a_unit("Trung tâm Khuyến công tỉnh Minh Sơn")
    enrollment = actions.enroll(a_person(unit=unit), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi", "giu-loi", now=NOW + HOUR)
    assert enrollment.completion is None
    pass_quiz(enrollment, now=NOW + 2 * HOUR, but=("ks-1",))
    finish(enrollment, "giu-loi", now=NOW + 3 * HOUR)
    assert actions.complete_if_done(enrollment, now=NOW + 4 * HOUR) is enrollment.completion
    assert count(session, Completion) == 1
    completion = enrollment.completion
    assert (completion.percent, completion.periods) == (75.0, 1)
    assert (completion.started_at, completion.completed_at) == (NOW, NOW + 2 * HOUR)
    assert completion.unit_name == "Trung tâm Khuyến công tỉnh Minh Sơn"


def test_the_order_of_quiz_and_lessons_does_not_matter(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    pass_quiz(enrollment)
    assert enrollment.completion is None
    finish(enrollment, "hoi-va-ghi", "giu-loi")
    assert enrollment.completion is not None


def test_a_failed_quiz_completes_nothing(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi", "giu-loi")
    attempt = actions.start_quiz(enrollment, now=NOW)
    assessment.submit(attempt, wrong(attempt), envelope(), now=NOW)
    assert enrollment.completion is None


def test_an_attempt_closed_by_the_job_completes_too(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi", "giu-loi")
    attempt = actions.start_quiz(enrollment, now=NOW)
    assessment.save_page(attempt, right(attempt), envelope(), now=NOW)
    assessment.close(attempt, was_overdue=True, now=NOW + HOUR)
    assert enrollment.completion is not None
    assert enrollment.completion.completed_at == NOW + HOUR


def test_a_course_without_a_quiz_is_completed_by_its_last_lesson(session):
    enrollment = actions.enroll(a_person(), a_course(lessons=2), now=NOW)
    finish(enrollment, "bai-1", "bai-2")
    assert enrollment.completion is not None
    assert enrollment.completion.percent is None
    with pytest.raises(rules.NoQuiz):
        actions.start_quiz(enrollment, now=NOW)


def test_a_completion_keeps_the_unit_name_of_its_day(session):
    unit = a_unit("Trung tâm cũ")
    enrollment = actions.enroll(a_person(unit=unit), a_course(lessons=1), now=NOW)
    finish(enrollment, "bai-1")
    unit.name = "Trung tâm mới"
    session.flush()
    assert enrollment.completion.unit_name == "Trung tâm cũ"


# New versions

LATER = NOW + timedelta(days=3)


def publish(change=None, drop=(), **files):
    """Publish the written course again: with a kind of change, other files, some left out."""
    written = {path: text for path, text in WRITTEN.items() if path not in drop}
    if change:
        written["course.yml"] += f'change: {change}\nwhat_changed: {{vi: "Đổi một chỗ"}}\n'
    written |= {path.replace("__", "-") + ".md": text for path, text in files.items()}
    return a_published_course("khao-sat-co-so", written, now=LATER)


LESSON = "---\ntitle: Giữ lời hứa\nminutes: 20\n{}---\n\nNội dung đã sửa.\n"


def test_a_correction_reaches_those_who_are_learning(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi")
    course = publish("correction", **{"02__giu__loi": LESSON.format("")})
    assert enrollment.version_id == course.current_id
    assert enrollment.version.number == 2
    assert queries.finished_keys(enrollment.id) == {"hoi-va-ghi"}
    assert enrollment.lessons_done == 1


def test_a_correction_of_a_course_of_many_moves_the_first_and_a_job_the_rest(database, monkeypatch):
    monkeypatch.setattr(actions, "TAKEN_AT_ONCE", 2)
    with database.unit_of_work():
        course = a_written_course()
        learners = [actions.enroll(a_person(), course, now=NOW).id for _ in range(5)]
    with database.unit_of_work():
        course = publish("correction", **{"02__giu__loi": LESSON.format("")})
    with database.unit_of_work(write=False) as reading:
        moved = [reading.get(Enrollment, each).version_id == course.current_id for each in learners]
    assert moved == [True, True, False, False, False]
    key = f"take-along:{course.current_id}"
    with database.unit_of_work():
        jobs.find(key).not_before = NOW - timedelta(days=30)  # the tests' day is not today
    while jobs.run_next(database, holder="thợ"):
        pass
    with database.unit_of_work(write=False) as reading:
        assert {reading.get(Enrollment, each).version_id for each in learners} == {
            course.current_id
        }
        assert jobs.find(key).done == 3


def test_a_correction_leaves_the_completed_on_their_version(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi", "giu-loi")
    pass_quiz(enrollment)
    publish("correction", **{"02__giu__loi": LESSON.format("")})
    assert enrollment.version.number == 1
    assert enrollment.completion.version_id == enrollment.version_id


def test_a_substantial_change_waits_until_the_learner_accepts(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi")
    course = publish("substantial", **{"02__giu__loi": LESSON.format("")})
    assert enrollment.version.number == 1
    actions.accept_version(enrollment, now=LATER)
    actions.accept_version(enrollment, now=LATER)
    assert enrollment.version_id == course.current_id
    assert queries.finished_keys(enrollment.id) == {"hoi-va-ghi"}


def test_a_correction_of_a_change_not_accepted_yet_takes_nobody_along(session):
    waiting = actions.enroll(a_person(), a_written_course(), now=NOW)
    publish("substantial", **{"02__giu__loi": LESSON.format("")})
    fresh = actions.enroll(a_person(), catalog.open_course("khao-sat-co-so"), now=LATER)
    publish("correction", **{"02__giu__loi": LESSON.format("") + "\nThêm một câu.\n"})
    assert waiting.version.number == 1
    assert fresh.version.number == 3


def test_a_renamed_lesson_stays_finished(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi", "giu-loi")
    publish(
        "correction",
        drop=("02-giu-loi.md",),
        **{"02__loi__hua": LESSON.format("was: giu-loi\n")},
    )
    assert queries.finished_keys(enrollment.id) >= {"hoi-va-ghi", "loi-hua"}
    assert (enrollment.lessons_done, enrollment.last_lesson_key) == (2, "loi-hua")


def test_a_correction_that_asks_for_less_completes_who_has_done_it(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    finish(enrollment, "hoi-va-ghi")
    pass_quiz(enrollment)
    publish("correction", drop=("02-giu-loi.md",))
    assert enrollment.completion is not None
    assert enrollment.completion.version_id == enrollment.version_id


def test_a_running_attempt_stays_with_the_questions_it_was_drawn_from(session):
    enrollment = actions.enroll(a_person(), a_written_course(), now=NOW)
    attempt = actions.start_quiz(enrollment, now=NOW)
    publish("correction", **{"02__giu__loi": LESSON.format("")})
    assert actions.start_quiz(enrollment, now=NOW + timedelta(minutes=1)) is attempt
    assert attempt.version_id != enrollment.version_id
    assessment.submit(attempt, right(attempt), envelope(), now=NOW + timedelta(minutes=2))
    assert attempt.has_passed


# What other rooms read


def test_open_courses_come_before_completed_ones_and_the_latest_first(session):
    person = a_person()
    old, new = a_course(slug="cu"), a_course(slug="moi")
    a_completion(person, a_course(slug="xong"), completed_at=NOW + 9 * HOUR)
    actions.enroll(person, old, now=NOW)
    finish(actions.enroll(person, new, now=NOW), "bai-1", now=NOW + HOUR)
    ways = queries.enrollments_of(person.id)
    assert [(w.slug, w.percent, w.is_completed) for w in ways] == [
        ("moi", 50, False),
        ("cu", 0, False),
        ("xong", 100, True),
    ]
    assert [c.course.slug for c in queries.completions_of(person.id)] == ["xong"]


# Two requests at the same moment


def at_once(database, act):
    """Run an act in two transactions that begin together; returns what each gave."""
    barrier = Barrier(2)

    def run(_):
        barrier.wait()
        with database.unit_of_work():
            return act()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def test_two_requests_at_once_enroll_start_and_complete_once(database):
    with database.unit_of_work():
        course_id = a_written_course().id
        person_id = a_person().id

    def again():
        person = current_session().get_one(Person, person_id)
        return actions.enroll(person, catalog.open_course("khao-sat-co-so"), now=NOW).id

    first, second = at_once(database, again)
    assert first == second

    def own():
        return queries.enrollment_of(person_id, course_id)

    first, second = at_once(database, lambda: actions.start_quiz(own(), now=NOW).id)
    assert first == second

    def submit():
        attempt = attempts.attempt_with_items(first)
        assessment.submit(attempt, right(attempt), envelope(), now=NOW)

    at_once(database, submit)
    at_once(database, lambda: finish(own(), "hoi-va-ghi", "giu-loi"))
    with database.unit_of_work() as opened:
        assert count(opened, Completion) == 1
        assert count(opened, FinishedLesson) == 2
        assert own().lessons_done == 2


def test_a_lesson_finished_while_the_quiz_is_submitted_completes_all_the_same(database):
    """Neither transaction sees what the other writes, so the second must look again."""
    with database.unit_of_work():
        course_id = a_written_course().id
        person = a_person()
        person_id = person.id
        enrollment = actions.enroll(person, catalog.open_course("khao-sat-co-so"), now=NOW)
        finish(enrollment, "hoi-va-ghi")
        attempt_id = actions.start_quiz(enrollment, now=NOW).id

    def last_lesson():
        with database.unit_of_work():
            finish(queries.enrollment_of(person_id, course_id), "giu-loi")

    with database.unit_of_work():
        own = queries.enrollment_of(person_id, course_id)  # as the page of the quiz reads it
        assert own.lessons_done == 1
        if not database.is_sqlite:  # where whoever writes is alone anyway
            with ThreadPoolExecutor(1) as pool:
                pool.submit(last_lesson).result()
        attempt = attempts.attempt_with_items(attempt_id)
        assessment.submit(attempt, right(attempt), envelope(), now=NOW)
    if database.is_sqlite:
        last_lesson()
    with database.unit_of_work() as opened:
        assert count(opened, Completion) == 1
