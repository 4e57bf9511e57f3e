"""The manager's room: figures, lists, exports; and a learner's own training record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, Response, abort, request, send_file, url_for

from app.catalog.words import THEME_NAMES
from app.kernel import clock, jobs
from app.kernel.database import serialize, session
from app.kernel.envelope import new_uuid
from app.kernel.files import files
from app.kernel.lists.filters import MISREAD_DATE, REVERSED_PERIOD, NotThere
from app.kernel.lists.listing import Asked, List
from app.kernel.web import (
    database,
    done,
    me,
    open_to,
    own_transactions,
    page,
    signed_in,
    submissions,
)
from app.kernel.web.language import current_language
from app.kernel.words import Words, read_date, show_date, speaking
from app.reporting import actions, administrative, exporting, figures, queries, rules
from app.reporting.lists import BY_ADDRESS, TRAINED, UNIT, Scope
from app.reporting.models import ReportExport

TITLES = {listed.name: listed.title for listed in BY_ADDRESS.values()}

pages = Blueprint("reporting", __name__, template_folder="templates")


@pages.errorhandler(NotThere)
def not_there(_error: NotThere) -> Any:
    """What is outside a manager's units is answered like what does not exist."""
    return page("errors/404.html", 404)


def _scope() -> Scope:
    who = signed_in()
    roots = tuple(who.roots("manager")) if who else ()
    return Scope(roots or abort(404), clock.today(), current_language())


def _measured() -> Scope:
    """The scope of a page, with how much of the country it is."""
    return queries.measured(_scope())


def _asked(listed: List[Scope], arguments: Mapping[str, str], scope: Scope) -> Asked[Scope]:
    return listed.ask(arguments, scope, queries.options(listed, scope, arguments))


# Figures


@pages.get("/quan-ly")
@open_to("manager")
def overview() -> Any:
    scope = _measured()
    units = queries.unit_options(scope, request.args.get(UNIT, ""))
    chosen = request.args.get(UNIT) or units[0].value
    if chosen not in {unit.value for unit in units}:
        abort(404)
    first, last, problems = _period(scope.on)
    counted = figures.overview(int(chosen), first, last, scope)
    return page(
        "reporting/overview.html",
        units=units,
        chosen=chosen,
        first=first,
        last=last,
        typed={key: request.args.get(key, "") for key in ("tu", "den")},
        problems=problems,
        overview=counted,
        months=rules.months_between(first, last),
        is_filtered=bool(request.args),
        lists=BY_ADDRESS,
    )


def _period(on: date) -> tuple[date, date, dict[str, Words]]:
    """The period asked for, this year up to today where none or a wrong one was given."""
    problems: dict[str, Words] = {}
    days: dict[str, date | None] = {}
    for key in ("tu", "den"):
        text = request.args.get(key, "")
        days[key] = read_date(text) if text else None
        if text and days[key] is None:
            problems[key] = MISREAD_DATE
    last = days["den"] or on
    first = days["tu"] or date(last.year, 1, 1)
    if first > last:
        problems["den"] = REVERSED_PERIOD
        first = date(last.year, 1, 1)
    return first, last, problems


# Lists


@pages.get("/quan-ly/danh-sach")
@open_to("manager")
def lists() -> Any:
    return page(
        "reporting/lists.html", lists=BY_ADDRESS, titles=TITLES, exports=queries.exports_by(me().id)
    )


@pages.get("/quan-ly/hoc-vien")
@open_to("manager")
def people() -> Any:
    return _list_page("hoc-vien")


@pages.get("/quan-ly/ghi-danh")
@open_to("manager")
def enrollments() -> Any:
    return _list_page("ghi-danh")


@pages.get("/quan-ly/hoan-thanh")
@open_to("manager")
def completions() -> Any:
    return _list_page("hoan-thanh")


@pages.get("/quan-ly/giay-chung-nhan")
@open_to("manager")
def certificates() -> Any:
    return _list_page("giay-chung-nhan")


def _list_page(address: str) -> Any:
    listed, scope = BY_ADDRESS[address], _measured()
    options = queries.options(listed, scope, request.args)
    asked = listed.ask(request.args, scope, options)
    with speaking(scope.language):
        shown = asked.page(session())
    return page(
        "reporting/list.html",
        address=address,
        asked=asked,
        shown=shown,
        options=options,
    )


@pages.get("/quan-ly/hoc-vien/<int:person_id>")
@open_to("manager")
def person(person_id: int) -> Any:
    scope = _scope()
    found, is_member = queries.person_for(person_id, scope) or abort(404)
    record = queries.record_of(
        found.id, language=scope.language, on=scope.on, scope=None if is_member else scope
    )
    return page(
        "reporting/person.html",
        person=found,
        is_member=is_member,
        places=queries.places_of(found, scope.on),
        record=record,
        themes=THEME_NAMES,
    )


# The administrative list


@pages.get("/quan-ly/danh-sach-boi-duong")
@open_to("manager")
def trained() -> Any:
    scope = _measured()
    options = queries.options(TRAINED, scope, request.args)
    asked = TRAINED.ask(request.args, scope, options)
    shown = asked.page(session())
    return page(
        "reporting/trained.html",
        asked=asked,
        options=options,
        shown=shown,
        trained=queries.trained_list(asked, [row.source for row in shown.rows]),
        paper=administrative,
    )


@pages.get("/quan-ly/danh-sach-boi-duong/in")
@open_to("manager")
def trained_on_paper() -> Any:
    asked = _asked(TRAINED, request.args, _scope())
    rows = queries.trained_rows(asked)
    return page(
        "reporting/trained_paper.html",
        asked=asked,
        trained=queries.trained_list(asked, rows),
        paper=administrative,
    )


# Exports


@pages.post("/quan-ly/<any({}):address>/xuat".format(", ".join(f'"{a}"' for a in BY_ADDRESS)))
@open_to("manager")
@own_transactions
def export(address: str) -> Any:
    listed, now = BY_ADDRESS[address], clock.now()
    form = request.form.get("dang", "")
    if form not in (("docx",) if listed is TRAINED else ("csv", "xlsx")):
        abort(404)
    # Reads and makes the file first: nobody waits for a write lock meanwhile.
    with database().unit_of_work(write=False):
        asked = _asked(listed, request.form, _measured())
        count, made = asked.count(session()), None
        if count and exporting.fits_in_a_request(form, count):
            origin = exporting.origin_of(asked, by=me(), made_at=now)
            made = exporting.make(asked, form, origin)
    with database().unit_of_work():
        once = _press(form)
        target = submissions.first_answer(me().id, once)
        if target is None:
            recorded = actions.record_export(asked, form, by=me(), count=count, made=made, now=now)
            target = url_for(".exported", export_id=recorded.id)
            submissions.remember(me().id, once, target, now=now)
    return done("", target)


def _press(form: str) -> str:
    """The UUID of this press, with this form of file chosen; a second press waits here.

    A download leaves the page as it is, so its one UUID serves for a CSV and then an XLSX.
    """
    press = submissions.valid_uuid(request.form.get("lan", "")) or new_uuid()
    serialize(f"export:{press}")
    return str(uuid5(UUID(press), form))


@pages.get("/quan-ly/xuat/<int:export_id>")
@open_to("manager")
def exported(export_id: int) -> Any:
    found = _export(export_id)
    if found.finished_at is not None:
        return _attached(send_file(files().path(found.file_hash)), found)
    if found.form != "csv":
        return _waiting(found)
    with speaking(found.filters["language"]):
        asked = exporting.asked_again(found)
    return _attached(Response(exporting.flowing(database(), found.id, asked)), found)


@pages.get("/quan-ly/xuat/<int:export_id>/tien-do")
@open_to("manager")
def export_progress(export_id: int) -> Any:
    return _waiting(_export(export_id))


@pages.post("/quan-ly/xuat/<int:export_id>/lap-lai")
@open_to("manager")
def export_again(export_id: int) -> Any:
    found = _export(export_id)
    actions.make_again(found, now=clock.now())
    return done("", url_for(".export_progress", export_id=found.id))


def _export(export_id: int) -> ReportExport:
    return queries.export_for(export_id, me().id, _scope().roots) or abort(404)


def _waiting(export: ReportExport) -> Any:
    job = jobs.find(exporting.job_key(export.id))
    return page("reporting/export_waiting.html", export=export, job=job)


def _attached(response: Response, export: ReportExport) -> Response:
    response.content_type = exporting.TYPES[export.form]
    response.headers.set("Content-Disposition", "attachment", filename=export.file_name)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


# A learner's own record


@pages.get("/ho-so-boi-duong")
@open_to("learner")
def own_record() -> Any:
    record = queries.record_of(me().id, language=current_language(), on=clock.today())
    return page(
        "reporting/record.html",
        person=me(),
        record=record,
        themes=THEME_NAMES,
        printed_on=show_date(clock.today()),
    )
