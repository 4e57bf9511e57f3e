"""What a manager does here: exports, which record themselves."""

from __future__ import annotations

from datetime import datetime

from app.kernel import audit, clock, jobs
from app.kernel.database import session
from app.kernel.lists.listing import SORT, Asked
from app.kernel.words import Words, fold
from app.people.models import Person
from app.reporting import exporting, queries, rules
from app.reporting.exporting import Made
from app.reporting.lists import Scope
from app.reporting.models import ReportExport


def record_export(
    asked: Asked[Scope], form: str, *, by: Person, count: int, made: Made | None, now: datetime
) -> ReportExport:
    """Record that somebody exported a list, and queue the making of what is too long to wait for.

    A CSV is made when it is fetched. Raises NothingToExport for an empty list.
    """
    if not count:
        raise rules.NothingToExport
    arguments = dict(asked.arguments)
    if asked.sort != asked.list.sorted_by:
        arguments[SORT] = asked.sort
    export = ReportExport(
        list_name=asked.list.name,
        form=form,
        filters={
            "roots": list(asked.scope.roots),
            "language": asked.scope.language,
            "arguments": arguments,
        },
        filter_text=asked.description(),
        made_by_id=by.id,
        made_at=now,
        row_count=count,
        file_name=file_name(asked.list.title, form, now),
    )
    session().add(export)
    session().flush()
    if made is not None:
        exporting.finish(export, made)
    elif form != "csv":
        _queue(export, now)
    audit.record(
        "export",
        actor=by,
        subject=f"export:{export.id}",
        unit_id=queries.own_root(asked),
        after={
            "list": export.list_name,
            "form": form,
            "filter": export.filter_text,
            "rows": export.row_count,
            "hash": export.rows_hash,
        },
        now=now,
    )
    return export


def make_again(export: ReportExport, *, now: datetime) -> None:
    """Have a file made that could not be made so far; nothing is lost of what is there."""
    if export.finished_at is None:
        _queue(export, now)
        jobs.try_again(exporting.job_key(export.id), now=now)


def _queue(export: ReportExport, now: datetime) -> None:
    key = exporting.job_key(export.id)
    jobs.enqueue(exporting.JOB, {"export_id": export.id}, key=key, now=now)


def file_name(title: Words, form: str, now: datetime) -> str:
    """hoan-thanh-20261123-0805.xlsx: plain letters, so that every system keeps it."""
    return f"{fold(title.source).replace(' ', '-')}-{clock.local(now):%Y%m%d-%H%M}.{form}"
