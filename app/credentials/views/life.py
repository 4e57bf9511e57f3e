"""A certificate's life, for those who manage it."""

from __future__ import annotations

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from app.credentials import actions, codes, queries, rules
from app.credentials.forms import RevokeForm
from app.credentials.views import pages
from app.credentials.views.desk import roots
from app.kernel import clock
from app.kernel.web import done, me, open_to, page


@pages.get("/quan-ly/giay-chung-nhan/<code>")
@open_to("manager")
def life(code: str) -> Any:
    return page("credentials/life.html", seen=_seen(code), form=RevokeForm(), names=rules)


@pages.post("/quan-ly/giay-chung-nhan/<code>/thu-hoi")
@open_to("manager")
def revoke(code: str) -> Any:
    seen, form = _seen(code), RevokeForm.sent()
    if not seen.can_end:
        abort(404)
    if not form.validate():
        return page("credentials/life.html", 422, seen=seen, form=form, names=rules)
    actions.revoke(
        seen.certificate,
        reason=form.reason.data,
        decision=form.decision.data or "",
        by=me(),
        now=clock.now(),
    )
    return done(_("Đã thu hồi giấy chứng nhận."), url_for(".life", code=seen.certificate.code))


def _seen(code: str) -> queries.Shown:
    plain = codes.normalized(code)
    found = queries.shown_to_manager(plain, roots(), today=clock.today()) if plain else None
    return found or abort(404)
