"""Starts the product as bin/serve and bin/flask do, with a clock that a campaign can move.

Nothing of this is in the product: `app.kernel.clock` is its one place that asks for the time,
so moving that one moves all. The processes also get names by which they can be told apart,
and `FAULTS_PLANT` plants a defect that the book must find.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import struct
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

CLOCK, PLANT = "FAULTS_CLOCK", "FAULTS_PLANT"
LONG_LIST = 150
"""Rows from which a list is exported by a job here, so that jobs are killed too."""

LONGEST_PAUSE = timedelta(seconds=20)
"""Between two tries of a failing job here: a campaign does not last long enough for an hour."""

FORGOTTEN = 1 / 40
"""Share of commits that do not happen where `amnesia` is planted."""


def move_the_clock(path: str) -> None:
    """Add the seconds that stand in a file of eight bytes to every moment, from now on."""
    from app.kernel import clock

    with open(path, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    real = clock.now

    def moved() -> Any:
        return real() + timedelta(seconds=struct.unpack("d", shared[:8])[0])

    clock.now = moved


def shorten_waits() -> None:
    """Make long exports and pauses of jobs short enough for a campaign."""
    from app.kernel import jobs
    from app.reporting import rules

    rules.ROWS_IN_A_REQUEST = LONG_LIST
    jobs.LONGEST_PAUSE = LONGEST_PAUSE


def name_processes() -> None:
    """Let web processes and the worker say in /proc what they are."""
    from app.kernel import supervisor

    def named(name: str, run: Callable[..., None]) -> Callable[..., None]:
        def be(*given: Any) -> None:
            ctypes.CDLL(None).prctl(15, name.encode())  # PR_SET_NAME
            run(*given)

        return be

    supervisor.serve_web = named("web", supervisor.serve_web)
    supervisor.serve_jobs = named("worker", supervisor.serve_jobs)


def forget_commits() -> None:
    """Say now and then that something was committed, and roll it back."""
    from sqlalchemy.orm import Session

    real = Session.commit

    def commit(self: Session) -> None:
        if random.random() < FORGOTTEN:
            self.rollback()
        else:
            real(self)

    Session.commit = commit  # type: ignore[method-assign]


def main(given: list[str]) -> int:
    """Serve, or run one of the product's commands."""
    move_the_clock(os.environ[CLOCK])
    shorten_waits()
    what, *rest = given
    if what == "serve":
        from app.kernel import supervisor

        if os.environ.get(PLANT) == "amnesia":
            forget_commits()
        name_processes()
        return supervisor.main(rest)
    from flask.cli import main as run

    sys.argv = ["flask", "--app", "wsgi.py", *given]
    run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
