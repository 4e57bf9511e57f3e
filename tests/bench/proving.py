"""The audit chain read again: how long a million rows take, and how much memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from app.kernel.audit import AuditRow
from app.kernel.database import Database, session
from app.seed.loading import Loader, settle
from app.seed.span import Chance, Span
from app.seed.trail import Trail
from tests.bench.instances import ROOT, Installation
from tests.bench.measuring import WrongAnswer

ROWS = 1_000_000


def prove(installation: Installation, *, seed: int) -> dict[str, Any]:
    """Fill the chain up to a million rows and run `audit verify` as an operator does.

    The server must have stopped: nobody else may seal meanwhile. Raises WrongAnswer.
    """
    database = Database(installation.database_url)
    try:
        _fill(database, seed)
    finally:
        database.dispose()
    command = [sys.executable, "-P", "-m", "flask", "--app", str(ROOT / "wsgi.py")]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "audit", "verify"],
        cwd=ROOT,
        env=installation.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise WrongAnswer(f"audit verify found what nobody planted: {done.stderr[-300:]}")
    # The largest child so far: seeding took more only where it was a child of this process too.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"rows": ROWS, "total_s": round(seconds, 1), "peak_mb": round(peak)}


def _fill(database: Database, seed: int) -> None:
    span = Span(datetime.now(UTC).date(), has_zone=not database.is_sqlite)
    loader, trail = Loader(database), Trail(database, span, Chance(str(seed)))
    trail.begin(loader)
    with database.unit_of_work(write=False):
        there = session().scalar(select(func.count()).select_from(AuditRow)) or 0
    for number in range(there, ROWS):
        trail.record(
            "role.grant",
            actor=(1, "Đặng Văn Quản"),
            subject=f"person:{number}",
            unit_id=None,
            after={"role": "manager"},
            at=number % span.end,
        )
    loader.finish()
    settle(database)
