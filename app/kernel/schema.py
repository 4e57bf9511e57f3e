"""The schema: one migration line, and the triggers and search tables declared beside models.

Batch migrations on SQLite rebuild tables and drop their triggers, so everything that Alembic
does not know is dropped and made again after every upgrade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from alembic.config import Config

    from app.kernel.database import Database

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@dataclass(frozen=True)
class Extra:
    """Statements that make something Alembic does not compare; each must be safe to repeat."""

    name: str
    sqlite: tuple[str, ...] = ()
    postgresql: tuple[str, ...] = ()


_extras: list[Extra] = []


def declare(extra: Extra) -> None:
    """Declare a trigger or search table beside its model."""
    if all(known.name != extra.name for known in _extras):
        _extras.append(extra)


def frozen_table(table: str, why: str, *, verbs: Sequence[str] = ("UPDATE", "DELETE")) -> Extra:
    """Triggers by which the database itself refuses to change or delete a table's rows."""
    sqlite = []
    for verb in verbs:
        name = f"{table}_no_{verb.lower()}"
        sqlite += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        ]
    postgresql = (
        f"CREATE OR REPLACE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{why}'; END $$",
        f"DROP TRIGGER IF EXISTS {table}_frozen ON {table}",
        f"CREATE TRIGGER {table}_frozen BEFORE {' OR '.join(verbs)} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_frozen()",
    )
    return Extra(f"frozen:{table}", tuple(sqlite), postgresql)


def make_extras(connection: Connection) -> None:
    """Make every declared extra, replacing what was there."""
    for extra in _extras:
        for statement in getattr(extra, connection.dialect.name):
            connection.exec_driver_sql(statement)


def upgrade(database: Database, revision: str = "head") -> bool:
    """Bring the schema to a revision; True when something was migrated."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    engine = database.engine.execution_options(writes=True)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Two servers that start at once migrate one after the other.
            connection.execute(text("SELECT pg_advisory_xact_lock(712019)"))
        before = MigrationContext.configure(connection).get_current_revision()
        if before == script.get_current_head() and revision == "head":
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        make_extras(connection)
    return True


def alembic_config() -> Config:
    """Alembic's configuration without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
