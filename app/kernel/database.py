"""The database: one engine, one declarative base, one unit of work at a time.

A unit of work is a transaction. On SQLite a writing one begins IMMEDIATE: a read that
later turns into a write fails at once with a busy snapshot, whatever the timeout.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.kernel.kept import Kept

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


TURN_SECONDS = 20.0
"""How long a thread waits for the other writers of its own process on SQLite; then it asks the
database itself, which is unfair: who has waited long asks seldom, who comes new asks often."""


class UtcDateTime(TypeDecorator[datetime]):
    """Moments in UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Key = BigInteger().with_variant(Integer(), "sqlite")
"""The type of row ids: SQLite only counts up by itself in INTEGER columns."""


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: Key,
        str: String(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class _UnitOfWork(Session):
    """A session that tells its process, once it has committed, what it read of what never
    changes: a process that is only posted to knows it then as well as one that shows pages."""

    learn: Callable[[Kept], None]

    def commit(self) -> None:
        """Commit; what was read stood in rows that stay."""
        super().commit()
        if (own := self.info.get("kept")) is not None:
            self.learn(own)


_current: ContextVar[Session | None] = ContextVar("current_session", default=None)
_database: ContextVar[Database | None] = ContextVar("current_database", default=None)


class Database:
    """An engine and its units of work; made without connecting, so it is safe before a fork."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self._engine: Engine | None = None
        self._kept = Kept()
        self._turn = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> Engine:
        """The engine, made at first use (after the fork, never before)."""
        if self._engine is None:
            self._engine = _make_engine(self)
        return self._engine

    def dispose(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def unit_of_work(self, *, write: bool = True) -> Iterator[Session]:
        """One transaction: commits at the end of the block, rolls back on any exception."""
        session = self.begin(write=write)
        token, database_token = _current.set(session), _database.set(self)
        try:
            yield session
            if write:
                session.commit()
        finally:
            _current.reset(token)
            _database.reset(database_token)
            session.close()

    def begin(self, *, write: bool) -> Session:
        """A session whose transaction is already open; the web frame closes it by itself."""
        engine = self.engine.execution_options(writes=write)
        session = _UnitOfWork(engine, expire_on_commit=False, autoflush=True)
        session.learn = self._kept.learn
        session.connection()
        return session

    @contextmanager
    def serving(self, session: Session) -> Iterator[None]:
        """Make a session the current one for a block (the web frame's half of begin)."""
        token, database_token = _current.set(session), _database.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            _database.reset(database_token)


def session() -> Session:
    """The session of the current unit of work; every query and action uses this one."""
    current = _current.get()
    if current is None:
        raise RuntimeError("no unit of work is open")
    return current


def kept(kind: str, keys: Iterable[K], load: Callable[[list[K]], Mapping[K, T]]) -> dict[K, T]:
    """Things made of rows that never change, by their keys: from this process's memory, and
    those that it lacks as `load` reads them, at most once.

    `load` may give more than it is asked for, and all threads share what it gives. What a unit
    of work that writes has read is kept for itself alone until it has committed: before, it may
    be rolled back.
    """
    database, current = _database.get(), session()
    wanted = list(keys)
    own: Kept = current.info.get("kept") or current.info.setdefault("kept", Kept())
    found = {**(database._kept.known(kind, wanted) if database else {}), **own.known(kind, wanted)}
    if lacking := [key for key in wanted if key not in found]:
        loaded = load(lacking)
        reads = current.get_bind().get_execution_options().get("writes") is False
        (database._kept if database and reads else own).keep(kind, loaded)
        found.update({key: loaded[key] for key in lacking if key in loaded})
    return found


def set_current(database: Database | None, current: Session | None) -> Callable[[], None]:
    """Make a session current until the returned function is called (for the web frame)."""
    token, database_token = _current.set(current), _database.set(database)

    def restore() -> None:
        _current.reset(token)
        _database.reset(database_token)

    return restore


def serialize(name: str) -> None:
    """Let only one writing transaction at a time go on from here, until it ends.

    On SQLite a writing transaction is alone already.
    """
    if not is_sqlite():
        session().execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def is_sqlite() -> bool:
    """Whether the current unit of work speaks to SQLite."""
    return session().get_bind().dialect.name == "sqlite"


def _make_engine(database: Database) -> Engine:
    url = database.url
    if not database.is_sqlite:
        return create_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 5, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `begin` below does.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=5000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if not connection.get_execution_options().get("writes", True):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("turn"):
            connection.info["turn"] = database._turn.acquire(timeout=TURN_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def end_turn(_connection: Any, record: Any) -> None:
        # Whatever became of the transaction, its connection comes back to the pool.
        if record.info.pop("turn", False):
            database._turn.release()

    return engine
