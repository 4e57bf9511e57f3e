"""The desk where managers recognise what was completed, and issue certificates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, request, url_for
from flask_babel import ngettext

from app.credentials import actions, freezing, queries, rules
from app.credentials.forms import DecisionForm
from app.credentials.models import Recognition
from app.credentials.pdf import certificate_pdf
from app.credentials.views import pages
from app.credentials.views.desk import offer, roots, signer_of
from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import database, done, me, open_to, own_transactions, page
from app.kernel.web.frame import MAX_KEY
from app.organization import queries as organization
from app.organization.models import Unit

DRAFT_NUMBER = "…/{year}"


@pages.get("/quan-ly/cong-nhan")
@open_to("manager")
def awaiting() -> Any:
    units = queries.issuers(roots(), clock.today())
    before = queries.last_decision([unit.id for unit in units])
    form = DecisionForm(**signer_of(before)) if "number" not in request.args else None
    return _desk(form or DecisionForm(request.args), units, chosen=_chosen())


@pages.get("/quan-ly/cong-nhan/xem-truoc")
@open_to("manager")
def preview() -> Any:
    form, units = DecisionForm(request.args), queries.issuers(roots(), clock.today())
    offer(form, units)
    ids = _chosen()
    if not form.validate():
        return _desk(form, units, chosen=ids, status=422)
    unit = next(unit for unit in units if unit.id == form.unit_id.data)
    waiting = queries.waiting_among(roots(), ids)
    try:
        actions.check_choice(unit, waiting, form.decision(), now=clock.now())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _desk(form, units, chosen=ids, status=422)
    today = clock.today()
    return page("credentials/preview.html", form=form, unit=unit, waiting=waiting, today=today)


@pages.get("/quan-ly/cong-nhan/xem-truoc.pdf")
@open_to("manager")
@own_transactions
def preview_page() -> Any:
    form = DecisionForm(request.args)
    with database().unit_of_work(write=False):
        units = queries.issuers(roots(), clock.today())
        offer(form, units)
        waiting = queries.waiting_among(roots(), _chosen())
        if not form.validate() or not waiting:
            abort(404)
        unit = next(unit for unit in units if unit.id == form.unit_id.data)
        words = freezing.words_of(
            waiting[0].completion,
            waiting[0].person,
            _unsaved(unit, form.decision()),
            register_number=DRAFT_NUMBER.format(year=clock.today().year),
            code="",
            issued_on=clock.today(),
        )
    content = certificate_pdf(words, issued_on=clock.today(), is_draft=True)
    return Response(content, mimetype="application/pdf")


@pages.post("/quan-ly/cong-nhan")
@open_to("manager")
def issue() -> Any:
    form, units = DecisionForm.sent(), queries.issuers(roots(), clock.today())
    offer(form, units)
    ids = request.form.getlist("completions", type=_key)
    if not form.validate():
        return _desk(form, units, chosen=ids, status=422)
    try:
        decision = actions.recognize(
            next(unit for unit in units if unit.id == form.unit_id.data),
            ids,
            form.decision(),
            roots=roots(),
            by=me(),
            now=clock.now(),
        )
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _desk(form, units, chosen=ids, status=422)
    sentence = ngettext(
        "Đã công nhận và cấp %(num)d giấy chứng nhận.",
        "Đã công nhận và cấp %(num)d giấy chứng nhận.",
        queries.count_recognized(decision.id, ids),
    )
    return done(sentence, url_for(".issued", decision_id=decision.id))


@pages.get("/quan-ly/cong-nhan/<int:decision_id>")
@open_to("manager")
def issued(decision_id: int) -> Any:
    found = queries.decision_with_certificates(decision_id, roots()) or abort(404)
    return page("credentials/issued.html", decision=found[0], certificates=found[1])


def _desk(
    form: DecisionForm, units: Sequence[Unit], *, chosen: Sequence[int], status: int = 200
) -> Any:
    """The desk with its two lists: who waits, and who is still on the way."""
    offer(form, units)
    unit_id = request.values.get("unit", type=_key)
    course_id = request.values.get("course", type=_key)
    breadth = organization.breadth_of(roots())
    after = _after(request.args.get("after", ""))
    waiting = queries.waiting(
        roots(), unit_id=unit_id, course_id=course_id, after=after, breadth=breadth
    )
    unfinished = queries.unfinished(roots(), unit_id=unit_id, course_id=course_id, breadth=breadth)
    return page(
        "credentials/awaiting.html",
        status,
        form=form,
        can_issue=bool(units),
        waiting=waiting[: queries.PAGE],
        following=_following(waiting, unit_id, course_id),
        unfinished=unfinished,
        most=queries.PAGE,
        units=organization.unit_choices(roots(), chosen=unit_id),
        courses=queries.enrolled_courses(roots(), breadth=breadth),
        unit_id=unit_id,
        course_id=course_id,
        chosen=set(chosen),
        choose_all="all" in request.args,
    )


def _chosen() -> list[int]:
    return request.args.getlist("completions", type=_key)


def _unsaved(unit: Unit, decision: rules.Decision) -> Recognition:
    return Recognition(
        unit=unit,
        decision_number=decision.number,
        decision_date=decision.day,
        is_standing=False,
        signer_name=decision.signer_name,
        signer_title=decision.signer_title,
        signing_for=decision.signing_for,
        confirms_validity=decision.confirms_validity,
    )


def _key(text: str) -> int:
    """A row id that an address names. Raises ValueError for what no database could hold."""
    number = int(text)
    if not 0 < number <= MAX_KEY:
        raise ValueError(text)
    return number


def _after(text: str) -> tuple[str, int] | None:
    completion_id, _tilde, name = text.partition("~")
    try:
        return (name, _key(completion_id)) if name else None
    except ValueError:
        return None


def _following(
    waiting: Sequence[queries.Waiting], unit_id: int | None, course_id: int | None
) -> str | None:
    if len(waiting) <= queries.PAGE:
        return None
    last = waiting[queries.PAGE - 1]
    after = f"{last.completion.id}~{last.person.name_sort}"
    return url_for(".awaiting", unit=unit_id, course=course_id, after=after)
