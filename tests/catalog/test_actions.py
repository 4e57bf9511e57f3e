"""Publishing: whole or not at all, once however often, rows shared by what reads the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.catalog import actions, queries
from app.catalog.check import ready
from app.catalog.models import (
    Course,
    CourseVersion,
    Lesson,
    LessonContent,
    Question,
    VersionPublished,
)
from app.catalog.rules import CourseHasErrors
from app.kernel import files as kernel_files
from app.kernel import news
from app.kernel.files import FileStore, files
from tests import world
from tests.catalog.folders import COURSE, LESSON, QUESTION, a_content, checked

NOW = world.NOW
SECOND = {"01-du-toan.md": LESSON.replace("căn cứ", "chứng từ")}
TWO = {"02-hai.md": LESSON.replace("Dự toán có", "Bài hai có")}


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel_files, "_store", FileStore((tmp_path / "files").as_uri()))


@dataclass
class Heard:
    """The news that was told."""

    told: list[VersionPublished] = field(default_factory=list)

    def __call__(self, event: VersionPublished, _now: datetime) -> None:
        self.told.append(event)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    listener = Heard()
    monkeypatch.setitem(news._followers, VersionPublished, [listener])
    return listener


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_published_course_is_the_current_version_of_its_slug(session: Session, heard: Heard):
    trainer = world.a_person()
    version = actions.publish(a_content(), by=trainer, now=NOW)
    course = queries.open_course("du-toan")
    assert course is not None
    assert course.current_id == version.id
    assert (version.number, version.title["en"], version.minutes) == (1, "Budgeting", 45)
    assert version.published_by_id == trainer.id
    assert version.content_hash == a_content().bundle.content_hash
    assert [(e.version.id, e.previous_id) for e in heard.told] == [(version.id, None)]


def test_what_completes_the_course_is_worked_out_once():
    two = a_content(TWO)
    assert actions.completion_rule(two.file, two.lessons) == {
        "lessons": ["du-toan", "hai"],
        "lessons_needed": 2,
        "final_quiz": 50,
    }
    for rule, expected in (("1", (["du-toan", "hai"], 1)), ("[hai]", (["hai"], 1))):
        content = a_content({**TWO, "course.yml": COURSE.replace("all", rule)})
        found = actions.completion_rule(content.file, content.lessons)
        assert (found["lessons"], found["lessons_needed"]) == expected


def test_the_final_quiz_is_stored_as_quizzes_read_it(session: Session):
    version = actions.publish(a_content(), by=None, now=NOW)
    assert version.final_quiz == {
        "minutes": 15,
        "attempts": None,
        "wait_hours": 0,
        "shuffle": True,
        "review": "after-pass",
        "draw": [{"from": "du-toan", "count": 1, "tags": [], "difficulty": None}],
    }


def test_publishing_the_same_content_twice_changes_nothing(session: Session, heard: Heard):
    first = actions.publish(a_content(), by=None, now=NOW)
    before = {m: count(session, m) for m in (CourseVersion, Lesson, LessonContent, Question)}
    again = actions.publish(a_content(), by=None, now=NOW + timedelta(days=1))
    assert again.id == first.id
    assert {m: count(session, m) for m in before} == before
    assert len(heard.told) == 1


def test_an_error_changes_nothing_at_all(session: Session, heard: Heard):
    version = actions.publish(a_content(), by=None, now=NOW)
    with pytest.raises(CourseHasErrors) as caught:
        actions.publish(
            ready(checked({**SECOND, "course.yml": COURSE.replace("level:", "levle:")})),
            by=None,
            now=NOW,
        )
    assert [p.code for p in caught.value.problems]
    course = queries.open_course("du-toan")
    assert course is not None
    assert course.current_id == version.id
    assert count(session, CourseVersion) == 1
    assert len(heard.told) == 1


def test_a_change_is_a_new_version_and_the_old_one_stays(session: Session, heard: Heard):
    first = actions.publish(a_content(TWO), by=None, now=NOW)
    second = actions.publish(a_content({**TWO, **SECOND}), by=None, now=NOW)
    assert (second.number, second.change) == (2, "correction")
    assert heard.told[-1] == VersionPublished(second, first.id)
    old, new = queries.lessons_of(first.id), queries.lessons_of(second.id)
    assert old[0].contents["vi"] != new[0].contents["vi"]
    kept = session.get_one(LessonContent, old[0].contents["vi"])
    assert "căn cứ" in kept.plain_text


def test_lessons_and_questions_that_read_the_same_share_their_rows(session: Session):
    first = actions.publish(a_content(TWO), by=None, now=NOW)
    second = actions.publish(a_content({**TWO, **SECOND}), by=None, now=NOW)
    old, new = queries.lessons_of(first.id), queries.lessons_of(second.id)
    assert old[1].contents == new[1].contents
    assert count(session, LessonContent) == 3
    assert count(session, Question) == 1


def test_a_reworded_question_is_a_new_row_under_the_same_key(session: Session):
    actions.publish(a_content(), by=None, now=NOW)
    reworded = QUESTION.format(id="du-toan-01").replace("Hỏi gì?", "Hỏi lại?")
    actions.publish(a_content({"questions/du-toan.md": reworded}), by=None, now=NOW)
    rows = session.scalars(select(Question)).all()
    assert {row.key for row in rows} == {"du-toan-01"}
    assert len({row.hash for row in rows}) == 2


def test_an_earlier_content_becomes_current_again_without_a_new_version(
    session: Session, heard: Heard
):
    first = actions.publish(a_content(), by=None, now=NOW)
    second = actions.publish(a_content(SECOND), by=None, now=NOW)
    assert actions.publish(a_content(), by=None, now=NOW).id == first.id
    course = session.scalars(select(Course)).one()
    assert course.current_id == first.id
    assert heard.told[-1] == VersionPublished(first, second.id)


def test_every_file_is_kept_by_its_hash(session: Session):
    content = a_content()
    version = actions.publish(content, by=None, now=NOW)
    stored = queries.files_of(version.id)
    assert {p: files().read(h) for p, h in stored.items()} == dict(content.bundle.files)


def test_the_database_itself_refuses_to_change_a_version(session: Session):
    actions.publish(a_content(), by=None, now=NOW)
    for model in (CourseVersion, Lesson, LessonContent, Question):
        for statement in (
            update(model).values({next(iter(model.__table__.columns)).name: 9}),
            delete(model),
        ):
            with pytest.raises(DBAPIError), session.begin_nested():
                session.execute(statement)
    assert count(session, Lesson) == 1
