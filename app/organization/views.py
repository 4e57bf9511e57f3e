"""Administration of units."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.lists.paging import page_key
from app.kernel.refusals import Refusal
from app.kernel.web import done, me, open_to, page, signed_in
from app.organization import actions, queries, rules
from app.organization.forms import UnitChangeForm, UnitForm
from app.organization.models import Unit

pages = Blueprint("organization", __name__, template_folder="templates")


def _roots() -> list[int]:
    who = signed_in()
    return who.roots("administrator") if who else []


def _unit(unit_id: int) -> Unit:
    if not queries.is_below(_roots(), unit_id):
        abort(404)
    return queries.unit(unit_id) or abort(404)


@pages.get("/quan-tri/don-vi")
@open_to("administrator")
def units() -> Any:
    within = request.args.get("trong", type=int)
    if within is not None:
        _unit(within)
    search = request.args.get("tim", "").strip()[:100]
    after = page_key(request.args.get("sau", ""))
    shown = queries.units_page(_roots(), within=within, search=search, after=after)
    following = None
    if shown.is_cut:
        last = shown.rows[-1][0]
        following = url_for(
            ".units", trong=within, tim=search or None, sau=f"{last.id}~{last.name_sort}"
        )
    return page(
        "organization/units.html",
        shown=shown,
        search=search,
        following=following,
        kinds=rules.KIND_NAMES,
    )


@pages.get("/quan-tri/don-vi/them")
@open_to("administrator")
def new_unit() -> Any:
    return _new_unit_page(UnitForm(opened_on=clock.today()), 200)


@pages.post("/quan-tri/don-vi/them")
@open_to("administrator")
def add_unit() -> Any:
    form = _sent(UnitForm.sent())
    if not form.validate():
        return _new_unit_page(form, 422)
    try:
        unit = actions.found_unit(
            code=form.code.data,
            kind=form.kind.data,
            name=form.name.data,
            parent=_unit(form.parent_id.data),
            opened_on=form.opened_on.data,
            place_name=form.place_name.data,
            by=me(),
            now=clock.now(),
        )
    except Refusal as refusal:
        form.explain({"code": refusal})
        return _new_unit_page(form, 422)
    return done(_("Đã thêm %(name)s.", name=unit.name), url_for(".unit", unit_id=unit.id))


@pages.get("/quan-tri/don-vi/<int:unit_id>")
@open_to("administrator")
def unit(unit_id: int) -> Any:
    found = _unit(unit_id)
    form = UnitChangeForm(
        name=found.name, kind=found.kind, parent_id=found.parent_id, since=clock.today()
    )
    return _unit_page(found, form, 200)


@pages.post("/quan-tri/don-vi/<int:unit_id>")
@open_to("administrator")
def change_unit(unit_id: int) -> Any:
    found = _unit(unit_id)
    form = _sent(UnitChangeForm.sent(), found)
    if not form.validate():
        return _unit_page(found, form, 422)
    wanted = form.parent_id.data
    # The parent of one's own top unit lies outside one's scope: it may stay, not change.
    parent = found.parent if wanted in (0, found.parent_id) else _unit(wanted)
    try:
        actions.change_unit(
            found,
            name=form.name.data,
            kind=form.kind.data,
            parent=parent,
            since=form.since.data,
            decision=form.decision.data,
            by=me(),
            now=clock.now(),
        )
    except rules.UnitWouldLoop as refusal:
        form.explain({"parent_id": refusal})
        return _unit_page(found, form, 422)
    except rules.UnitDatesInvalid as refusal:
        form.explain({"since": refusal})
        return _unit_page(found, form, 422)
    return done(_("Đã ghi nhận thay đổi."), url_for(".unit", unit_id=found.id))


def _new_unit_page(form: UnitForm, status: int) -> Any:
    choices = _choices(form)
    return page(
        "organization/new_unit.html", status, form=_with_choices(form, choices), choices=choices
    )


def _unit_page(found: Unit, form: UnitChangeForm, status: int) -> Any:
    choices = _choices(form)
    return page(
        "organization/unit.html",
        status,
        unit=found,
        past=queries.past_of(found.id),
        form=_with_choices(form, choices, found),
        choices=choices,
        kinds=rules.KIND_NAMES,
    )


def _choices(form: Any) -> queries.UnitChoices:
    """The units that may stand above another: those near, those searched for, the one sent."""
    search = request.args.get("tim-don-vi", "").strip()[:100]
    return queries.unit_choices(_roots(), chosen=form.parent_id.data, search=search)


def _with_choices(form: Any, choices: queries.UnitChoices, unit: Unit | None = None) -> Any:
    form.kind.choices = [(kind, str(name)) for kind, name in rules.KIND_NAMES.items()]
    parents = choices.labelled
    if unit is not None and unit.parent_id not in {unit_id for unit_id, _name in parents}:
        label = unit.parent.name if unit.parent else _("Không có đơn vị cấp trên")
        parents.insert(0, (unit.parent_id or 0, label))
    form.parent_id.choices = parents
    return form


def _sent(form: Any, unit: Unit | None = None) -> Any:
    return _with_choices(form, _choices(form), unit)
