"""Standing decisions: a unit decides beforehand that what is completed is certified at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from app.credentials import actions, queries
from app.credentials.forms import DecisionForm
from app.credentials.views import pages
from app.credentials.views.desk import offer, roots, signer_of
from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import done, me, open_to, page
from app.organization.models import Unit


@pages.get("/quan-ly/quyet-dinh")
@open_to("manager")
def standing() -> Any:
    units = queries.issuers(roots(), clock.today())
    before = queries.last_decision([unit.id for unit in units])
    return _page(DecisionForm(**signer_of(before)), units)


@pages.post("/quan-ly/quyet-dinh")
@open_to("manager")
def open_standing() -> Any:
    form, units = DecisionForm.sent(), queries.issuers(roots(), clock.today())
    offer(form, units)
    if not form.validate():
        return _page(form, units, 422)
    unit = next(unit for unit in units if unit.id == form.unit_id.data)
    try:
        actions.open_standing_decision(unit, form.decision(), by=me(), now=clock.now())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _page(form, units, 422)
    return done(
        _("Từ nay %(unit)s cấp giấy ngay khi học viên hoàn thành khóa học.", unit=unit.name),
        url_for(".standing"),
    )


@pages.post("/quan-ly/quyet-dinh/<int:decision_id>/ket-thuc")
@open_to("manager")
def end_standing(decision_id: int) -> Any:
    decision = queries.standing_decision(decision_id, roots()) or abort(404)
    actions.end_standing_decision(decision, by=me(), now=clock.now())
    return done(_("Đã kết thúc quyết định thường xuyên."), url_for(".standing"))


def _page(form: DecisionForm, units: Sequence[Unit], status: int = 200) -> Any:
    offer(form, units)
    decisions = queries.standing_decisions(roots())
    return page(
        "credentials/standing.html",
        status,
        form=form,
        can_decide=bool(units),
        in_force=[decision for decision in decisions if decision.ended_at is None],
        former=[decision for decision in decisions if decision.ended_at is not None],
    )
