"""What the kernel does by itself."""

from __future__ import annotations

from sqlalchemy import text

from app.kernel import jobs, upkeep
from app.kernel.database import Base, Database
from tests import world


def test_sqlite_counts_its_rows_a_table_at_a_time(database: Database):
    with database.unit_of_work():
        world.a_person()
        jobs.enqueue("analyse-tables", key="test-analyse", now=world.NOW)
    assert upkeep.ANALYSED_ROWS
    while jobs.run_next(database, holder="thử"):
        pass
    with database.unit_of_work(write=False) as current:
        job = jobs.find("test-analyse")
        assert job is not None and job.finished_at is not None
        if database.is_sqlite:
            assert job.done == job.total == len(Base.metadata.tables)
            counted = set(current.scalars(text("SELECT tbl FROM sqlite_stat1")))
            assert {"person", "unit", "membership"} <= counted
