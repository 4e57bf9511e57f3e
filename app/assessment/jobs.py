"""The job that records attempts whose time ran out."""

from __future__ import annotations

from datetime import timedelta

from app.assessment import actions, queries
from app.kernel import clock, jobs


@jobs.task("close-overdue-attempts", every=timedelta(minutes=1))
def close_overdue(run: jobs.Run) -> None:
    """Close overdue attempts one by one, so that a kill loses at most one."""
    with run.step():
        ids = queries.overdue(clock.now())
    for attempt_id in ids:
        with run.step():
            attempt = queries.attempt_with_items(attempt_id)
            if attempt is not None:
                actions.close(attempt, was_overdue=True, now=clock.now())
            run.done += 1
