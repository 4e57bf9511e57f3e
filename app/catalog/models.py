"""Published courses: versions, lessons as stored HTML, questions apart, media by hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel import schema
from app.kernel.database import Base, Key

THEMES = ("digital-transformation", "technology-transfer", "extension-skills")
LEVELS = ("foundation", "practitioner", "advanced")


class Course(Base):
    """A course by its slug; what it says is in its versions."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    current_id: Mapped[int | None] = mapped_column(
        ForeignKey("course_version.id", use_alter=True, name="fk_course_current_id")
    )
    created_at: Mapped[datetime]

    current: Mapped[CourseVersion | None] = relationship(
        foreign_keys=[current_id], post_update=True
    )


class CourseVersion(Base):
    """One publication of a course: immutable, named by the hash of its content."""

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("course_id", "content_hash"),
        UniqueConstraint("course_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    content_hash: Mapped[str]
    title: Mapped[dict[str, Any]]
    """By language: {"vi": …, "en": …}; so are summary and objectives."""
    title_sort: Mapped[str]
    summary: Mapped[dict[str, Any]]
    objectives: Mapped[dict[str, Any]]
    language: Mapped[str]
    theme: Mapped[str]
    level: Mapped[str]
    audience: Mapped[list[Any]]
    periods: Mapped[int]
    minutes: Mapped[int]
    authors: Mapped[list[Any]]
    legal_basis: Mapped[list[Any]]
    requires: Mapped[list[Any]]
    reviewed_on: Mapped[date]
    closes_on: Mapped[date | None]
    completion: Mapped[dict[str, Any]]
    """{"lessons": [keys that count], "lessons_needed": n, "final_quiz": percent or null}"""
    final_quiz: Mapped[dict[str, Any] | None]
    """{"minutes", "attempts", "wait_hours", "shuffle", "review", "draw": [{from, count, …}]}"""
    certificate: Mapped[dict[str, Any] | None]
    change: Mapped[str] = mapped_column(default="")
    what_changed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    course: Mapped[Course] = relationship(foreign_keys=[course_id])

    def text(self, field: str, language: str) -> Any:
        """A field in a language, or in the course's own where it is not translated."""
        values: dict[str, Any] = getattr(self, field)
        return values.get(language) or values[self.language]


class LessonContent(Base):
    """A lesson as it reads in one language, rendered once; unchanged lessons share a row."""

    __tablename__ = "lesson_content"

    hash: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    parts: Mapped[list[Any]]
    """[{"html": …} or {"question": id}, …] in reading order."""
    objectives: Mapped[list[Any]]
    headings: Mapped[list[Any]]
    plain_text: Mapped[str]


class Lesson(Base):
    """A lesson's place in a version; its key holds the learners' progress."""

    __tablename__ = "lesson"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    key: Mapped[str]
    was: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    kind: Mapped[str]
    minutes: Mapped[int]
    titles: Mapped[dict[str, Any]]
    contents: Mapped[dict[str, Any]]
    """By language, the hash of its LessonContent."""
    stale: Mapped[list[Any]] = mapped_column(default=list)
    """Languages whose translation is older than its source."""
    draw: Mapped[list[Any]] = mapped_column(default=list)


class Question(Base):
    """One wording of a question, shared by every version that has it unchanged."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("course_id", "key", "hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    key: Mapped[str]
    """The id its author gave it, unique in the course and kept for ever."""
    hash: Mapped[str]
    kind: Mapped[str]
    content: Mapped[dict[str, Any]]
    """By language, the serialised question of app.questions with rendered HTML."""


class VersionQuestion(Base):
    """Where a version uses a question: in a lesson or in a topic of its bank."""

    __tablename__ = "version_question"

    version_id: Mapped[int] = mapped_column(Key, ForeignKey("course_version.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(Key, ForeignKey("question.id"), primary_key=True)
    key: Mapped[str]
    lesson_key: Mapped[str | None]
    topic: Mapped[str | None]
    position: Mapped[int]
    points: Mapped[float] = mapped_column(Float)
    difficulty: Mapped[str]
    tags: Mapped[list[Any]]


class VersionFile(Base):
    """A file of a version: its source text and media alike, by hash in the file store."""

    __tablename__ = "version_file"

    version_id: Mapped[int] = mapped_column(Key, ForeignKey("course_version.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]


class CourseText(Base):
    """What search looks in: a course's words in one language, whole and folded.

    Rows follow the current version. SQLite looks in the full-text table made from them,
    PostgreSQL in `words`; both hold the same words, so both find the same courses.
    """

    __tablename__ = "course_text"
    __table_args__ = (
        UniqueConstraint("course_id", "language"),
        Index("ix_course_text_words", "words", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    language: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    title_fold: Mapped[str]
    body_fold: Mapped[str]
    words: Mapped[str] = mapped_column(TSVECTOR().with_variant(Text(), "sqlite"))
    """On PostgreSQL, the same words with weights A to D; empty on SQLite."""


@dataclass(frozen=True)
class VersionPublished:
    """News: a course has a new current version; `previous_id` is None for the first."""

    version: CourseVersion
    previous_id: int | None


_COLUMNS = "title, body, title_fold, body_fold"
_NEW = "new.id, new.title, new.body, new.title_fold, new.body_fold"
_OLD = "'delete', old.id, old.title, old.body, old.title_fold, old.body_fold"
_ADD = f"INSERT INTO course_search(rowid, {_COLUMNS}) VALUES ({_NEW}); "  # noqa: S608
_DROP = f"INSERT INTO course_search(course_search, rowid, {_COLUMNS}) VALUES ({_OLD}); "  # noqa: S608

schema.declare(
    schema.Extra(
        "search:course",
        sqlite=(
            "DROP TABLE IF EXISTS course_search",
            f"CREATE VIRTUAL TABLE course_search USING fts5({_COLUMNS}, content='course_text', "
            "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
            "DROP TRIGGER IF EXISTS course_text_added",
            f"CREATE TRIGGER course_text_added AFTER INSERT ON course_text BEGIN {_ADD} END",
            "DROP TRIGGER IF EXISTS course_text_gone",
            f"CREATE TRIGGER course_text_gone AFTER DELETE ON course_text BEGIN {_DROP} END",
            "DROP TRIGGER IF EXISTS course_text_changed",
            "CREATE TRIGGER course_text_changed AFTER UPDATE ON course_text "
            f"BEGIN {_DROP} {_ADD} END",
            "INSERT INTO course_search(course_search) VALUES ('rebuild')",
        ),
    )
)
for _table in ("course_version", "lesson_content", "lesson", "question", "version_file"):
    schema.declare(schema.frozen_table(_table, "a published version is never changed"))
