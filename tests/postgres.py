"""A PostgreSQL server of the tests' own: made in a temporary folder, thrown away at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

# Fast and forgetful: nothing in a test's database has to survive a power cut.
_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=60 -c shared_buffers=32MB -c wal_level=minimal -c max_wal_senders=0 "
    "-c autovacuum=off"
)


class NoPostgres(Exception):
    """This machine has no PostgreSQL server."""


def binaries() -> Path:
    """The folder with `initdb` and `pg_ctl`, the newest version first.

    Raises NoPostgres where the machine has none.
    """
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    for found in sorted(versions, key=lambda p: int(p.parts[-3].split(".")[0]), reverse=True):
        return found.parent
    if found := shutil.which("initdb"):
        return Path(found).parent
    raise NoPostgres("PostgreSQL is not on this machine (Debian package: postgresql)")


def _as_server(*command: str) -> None:
    """Run a command as a user that PostgreSQL accepts: it refuses to run as root."""
    wanted = list(command)
    if os.geteuid() == 0:
        wanted = ["runuser", "-u", "postgres", "--", *wanted]
    done = subprocess.run(wanted, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


class Server:
    """A running server, reached through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shapes: dict[str, tuple[Any, ...]] = {}

    def url(self, database: str) -> str:
        """The address of one of its databases, as `DATABASE_URL` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def run(self, *statements: str) -> None:
        """Run statements that stand outside a transaction, such as CREATE DATABASE."""
        to = f"host={self.folder} user=postgres dbname=postgres"
        with psycopg.connect(to, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def copy(self, template: str, database: str) -> None:
        """Make a database anew as a copy of a template, ending whoever still uses it."""
        self.run(
            f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)',
            f'CREATE DATABASE "{database}" TEMPLATE "{template}"',
        )

    def remember(self, database: str) -> None:
        """Keep the rows that a database has now, to be put back by `renew` in its copies."""
        with self._connection(database) as connection:
            connection.execute(_REMEMBER)

    def renew(self, template: str, database: str) -> None:
        """Bring a copy back to the rows of its template; copy it anew if its shape changed.

        Emptying tables takes milliseconds, a copy a third of a second.
        """
        if database not in self._shapes:
            self.copy(template, database)
            with self._connection(database) as connection:
                self._shapes[database] = _shape(connection)
            return
        with self._connection(database) as connection:
            connection.execute(_END_OTHERS)
            if _shape(connection) == self._shapes[database]:
                connection.execute(_RENEW)
                return
        self.copy(template, database)

    def _connection(self, database: str) -> psycopg.Connection[Any]:
        to = f"host={self.folder} user=postgres dbname={database}"
        return psycopg.connect(to, autocommit=True)


_END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""

_SHAPE = """SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute),
(SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_proc),
(SELECT string_agg(tgname::text || tgenabled::text, ',' ORDER BY oid) FROM pg_trigger)"""

_REMEMBER = """DO $$ DECLARE t record; has_rows boolean; BEGIN
CREATE SCHEMA remembered;
FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', t.name) INTO has_rows;
    IF has_rows THEN
        EXECUTE format('CREATE TABLE remembered.%I AS TABLE public.%I', t.name, t.name);
    END IF;
END LOOP;
END $$"""

# As a replica no trigger fires: neither the foreign keys nor those that forbid a deletion.
_RENEW = """DO $$ DECLARE t record; BEGIN
PERFORM set_config('session_replication_role', 'replica', true);
FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', t.name);
END LOOP;
FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'remembered' LOOP
    EXECUTE format('INSERT INTO public.%I TABLE remembered.%I', t.name, t.name);
END LOOP;
FOR t IN SELECT sequencename AS name FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE public.%I RESTART', t.name);
END LOOP;
END $$"""


def _shape(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    """What tells whether somebody changed tables or triggers."""
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return tuple(row)


@contextmanager
def running() -> Iterator[Server]:
    """Start a server in a new folder; stop it and remove the folder afterwards."""
    tools = binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        _as_server(
            str(tools / "initdb"),
            *("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )
        control = (str(tools / "pg_ctl"), "-D", str(data), "-w")
        options = f"{_OPTIONS} -c unix_socket_directories='{folder}'"
        _as_server(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            _as_server(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
