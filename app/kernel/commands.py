"""Commands of the kernel: prove the audit chain, run a worker."""

from __future__ import annotations

import threading
from typing import TextIO

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.kernel import chain, clock, jobs
from app.kernel.commandline import current_database, fail
from app.kernel.refusals import Refusal
from app.kernel.words import show_moment, show_number

audit = AppGroup("audit", help="The audit chain.")


@audit.command("head")
def head() -> None:
    """Print the chain's last link as a line to keep elsewhere: `verify --head` then proves
    that nothing before it was cut or rewritten."""
    with current_database().unit_of_work(write=False):
        click.echo(chain.head().line(clock.now()))


@audit.command("verify")
@click.option(
    "--head",
    "kept",
    type=click.File(encoding="utf-8"),
    help="A file with lines that `audit head` printed earlier.",
)
def verify(kept: TextIO | None) -> None:
    """Read the whole audit chain again; exit 1 and name every place that does not hold."""
    try:
        heads = chain.read_heads(kept.read()) if kept else []
    except Refusal as refusal:
        fail(str(refusal))
    with current_database().unit_of_work(write=False):
        verdict = chain.verify(heads)
    number = show_number(verdict.links)
    if verdict.unsealed:
        since = show_moment(verdict.unsealed_since)
        click.echo(
            f"{show_number(verdict.unsealed)} dòng chưa niêm phong, cũ nhất từ {since}.", err=True
        )
    if verdict.erased:
        click.echo(f"{show_number(verdict.erased)} dòng đã xóa phần trước và sau.", err=True)
    if verdict.findings:
        fail("\n".join(map(str, verdict.findings)))
    click.echo(
        f"Chuỗi nhật ký nguyên vẹn: {number} mắt xích, "
        f"mốc {verdict.head.sequence} {verdict.head.hash[:16]}."
    )


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run jobs until interrupted: for hosts that serve pages and jobs apart."""
    stop = threading.Event()
    try:
        jobs.work(current_database(), stop, settings=current_app.extensions["settings"])
    except KeyboardInterrupt:
        stop.set()
