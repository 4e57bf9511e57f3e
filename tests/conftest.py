"""What every test can ask for: a clean database of either kind, the application, a browser.

A test that asks for `database_url`, or for anything made from it (`app`, `browser`), runs on
SQLite and on PostgreSQL. A test that asks for none of them runs once.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.kernel import database as kernel_database
from app.kernel import schema, translations
from app.kernel.database import Database
from config import Settings
from tests import postgres
from tests.browser import Browser

SECRET = "for-tests-only-0123456789-abcdefghij"


def pytest_collection_finish() -> None:
    """What is loaded now stays for good: looking through it again and again for what nobody
    needs any more took a fifteenth of the time."""
    gc.collect()
    gc.freeze()


def missing(what: str) -> None:
    """Skip a test for want of a tool; where CI runs it, the want itself is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that one of the test processes makes and all of them copy from: dear to make."""
    base = factory.getbasetemp()
    # Each process of pytest-xdist has its folder inside one that they share.
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = shared / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(folder)
    return folder


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


class Engines:
    """Engines for one test after the other. SQLAlchemy keeps what it has compiled with an engine,
    and compiling every statement anew took most of a test's time.

    Two databases of one test have two engines, as two processes would.
    """

    def __init__(self) -> None:
        self._make = kernel_database._make_engine
        self._free: dict[str, list[Engine]] = {}
        self._lent: list[tuple[str, Engine]] = []

    def lend(self, database: Database) -> Engine:
        """An engine that nobody else has; only those of addresses used again come back."""
        address = database.url.render_as_string(hide_password=False)
        if address not in self._free:
            return self._make(database)
        free = self._free[address]
        engine = free.pop() if free else self._make(database)
        self._lent.append((address, engine))
        return engine

    def use_again(self, address: str) -> None:
        """From now on keep the engines of an address, of which every test has another database."""
        self._free.setdefault(address, [])

    def take_back(self) -> None:
        """Close every connection. An engine with one still in use is not lent again."""
        for address, engine in self._lent:
            is_free = engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            engine.dispose()
            if is_free:
                self._free[address].append(engine)
        self._lent.clear()


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The engines of this test process."""
    lending = Engines()
    kernel_database._make_engine = lending.lend
    yield lending
    kernel_database._make_engine = lending._make


class Compiled(BytecodeCache):
    """Templates that this process has compiled: an application for every test shares them."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


def an_app(settings: Settings) -> Flask:
    """The application as the product makes it, its templates compiled at most once."""
    from app import create_app

    made = create_app(settings)
    made.jinja_env.bytecode_cache = COMPILED
    return made


def settings_for(url: str, instance: Path, **others: str) -> Settings:
    """Settings as the environment would give them, for one database and instance folder."""
    given = {"DATABASE_URL": url, "INSTANCE_PATH": str(instance), "SECRET_KEY": SECRET}
    return Settings.from_environment({**given, **others})


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, migrated: Callable[[str], Any], engines: Engines
) -> Iterator[str]:
    """The address of a database with every table and no row, for this test alone."""
    if request.param == "sqlite":
        template: Path = migrated("sqlite")
        for left in template.parent.glob("test.sqlite*"):
            left.unlink()  # the file with its log: another would be applied to the new one
        url = f"sqlite:///{shutil.copyfile(template, template.parent / 'test.sqlite')}"
    else:
        server: postgres.Server = migrated("postgresql")
        server.renew("template_app", "test")
        url = server.url("test")
    engines.use_again(url)
    yield url
    engines.take_back()


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of compiled translations, made once."""
    return translations.compiled(tmp_path_factory.mktemp("spoken")).parent


@pytest.fixture
def instance(tmp_path: Path, spoken: Path) -> Path:
    """An instance folder with nothing in it but the translations."""
    folder = tmp_path / "instance"
    folder.mkdir()
    (folder / "translations").symlink_to(spoken)
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
    made = an_app(settings)
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
