"""What the kernel does by itself: chain audit rows, forget old counters and answers."""

from __future__ import annotations

from datetime import timedelta

from app.kernel import audit, clock, jobs, limits
from app.kernel.web import submissions


@jobs.task("seal-audit", every=timedelta(minutes=1))
def seal_audit(run: jobs.Run) -> None:
    """Chain the audit rows written since the last time."""
    sealed = audit.BATCH
    while sealed == audit.BATCH:
        with run.step():
            sealed = audit.seal()
            run.done += sealed


@jobs.task("sweep-counters", every=timedelta(hours=6))
def sweep_counters(run: jobs.Run) -> None:
    """Forget rate counters and remembered answers that no longer matter."""
    with run.step():
        limits.sweep(now=clock.now())
        submissions.sweep(now=clock.now())
