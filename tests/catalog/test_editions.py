"""What a process keeps of published versions, and what it must not keep."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.catalog import actions, editions
from app.catalog.models import CourseVersion
from app.kernel import files as kernel_files
from app.kernel.database import Database
from app.kernel.files import FileStore
from tests import world
from tests.browser import Statements
from tests.catalog.folders import LESSON, QUESTION, a_content

NOW = world.NOW


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_files, "_store", FileStore((tmp_path / "files").as_uri()))


ASKING = f"{LESSON}\n{QUESTION.format(id='hoi-2')}\n{QUESTION.format(id='hoi-1')}"


def publish(changes: dict[str, str] | None = None) -> CourseVersion:
    return actions.publish(a_content(changes or {}), by=None, now=NOW)


def test_an_edition_says_what_its_version_says(session: Session):
    version = publish({"01-du-toan.md": ASKING, "02-hai.md": LESSON})
    read = editions.edition(version.id)
    assert read.text("title", "vi") == version.text("title", "vi")
    assert (read.course_id, read.number, read.completion) == (
        version.course_id,
        version.number,
        version.completion,
    )
    assert [lesson.key for lesson in read.lessons] == ["du-toan", "hai"]


def test_a_version_that_does_not_exist_is_refused(session: Session):
    with pytest.raises(LookupError):
        editions.edition(7)


def test_questions_of_a_lesson_come_in_their_order(session: Session):
    version = publish({"01-du-toan.md": ASKING, "02-hai.md": LESSON})
    found = editions.lesson_questions(version.id, "du-toan")
    assert list(found) == ["hoi-2", "hoi-1"]
    assert found["hoi-1"].content["vi"]["prompt"] == "<p>Hỏi gì?</p>"
    assert editions.lesson_questions(version.id, "hai") == {}


def test_what_is_published_is_read_once_by_a_process(database: Database):
    with database.unit_of_work():
        version_id = publish({"01-du-toan.md": ASKING}).id
    for statements in (5, 0):
        with database.unit_of_work(write=False), Statements().counting() as seen:
            read = editions.edition(version_id)
            text = editions.lesson_text(read.lessons[0].contents["vi"])
            questions = editions.lesson_questions(version_id, "du-toan")
            editions.questions_by_id(question.id for question in questions.values())
        assert text is not None
        assert len(seen) == statements


def test_what_a_writer_read_its_process_knows_once_it_has_committed(database: Database):
    with database.unit_of_work():
        version_id = publish().id
    with database.unit_of_work(), Statements().counting() as seen:
        editions.edition(version_id)
        editions.edition(version_id)
    assert len(seen) == 2
    with database.unit_of_work(write=False), Statements().counting() as seen:
        editions.edition(version_id)
    assert seen == []


def test_what_was_rolled_back_is_not_kept(database: Database):
    writing = database.begin(write=True)
    with database.serving(writing):
        taken_back = editions.edition(publish().id)
    writing.rollback()
    writing.close()
    with database.unit_of_work(write=False), pytest.raises(LookupError):
        editions.edition(taken_back.id)
