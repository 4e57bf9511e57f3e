"""Managers' pages of required training."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import done, me, open_to, page, signed_in
from app.kernel.web.language import current_language
from app.organization import queries as organization
from app.people.rules import MEMBERSHIP_NAMES
from app.requirements import actions, queries
from app.requirements.forms import RequirementForm

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
    form = _with_choices(RequirementForm.sent())
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
    return page(
        "requirements/requirements.html",
        status,
        form=_with_choices(form),
        rows=queries.requirements_in(_roots(), clock.today()),
        kinds=MEMBERSHIP_NAMES,
        today=clock.today(),
    )


def _with_choices(form: Any) -> Any:
    if form.course_id.choices is None:
        form.course_id.choices = queries.course_choices(current_language())
        form.unit_id.choices = [
            (unit_id, "\u00a0\u00a0" * depth + name)
            for unit_id, name, depth in organization.unit_choices(_roots())
        ]
        form.membership_kind.choices = [
            ("", _("Mọi người")),
            ("officer", str(MEMBERSHIP_NAMES["officer"])),
            ("collaborator", str(MEMBERSHIP_NAMES["collaborator"])),
        ]
    return form
