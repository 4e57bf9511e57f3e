"""What every test can ask for: a clean database of either kind, the application, a browser.

A test that asks for `database_url`, or for anything made from it (`app`, `browser`), runs on
SQLite and on PostgreSQL. A test that asks for none of them runs once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.kernel import schema
from app.kernel.database import Database
from config import Settings
from tests import postgres
from tests.browser import Browser

SECRET = "for-tests-only-0123456789-abcdefghij"


def missing(what: str) -> None:
    """Skip a test for want of a tool; where CI runs it, the want itself is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for this test process."""
    try:
        postgres.binaries()
    except postgres.NoPostgres as reason:
        missing(str(reason))
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Callable[[str], Any]:
    """Give the template of a kind of database, built once by the real migrations."""
    made: dict[str, Any] = {}

    def template(kind: str) -> Any:
        if kind not in made and kind == "sqlite":
            path = tmp_path_factory.mktemp("template") / "template.sqlite"
            migrate(f"sqlite:///{path}")
            made[kind] = path
        elif kind not in made:
            server = request.getfixturevalue("postgres_server")
            server.run(
                'DROP DATABASE IF EXISTS "template_app" WITH (FORCE)',
                'CREATE DATABASE "template_app"',
            )
            migrate(server.url("template_app"))
            server.remember("template_app")
            made[kind] = server
        return made[kind]

    return template


def migrate(url: str) -> None:
    """Bring an empty database to the newest migration, as the product itself does it."""
    database = Database(url)
    schema.upgrade(database)
    database.dispose()


def settings_for(url: str, instance: Path, **others: str) -> Settings:
    """Settings as the environment would give them, for one database and instance folder."""
    given = {"DATABASE_URL": url, "INSTANCE_PATH": str(instance), "SECRET_KEY": SECRET}
    return Settings.from_environment({**given, **others})


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, migrated: Callable[[str], Any], tmp_path: Path
) -> Iterator[str]:
    """The address of a database with every table and no row, for this test alone."""
    if request.param == "sqlite":
        shutil.copyfile(migrated("sqlite"), tmp_path / "test.sqlite")
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
    else:
        server: postgres.Server = migrated("postgresql")
        server.renew("template_app", "test")
        yield server.url("test")


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An empty instance folder."""
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(database_url: str, instance: Path) -> Settings:
    """The settings of the application under test."""
    return settings_for(database_url, instance)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The test's database, for units of work of its own: `with database.unit_of_work(): ...`."""
    made = Database(settings.database_url)
    yield made
    made.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One unit of work around the whole test: for actions and queries, without the web.

    It holds SQLite's write lock: do not mix it with `browser`, use `database` there.
    """
    with database.unit_of_work() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on an empty database of either kind."""
    from app import create_app

    made = create_app(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """One person's browser; further people get theirs from `another_browser`."""
    return Browser(app)


@pytest.fixture
def another_browser(app: Flask) -> Callable[[], Browser]:
    """Give a browser of somebody else at each call."""
    return lambda: Browser(app)
