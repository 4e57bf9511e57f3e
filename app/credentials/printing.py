"""The printed page of a certificate: set once after its issue, stored by hash, then the same."""

from __future__ import annotations

from datetime import date

from app.credentials import actions, queries, rules
from app.credentials.pdf import certificate_pdf
from app.credentials.wording import Wording
from app.kernel import clock
from app.kernel.database import Database
from app.kernel.files import files
from app.kernel.jobs import Run, task


def page_of(printable: queries.Printable, database: Database) -> tuple[bytes, str]:
    """The page and its SHA-256. Call it outside any unit of work: setting takes its time.

    Raises PageWithdrawn to the holder of a certificate that was taken back, and
    CannotTypeset where it was never set and cannot be set here.
    """
    certificate, file = printable.certificate, printable.file
    if printable.is_ended and not printable.is_managed:
        raise rules.PageWithdrawn
    if file is not None and files().has(file.hash):
        return files().read(file.hash), file.hash
    page = _typeset(certificate.printed, certificate.issued_on)
    digest = files().store(page)
    with database.unit_of_work():
        actions.keep_file(certificate.id, content_hash=digest, size=len(page), now=clock.now())
    return page, digest


def _typeset(printed: dict[str, str], issued_on: date) -> bytes:
    return certificate_pdf(Wording(**printed), issued_on=issued_on)  # type: ignore[arg-type]


@task(actions.TYPESET_JOB)
def typeset_batch(run: Run) -> None:
    """Set the pages of a batch ahead of their readers, one step a page."""
    ids = run.payload["certificates"]
    run.total = len(ids)
    for index in range(run.cursor.get("next", 0), len(ids)):
        with run.database.unit_of_work(write=False):
            found = queries.unprinted(ids[index])
            printed = (found.printed, found.issued_on) if found else None
        stored = None
        if printed is not None:
            page = _typeset(*printed)
            stored = (files().store(page), len(page))
        with run.step():
            if stored is not None:
                digest, size = stored
                actions.keep_file(ids[index], content_hash=digest, size=size, now=clock.now())
            run.cursor["next"] = run.done = index + 1
