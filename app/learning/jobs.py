"""The job that takes those who are still learning along to a corrected version."""

from __future__ import annotations

from app.catalog.models import CourseVersion
from app.kernel import clock, jobs
from app.learning import actions


@jobs.task("take-along")
def take_along(run: jobs.Run) -> None:
    """Move open enrollments in steps of so many; who moved is no longer left behind."""
    moved = actions.TAKEN_AT_ONCE
    while moved == actions.TAKEN_AT_ONCE:
        with run.step() as current:
            version = current.get_one(CourseVersion, run.payload["version_id"])
            moved = actions.take_along(version, now=clock.now())
            run.done += moved
