"""What the kernel does by itself: chain audit rows, forget old counters and answers, and tell
SQLite how its rows are spread.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from app.kernel import audit, clock, jobs, limits
from app.kernel.database import Base, Database
from app.kernel.web import submissions

SEAL_SECONDS = 3.0
"""Between two looks for unsealed rows: what is older than ten seconds is part of the chain."""


@jobs.beside(every=SEAL_SECONDS)
def seal_audit(database: Database) -> None:
    """Chain the audit rows written since the last time."""
    with database.unit_of_work(write=False):
        sealed = audit.BATCH if audit.is_behind() else 0
    while sealed == audit.BATCH:
        with database.unit_of_work():
            sealed = audit.seal()


@jobs.task("sweep-counters", every=timedelta(hours=6))
def sweep_counters(run: jobs.Run) -> None:
    """Forget rate counters and remembered answers that no longer matter."""
    with run.step():
        limits.sweep(now=clock.now())
        submissions.sweep(now=clock.now())


ANALYSED_ROWS = 20_000
"""Rows of each index that SQLite looks at: enough to choose well, and a matter of a second."""


@jobs.task("analyse-tables", every=timedelta(days=1))
def analyse_tables(run: jobs.Run) -> None:
    """Let SQLite count its rows, so that it begins a search at the right end.

    A table a step: all of them at once hold SQLite's only lock for seconds on a large site.
    PostgreSQL does so by itself.
    """
    if not run.database.is_sqlite:
        return
    names = sorted(Base.metadata.tables)
    run.total = len(names)
    for name in names[run.cursor.get("next", 0) :]:
        with run.step() as current:
            current.execute(text(f"PRAGMA analysis_limit = {ANALYSED_ROWS}"))
            current.execute(text(f'ANALYZE "{name}"'))
            run.cursor["next"] = run.done = run.cursor.get("next", 0) + 1
