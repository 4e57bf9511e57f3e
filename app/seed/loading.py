"""Many rows at a time: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.database import Base, Database
from app.kernel.upkeep import ANALYSED_ROWS

ROWS_A_CHUNK = 40_000
Row = Sequence[Any]


class Loader:
    """Collects rows of several tables and writes them chunk by chunk, a transaction each.

    Values come as the database keeps them: moments and JSON as text. Tables are written in
    the order in which `into` named them, so parents are named before their children.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._tables: list[_Table] = []
        self._waiting = 0
        self.counts: dict[str, int] = {}

    def into(self, table: type[Base], *columns: str, weight: int = 1) -> Callable[[Row], None]:
        """A function that takes a row of those columns; `weight` says how many small rows one
        of them is as heavy as.
        """
        made = _Table(table, columns)
        self._tables.append(made)

        def add(row: Row) -> None:
            made.rows.append(row)
            self._waiting += weight
            if self._waiting >= ROWS_A_CHUNK:
                self.flush()

        return add

    def flush(self) -> None:
        """Write what was collected."""
        if self._waiting:
            with self.database.unit_of_work() as session:
                if self.database.is_sqlite:
                    # Unique indexes of random text must stay in memory while they grow.
                    session.connection().exec_driver_sql("PRAGMA cache_size=-64000")
                for table in self._tables:
                    if table.rows:
                        name = table.model.__tablename__
                        self.counts[name] = self.counts.get(name, 0) + len(table.rows)
                        table.write(session)
        self._waiting = 0

    def finish(self) -> None:
        """Write the rest and forget the tables."""
        self.flush()
        self._tables.clear()


class _Table:
    def __init__(self, model: type[Base], columns: Sequence[str]) -> None:
        self.model, self.columns = model, columns
        self.rows: list[Row] = []

    def write(self, session: Session) -> None:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            statement = insert(self.model).compile(
                dialect=connection.dialect, column_keys=list(self.columns)
            )
            # The statement names its columns in the table's order.
            order = [self.columns.index(name) for name in statement.positiontup or ()]
            if order == list(range(len(self.columns))):
                connection.exec_driver_sql(str(statement), [tuple(row) for row in self.rows])
            else:
                connection.exec_driver_sql(
                    str(statement), [tuple(row[place] for place in order) for row in self.rows]
                )
        else:
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(self.model.__tablename__),
                sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            )
            cursor: Any = connection.connection.cursor()
            with cursor.copy(into) as copy:
                for row in self.rows:
                    copy.write_row(row)
        self.rows.clear()


def settle(database: Database) -> None:
    """Let the database go on from here: counters behind the last ids, fresh statistics."""
    if database.is_sqlite:
        with database.unit_of_work() as session:
            connection = session.connection()
            connection.exec_driver_sql(f"PRAGMA analysis_limit = {ANALYSED_ROWS}")
            connection.exec_driver_sql("ANALYZE")
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with database.unit_of_work() as session:
        for table in Base.metadata.sorted_tables:
            key = table.autoincrement_column
            if key is not None:
                last = session.scalar(select(func.max(key)))
                counter = func.pg_get_serial_sequence(table.name, key.name)
                if last is not None:
                    session.execute(select(func.setval(counter, last)).where(counter.is_not(None)))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
