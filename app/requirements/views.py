"""Managers' pages of required training."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import done, me, open_to, page, signed_in
from app.kernel.web.language import current_language
from app.organization import queries as organization
from app.people.rules import MEMBERSHIP_NAMES
from app.requirements import actions, queries
from app.requirements.forms import RequirementForm

PAGE = 20

pages = Blueprint("requirements", __name__, template_folder="templates")


def _roots() -> list[int]:
    who = signed_in()
    return who.roots("manager") if who else []


@pages.get("/quan-ly/giao-hoc")
@open_to("manager")
def requirements() -> Any:
    form = RequirementForm(due_on=clock.today() + timedelta(days=30))
    return _page(form, 200)


@pages.post("/quan-ly/giao-hoc")
@open_to("manager")
def require() -> Any:
    form = RequirementForm.sent()
    _with_choices(form, _choices(form))
    if not form.validate():
        return _page(form, 422)
    course = queries.published_course(form.course_id.data) or abort(404)
    unit = organization.unit(form.unit_id.data) or abort(404)
    try:
        actions.require(
            course,
            unit,
            membership_kind=form.membership_kind.data,
            due_on=form.due_on.data,
            by=me(),
            now=clock.now(),
        )
    except Refusal as refusal:
        form.explain({"due_on": refusal})
        return _page(form, 422)
    return done(_("Đã giao khóa học."), url_for(".requirements"))


@pages.post("/quan-ly/giao-hoc/<int:requirement_id>/rut")
@open_to("manager")
def withdraw(requirement_id: int) -> Any:
    requirement = queries.requirement_in(requirement_id, _roots()) or abort(404)
    actions.withdraw(requirement, by=me(), now=clock.now())
    return done(_("Đã rút yêu cầu. Kết quả học của mọi người vẫn còn."), url_for(".requirements"))


def _page(form: RequirementForm, status: int) -> Any:
    after = queries.after(request.args.get("sau", ""))
    rows = queries.requirements_in(_roots(), clock.today(), after=after, size=PAGE + 1)
    following = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1].requirement
        following = url_for(".requirements", sau=f"{last.id}~{last.due_on.isoformat()}")
    choices = _choices(form)
    return page(
        "requirements/requirements.html",
        status,
        form=_with_choices(form, choices),
        choices=choices,
        rows=rows[:PAGE],
        following=following,
        is_first=after is None,
        kinds=MEMBERSHIP_NAMES,
        today=clock.today(),
    )


def _choices(form: Any) -> organization.UnitChoices:
    """The units that a course may be required of: near, searched for, or sent."""
    search = request.args.get("tim-don-vi", "").strip()[:100]
    return organization.unit_choices(_roots(), chosen=form.unit_id.data, search=search)


def _with_choices(form: Any, units: organization.UnitChoices) -> Any:
    form.course_id.choices = queries.course_choices(current_language())
    form.unit_id.choices = units.labelled
    form.membership_kind.choices = [
        ("", _("Mọi người")),
        ("officer", str(MEMBERSHIP_NAMES["officer"])),
        ("collaborator", str(MEMBERSHIP_NAMES["collaborator"])),
    ]
    return form
