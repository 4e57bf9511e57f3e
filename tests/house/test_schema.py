"""The migrations build what the models say, on both databases, and the database guards itself."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from app import features
from app.kernel import schema
from app.kernel.database import Base, Database

# Tables that no model has: the migration tool's own, and SQLite's search tables with the
# shadow tables that it makes beside each.
NOT_IN_MODELS = {"alembic_version"}
SEARCH_TABLES: set[str] = {"course_search"}
SHADOWS = ("", "_data", "_idx", "_content", "_docsize", "_config")

assert features.TABLES


def _compared(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    return not (kind == "table" and name in NOT_IN_MODELS | _search_tables())


def _search_tables() -> set[str]:
    return {table + shadow for table in SEARCH_TABLES for shadow in SHADOWS}


def test_models_agree_with_migrations(database: Database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": _compared,
                "target_metadata": Base.metadata,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_named_exception_exists(database: Database):
    """A name that nothing has any more must leave the list."""
    names = set(inspect(database.engine).get_table_names())
    assert names >= NOT_IN_MODELS
    if database.is_sqlite:
        assert names >= SEARCH_TABLES


def test_there_is_one_line_of_migrations():
    script = ScriptDirectory.from_config(schema.alembic_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert all(len(revision.nextrev) <= 1 for revision in script.walk_revisions())


def test_an_upgraded_database_needs_no_second_upgrade(database: Database):
    assert schema.upgrade(database) is False


def test_every_foreign_key_holds_on_sqlite_too(database: Database):
    with database.unit_of_work() as session:
        if database.is_sqlite:
            assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar() == 2
