"""Makes the file of an export: the question that was recorded, answered once.

Runs in a request for short lists and in a job for long ones; safe to run twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from app.kernel import clock, jobs
from app.kernel.database import session
from app.kernel.files import files
from app.kernel.lists.columns import Value
from app.kernel.lists.files import CSV_TYPE, XLSX_TYPE, Origin, Tally, csv_lines, write_xlsx
from app.kernel.lists.listing import Asked
from app.people.models import Person
from app.reporting import queries, rules
from app.reporting.administrative_docx import DOCX_TYPE, trained_list_docx
from app.reporting.lists import BY_ADDRESS, Scope
from app.reporting.models import ReportExport

TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "docx": DOCX_TYPE}
JOB = "make-export"
ROWS_A_STEP = 5_000


@dataclass(frozen=True)
class Made:
    """A finished file, already stored under its hash."""

    file_hash: str
    rows_hash: str
    row_count: int


def make(
    asked: Asked[Scope],
    form: str,
    origin: Origin,
    on_progress: Callable[[int], None] = lambda count: None,
) -> Made:
    """Make and store the file of a question. `form` is csv, xlsx or docx.

    Raises TooLongForPaper for a document above what paper holds.
    """
    tally = Tally()
    if form == "docx":
        found = queries.trained_rows(asked)
        for _row in tally.watch(asked.values(row) for row in found):
            pass
        content = trained_list_docx(queries.trained_list(asked, found))
        return Made(files().store(content), tally.sha256, tally.count)
    rows = _told(tally.watch(asked.rows(session())), on_progress)
    with TemporaryFile() as target:
        if form == "csv":
            target.writelines(csv_lines(asked.list.columns, rows, origin))
        else:
            write_xlsx(target, asked.list.columns, rows, origin)
        target.seek(0)
        return Made(files().store(target.read()), tally.sha256, tally.count)


def _told(
    rows: Iterator[tuple[Value, ...]], on_progress: Callable[[int], None]
) -> Iterator[tuple[Value, ...]]:
    for count, row in enumerate(rows, 1):
        if count % ROWS_A_STEP == 0:
            on_progress(count)
        yield row


def asked_again(export: ReportExport) -> Asked[Scope]:
    """The question of a recorded export, as it was asked."""
    listed = next(found for found in BY_ADDRESS.values() if found.name == export.list_name)
    scope = Scope(
        tuple(export.filters["roots"]),
        clock.local_date(export.made_at),
        export.filters["language"],
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


@jobs.task(JOB)
def make_long_export(run: jobs.Run) -> None:
    """Make the file of an export that was too long to wait for."""
    export_id = run.payload["export_id"]

    def told(count: int) -> None:
        with run.step():
            run.done = count

    with run.database.unit_of_work(write=False) as current:
        export = current.get_one(ReportExport, export_id)
        if export.finished_at is not None:
            return
        asked = asked_again(export)
        origin = origin_of(asked, by=export.made_by, made_at=export.made_at)
        with run.step():
            run.total = export.row_count or 0
        made = make(asked, export.form, origin, told)
    with run.step() as current:
        finish(current.get_one(ReportExport, export_id), made)


def finish(export: ReportExport, made: Made) -> None:
    """Note on an export what came out; doing it twice changes nothing."""
    export.row_count, export.rows_hash = made.row_count, made.rows_hash
    export.file_hash, export.finished_at = made.file_hash, clock.now()


def fits_in_a_request(form: str, count: int) -> bool:
    """Whether a file is made while the manager waits. Raises TooLongForPaper for documents."""
    if form != "docx":
        return count <= rules.ROWS_IN_A_REQUEST
    if count > rules.DOCUMENT_ROWS:
        raise rules.TooLongForPaper
    return count <= rules.DOCUMENT_ROWS_IN_A_REQUEST
