"""Commands of the kernel: verify the audit chain, run a worker."""

from __future__ import annotations

import threading

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.kernel import audit as trail
from app.kernel import jobs
from app.kernel.commandline import current_database, fail

audit = AppGroup("audit", help="The audit chain.")


@audit.command("verify")
def verify() -> None:
    """Read the whole audit chain again; exit 1 and name the first broken link."""
    with current_database().unit_of_work(write=False):
        broken = trail.first_broken_link()
    if broken:
        fail(broken)
    click.echo("audit chain: intact")


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run jobs until interrupted: for hosts that serve pages and jobs apart."""
    stop = threading.Event()
    try:
        jobs.work(current_database(), stop, settings=current_app.extensions["settings"])
    except KeyboardInterrupt:
        stop.set()
