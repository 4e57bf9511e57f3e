"""Makes the file of an export: the question that was recorded, answered once.

A short workbook is made while the manager waits, a long one by a job in steps, and CSV of any
length flows to the reader row by row. Each speaks the language of whoever asked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.kernel import clock, jobs
from app.kernel.database import Database, is_sqlite, session
from app.kernel.files import files
from app.kernel.lists.columns import Value
from app.kernel.lists.files import (
    CSV_TYPE,
    XLSX_ROW_LIMIT,
    XLSX_TYPE,
    Origin,
    Tally,
    csv_lines,
    write_xlsx,
)
from app.kernel.lists.listing import Asked
from app.kernel.lists.parts import Parts
from app.kernel.words import speaking
from app.people.models import Person
from app.reporting import queries, rules
from app.reporting.administrative_docx import DOCX_TYPE, trained_list_docx
from app.reporting.lists import BY_ADDRESS, Scope
from app.reporting.models import ReportExport

TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "docx": DOCX_TYPE}
JOB = "make-export"
ROWS_A_STEP = 5_000
LINES_AT_ONCE = 500
"""Lines of CSV that are sent together, about 100 KB."""


@dataclass(frozen=True)
class Made:
    """A finished file, already stored under its hash."""

    file_hash: str
    rows_hash: str
    row_count: int


def make(asked: Asked[Scope], form: str, origin: Origin) -> Made:
    """Make and store the file of a question. `form` is xlsx or docx.

    Raises TooLongForPaper for a document above what paper holds.
    """
    with speaking(asked.scope.language):
        if form == "docx":
            return _document(asked)
        return _workbook(asked, asked.rows(session()), origin)


def _document(asked: Asked[Scope]) -> Made:
    tally = Tally()
    found = queries.trained_rows(asked)
    for _row in tally.watch(asked.values(row) for row in found):
        pass
    content = trained_list_docx(queries.trained_list(asked, found))
    return Made(files().store(content), tally.sha256, tally.count)


def _workbook(asked: Asked[Scope], rows: Iterable[tuple[Value, ...]], origin: Origin) -> Made:
    tally = Tally()
    with TemporaryFile() as target:
        write_xlsx(target, asked.list.columns, tally.watch(rows), origin)
        return Made(files().store_file(target), tally.sha256, tally.count)


# CSV: sent while it is read


def flowing(database: Database, export_id: int, asked: Asked[Scope]) -> Iterator[bytes]:
    """The CSV of a recorded export, a piece at a time, read in a session of its own.

    Whoever has all of it knows that it is stored: from then on it is the file of this export.
    Somebody who leaves before the end leaves nothing behind.
    """
    # Between two pieces the thread is the server's: what is current here must not leak out.
    here, end = copy_context(), b""
    pieces = _flowing(database, export_id, asked)
    try:
        while piece := here.run(next, pieces, end):
            yield piece
    finally:
        here.run(pieces.close)


def _flowing(
    database: Database, export_id: int, asked: Asked[Scope]
) -> Generator[bytes, None, None]:
    tally = Tally()
    with TemporaryFile() as copy:
        with database.unit_of_work(write=False) as current, speaking(asked.scope.language):
            _hold_still(current)
            export = current.get_one(ReportExport, export_id)
            # Usually the moment of asking; but who fetches it tomorrow gets tomorrow's rows.
            origin = origin_of(asked, by=export.made_by, made_at=clock.now())
            rows = tally.watch(_all_rows(current, asked))
            lines = csv_lines(asked.list.columns, rows, origin)
            yield _copied(copy, next(lines))
            while together := b"".join(islice(lines, LINES_AT_ONCE)):
                yield _copied(copy, together)
        with database.unit_of_work() as current:
            found = current.get_one(ReportExport, export_id, with_for_update=True)
            if found.finished_at is None:
                finish(found, Made(files().store_file(copy), tally.sha256, tally.count))


def _all_rows(current: Session, asked: Asked[Scope]) -> Iterator[tuple[Value, ...]]:
    """Every row, found by key first: SQLite would keep all columns in memory to sort by one."""
    yield from asked.rows_of(current, asked.ids(current))


def _copied(copy: Any, piece: bytes) -> bytes:
    copy.write(piece)
    return piece


# The question


def asked_again(export: ReportExport) -> Asked[Scope]:
    """The question of a recorded export, as it was asked."""
    listed = next(found for found in BY_ADDRESS.values() if found.name == export.list_name)
    scope = queries.measured(
        Scope(
            tuple(export.filters["roots"]),
            clock.local_date(export.made_at),
            export.filters["language"],
        )
    )
    arguments: dict[str, str] = export.filters["arguments"]
    return listed.ask(arguments, scope, queries.options(listed, scope, arguments))


def origin_of(asked: Asked[Scope], *, by: Person, made_at: Any) -> Origin:
    """What the file says about itself."""
    issuer, is_illustration = queries.issuer_for(queries.own_root(asked))
    return Origin(
        title=str(asked.list.title),
        filter=asked.description(),
        asked_by=by.full_name,
        unit=issuer.unit,
        made_at=made_at,
        is_illustration=is_illustration,
    )


# Long workbooks and documents: a job


@jobs.task(JOB)
def make_long_export(run: jobs.Run) -> None:
    """Make the file of an export that was too long to wait for, in steps that resume."""
    export_id = run.payload["export_id"]
    parts = _parts(export_id)
    with run.database.unit_of_work(write=False) as current:
        _hold_still(current)
        export = current.get_one(ReportExport, export_id)
        # A CSV was a job once; what was queued then flows when it is fetched, as all do now.
        if export.finished_at is None and export.form != "csv":
            with speaking(export.filters["language"]):
                asked = asked_again(export)
                made = _made_in_steps(run, parts, export, asked)
            with run.step() as writing:
                finish(writing.get_one(ReportExport, export_id), made)
    parts.clear()


def _hold_still(current: Session) -> None:
    """Read one state of the database from here on, however many statements it takes."""
    if not is_sqlite():  # where it is always so
        current.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _made_in_steps(run: jobs.Run, parts: Parts, export: ReportExport, asked: Asked[Scope]) -> Made:
    if export.form == "docx":
        return make(asked, export.form, origin_of(asked, by=export.made_by, made_at=export.made_at))
    names = _laid_down(run, parts, asked)
    origin = origin_of(asked, by=export.made_by, made_at=export.made_at)
    return _workbook(asked, parts.rows(names), origin)


def _laid_down(run: jobs.Run, parts: Parts, asked: Asked[Scope]) -> list[str]:
    """Read all rows into parts, a step each; returns their names. Goes on where it stopped.

    Which rows there are, and their order, is settled once: nobody who becomes active in the
    meantime is told twice or missed.
    """
    names: list[str] = run.cursor.get("columns", [])
    if not all(map(parts.has, ["ids", *names])):
        # The first time, or the parts lie on another machine or were cleared away.
        parts.clear()
        parts.keep("ids", asked.ids(session()))
        names = []
    ids: list[int] = parts.read("ids")
    for start in range(len(names) * ROWS_A_STEP, len(ids), ROWS_A_STEP):
        name = f"columns-{start}"
        some = ids[start : start + ROWS_A_STEP]
        parts.keep_rows(name, list(asked.rows_of(session(), some)))
        names = [*names, name]
        with run.step():
            run.cursor = {"columns": names}
            run.done, run.total = start + len(some), len(ids)
    return names


def job_key(export_id: int) -> str:
    """The occasion of the job that makes an export's file."""
    return f"{JOB}:{export_id}"


def _parts(export_id: int) -> Parts:
    return Parts(files().workplace(f"export-{export_id}"))


@jobs.task("sweep-exports", every=timedelta(days=1))
def sweep_parts(run: jobs.Run) -> None:
    """Clear away the parts of long exports whose job has come to its end."""
    left = {
        int(folder.name.removeprefix("export-")): folder
        for folder in files().workplace("").glob("export-*")
    }
    with run.step() as current:
        keys = {job_key(export_id): export_id for export_id in left}
        open_jobs = select(jobs.Job.key).where(
            jobs.Job.key.in_(keys), jobs.Job.finished_at.is_(None), jobs.Job.failed_at.is_(None)
        )
        for key in set(keys) - set(current.scalars(open_jobs)):
            _parts(keys[key]).clear()


def finish(export: ReportExport, made: Made) -> None:
    """Note on an export what came out; doing it twice changes nothing."""
    export.row_count, export.rows_hash = made.row_count, made.rows_hash
    export.file_hash, export.finished_at = made.file_hash, clock.now()


def fits_in_a_request(form: str, count: int) -> bool:
    """Whether a file is made while the manager waits; CSV is not: it flows when it is fetched.

    Raises TooLongForPaper or TooLongForASheet for what its form cannot hold.
    """
    if form == "csv":
        return False
    if form == "xlsx":
        if count > XLSX_ROW_LIMIT:
            raise rules.TooLongForASheet
        return count <= rules.ROWS_IN_A_REQUEST
    if count > rules.DOCUMENT_ROWS:
        raise rules.TooLongForPaper
    return count <= rules.DOCUMENT_ROWS_IN_A_REQUEST
